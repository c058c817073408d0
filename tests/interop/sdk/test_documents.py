"""Documents, as `@ceramic-sdk/model-instance-client` creates, reads and changes them."""

from __future__ import annotations

from typing import Any

import pytest

from ceramic_protocol import multibase
from ceramic_protocol.ids import StreamId
from tests.interop.sdk.sdk import LIST, SET, SINGLE
from tests.interop.talking import Failed, Talk
from tests.support.node import RunningNode


def model_of(sdk: Talk, definition: dict[str, Any]) -> str:
    model = sdk.ask("createModel", definition=definition, seed=1)
    assert isinstance(model, str)
    return model


def test_a_document_of_a_list_is_created_and_changed(sdk: Talk) -> None:
    model = model_of(sdk, LIST)
    made = sdk.ask("create", model=model, definition=LIST, content={"title": "a"}, seed=3)
    state = sdk.ask("state", stream=made["stream"])
    assert state["content"] == {"title": "a"}
    assert state["commit"] == made["commit"]
    assert state["metadata"] == {
        "model": model,
        "controller": sdk.ask("did", seed=3),
        "shouldIndex": True,
    }
    for number in range(1, 6):
        content = {"title": "a", "text": f"{number}"}
        said = sdk.ask("update", stream=made["stream"], content=content, seed=3)
        state = sdk.ask("state", stream=made["stream"])
        assert (state["content"], state["commit"]) == (content, said["commit"])
    removed = sdk.ask("update", stream=made["stream"], content={"title": "b"}, shouldIndex=False, seed=3)
    state = sdk.ask("state", stream=made["stream"])
    assert (state["content"], state["commit"]) == ({"title": "b"}, removed["commit"])
    assert state["metadata"]["shouldIndex"] is False


def test_documents_of_a_list_are_streams_of_their_own(sdk: Talk) -> None:
    model = model_of(sdk, LIST)
    made = [sdk.ask("create", model=model, content={"title": "same"}, seed=3) for _ in range(3)]
    assert len({each["stream"] for each in made}) == 3


def test_an_account_has_one_document_of_a_single(sdk: Talk) -> None:
    model = model_of(sdk, SINGLE)
    made = sdk.ask("create", model=model, definition=SINGLE, seed=4)
    assert sdk.ask("create", model=model, definition=SINGLE, seed=4) == made
    assert sdk.ask("create", model=model, definition=SINGLE, seed=5) != made
    assert sdk.ask("state", stream=made["stream"])["content"] is None
    said = sdk.ask("update", stream=made["stream"], content={"title": "me"}, seed=4)
    state = sdk.ask("state", stream=made["stream"])
    assert (state["content"], state["commit"]) == ({"title": "me"}, said["commit"])


def test_a_document_of_a_set_is_found_by_its_fields(sdk: Talk) -> None:
    model = model_of(sdk, SET)
    one, two = ({"title": title, "text": "t"} for title in ("one", "two"))
    made = sdk.ask("create", model=model, definition=SET, content=one, seed=4)
    assert sdk.ask("create", model=model, definition=SET, content={"title": "one"}, seed=4) == made
    assert sdk.ask("create", model=model, definition=SET, content=two, seed=4) != made
    said = sdk.ask("update", stream=made["stream"], content=one, seed=4)
    assert sdk.ask("state", stream=made["stream"])["commit"] == said["commit"]
    # Another value of the field would be another stream: it is kept, and isn't the state.
    sdk.ask("update", stream=made["stream"], content=two, seed=4)
    assert sdk.ask("state", stream=made["stream"])["content"] == one


def test_the_state_of_a_stream_is_encoded_as_ceramic_one_does(sdk: Talk) -> None:
    model = model_of(sdk, LIST)
    made = sdk.ask("create", model=model, content={"title": "žluť 🐎"}, seed=3)
    state = sdk.ask("streamState", stream=made["stream"])
    controller = sdk.ask("did", seed=3)
    assert (state["id"], state["event_cid"]) == (made["stream"], made["commit"])
    assert state["controller"] == controller
    decoded = {name: multibase.decode(text) for name, text in state["dimensions"].items()}
    assert StreamId.from_bytes(decoded["model"]) == StreamId.parse(model)
    assert decoded["controller"] == controller.encode()
    assert len(decoded["unique"]) == 12
    assert decoded["context"] == b""
    data = '{"metadata":{"shouldIndex":true},"content":{"title":"žluť 🐎"}}'
    assert multibase.decode(state["data"]) == data.encode()


def test_events_are_read_and_decoded(sdk: Talk) -> None:
    model = model_of(sdk, SINGLE)
    made = sdk.ask("create", model=model, definition=SINGLE, seed=6)
    sdk.ask("update", stream=made["stream"], content={"title": "x"}, seed=6)
    assert sdk.ask("eventRoot", cid=made["commit"]) == made["commit"]
    assert "model" in sdk.ask("documentEvent", id=made["id"])["header"]


def test_what_breaks_the_schema_is_kept_and_is_not_the_state(sdk: Talk, node: RunningNode) -> None:
    model = model_of(sdk, LIST)
    made = sdk.ask("create", model=model, content={"title": "a"}, seed=3)
    said = sdk.ask("update", stream=made["stream"], content={"text": "no title"}, seed=3)
    assert node.get(f"/ceramic/events/{said['commit']}").status == 200
    assert sdk.ask("state", stream=made["stream"])["content"] == {"title": "a"}


def test_nobody_else_changes_a_document(sdk: Talk) -> None:
    model = model_of(sdk, LIST)
    made = sdk.ask("create", model=model, content={"title": "mine"}, seed=3)
    with pytest.raises(Failed, match="Failed to post event: Event had invalid signature"):
        sdk.ask("update", stream=made["stream"], content={"title": "yours"}, seed=9)
    assert sdk.ask("state", stream=made["stream"])["content"] == {"title": "mine"}


def test_errors_are_those_that_the_client_expects(sdk: Talk) -> None:
    unknown = "kjzl6kcym7w8y6b1fncbyb5jp9mk4ob1ycgfzk3fo63ph66ln8fx3qxqfp2vhbp"
    with pytest.raises(Failed, match="Failed to fetch stream state"):
        sdk.ask("state", stream=unknown)
    with pytest.raises(Failed, match="Failed to fetch event"):
        sdk.ask("event", cid="bagcqcera7yn3elfgs2tmlm7koj6k6b5wwmrgd2tzuzq4hmx6d2xmvhqsodxa")
    with pytest.raises(Failed, match="Failed to post event: Invalid event data: multibase error"):
        sdk.ask("post", data="?")
