"""States of streams: at the tip, at an event, at a time; logs, tips, lists, explanations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch
from xml.etree import ElementTree as ET

import pytest

from ceramic_node.http.v1.feed import changes_source, paging
from ceramic_node.http.v1.streams import explaining, finding, listing
from ceramic_protocol.audit import state_at_time
from ceramic_protocol.evaluate import evaluate
from ceramic_protocol.ids import METAMODEL, MODEL, CommitId, StreamId
from ceramic_protocol.lifecycle.looking import Looker
from ceramic_protocol.networks import Network
from ceramic_protocol.rules import Rules
from tests.node.http.v1 import making, schemas
from tests.node.http.v1.making import ALICE, BOB, NOTE, NOTES, POST, POSTS, get
from tests.protocol.lifecycle.world import World, anchor_of
from tests.support.node import RunningNode, running_node

INIT, FIRST = making.chain(2)
EARLY = anchor_of(INIT.cid, FIRST.cid)
SECOND = making.update(INIT, EARLY, "2")
THIRD = making.update(INIT, SECOND, "3")
LATE = anchor_of(INIT.cid, THIRD.cid)
STREAM = making.stream_of(INIT)
LOST = making.update(INIT, INIT, "lost")
FORGED = making.update(INIT, THIRD, "forged", BOB)
OTHERS = [making.chain(2, number, BOB if number % 2 else ALICE, POST) for number in range(1, 6)]
RAW = ALICE.init(StreamId.of(MODEL, INIT.cid), {"text": "of no model"}, unique=b"raw")


@pytest.fixture(scope="module", params=["memory", "sqlite"])
def node(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningNode]:
    folder = tmp_path_factory.mktemp("node") if request.param == "sqlite" else None
    world = World()
    world.prove(FIRST.cid, 1_700_000_000)
    world.prove(THIRD.cid, 1_800_000_000)
    with running_node(folder, chain=world.chain, network=Network.local(7)) as running:
        making.submit(running, NOTES, POSTS, INIT, FIRST, EARLY, SECOND, THIRD, LOST, FORGED, LATE)
        making.submit(running, *(event for events in OTHERS for event in events), RAW)
        yield running


def view(node: RunningNode, what: object, **query: Any) -> Any:
    said = get(node, f"/streams/{what}", **query)
    schemas.check("getStream", said)
    assert said.status == 200, said.text
    return said.json()


def test_a_stream_at_its_tip(node: RunningNode) -> None:
    found = view(node, STREAM)
    assert (found["tip"], found["event"]) == (str(LATE.cid), str(LATE.cid))
    assert (found["is_canonical"], found["is_behind"], found["length"]) == (True, False, 6)
    assert (found["first_anchored"], found["last_anchored"]) == (1_700_000_000, 1_800_000_000)
    assert (found["type"], found["model"], found["controller"]) == ("MID", str(NOTE), ALICE.controller)
    assert (found["has_forks"], found["commit_id"]) == (True, str(CommitId.of(STREAM, LATE.cid)))
    assert found["state"] == {"metadata": {"shouldIndex": True}, "content": {"text": "3"}}


def test_a_stream_after_an_event(node: RunningNode) -> None:
    for event, text, is_canonical in ((INIT, "0", True), (FIRST, "1", True), (LOST, "lost", False)):
        found = view(node, CommitId.of(STREAM, event.cid))
        assert (found["event"], found["state"]["content"]) == (str(event.cid), {"text": text})
        assert found["is_canonical"] == is_canonical


def test_an_event_that_has_no_state(node: RunningNode) -> None:
    said = get(node, f"/streams/{CommitId.of(STREAM, FORGED.cid)}")
    schemas.check("getStream", said)
    assert (said.status, said.json()["code"]) == (422, "no_state")
    assert said.json()["reason"] == "signer_not_controller"
    for event in (NOTES, OTHERS[0][0]):
        said = get(node, f"/streams/{CommitId.of(STREAM, event.cid)}")
        assert (said.status, said.json()["code"]) == (404, "event_unknown")


@pytest.mark.parametrize(
    "seconds", [0, 1_699_999_999, 1_700_000_000, 1_750_000_000, 1_799_999_999, 1_800_000_000, 1_900_000_000]
)
def test_a_stream_at_a_time_is_what_anchors_prove(node: RunningNode, seconds: int) -> None:
    history = evaluate(
        STREAM.cid, node.node.events.snapshot(STREAM.cid).known, Rules(node.node.clock.now()), _context(node)
    )
    wanted = state_at_time(history, seconds)
    assert wanted is not None
    assert view(node, STREAM, at=seconds * 1000)["event"] == str(wanted.event.cid)


def _context(node: RunningNode) -> Any:
    return Looker(node.node.events, node.node.clock, Rules(0)).now().context


def test_times_in_words(node: RunningNode) -> None:
    assert view(node, STREAM, at="2023-11-14T22:13:20Z")["event"] == str(EARLY.cid)
    assert view(node, STREAM, at="2023-11-14T22:13:19Z")["event"] == str(INIT.cid)
    assert view(node, STREAM, at="now")["event"] == str(EARLY.cid)
    for at in ("2023-11-14", "99999999999999999", "-1"):
        assert get(node, f"/streams/{STREAM}", at=at).status == 400
    said = get(node, f"/streams/{CommitId.of(STREAM, INIT.cid)}", at="now")
    assert (said.status, said.json()["code"]) == (400, "usage")


def test_the_content_alone(node: RunningNode) -> None:
    said = get(node, f"/streams/{CommitId.of(STREAM, FIRST.cid)}/content")
    schemas.check("getContent", said)
    assert (said.json(), said.headers["etag"]) == ({"text": "1"}, f'"{FIRST.cid}"')
    again = node.get(
        f"/v1/streams/{CommitId.of(STREAM, FIRST.cid)}/content", **{"If-None-Match": said.headers["etag"]}
    )
    schemas.check("getContent", again)
    assert (again.status, again.body) == (304, b"")
    assert get(node, f"/streams/{NOTE}/content").json()["name"] == "Note"


def test_the_log_page_by_page(node: RunningNode) -> None:
    whole = get(node, f"/streams/{STREAM}/log").json()
    assert (whole["length"], whole["next"]) == (len(whole["log"]), None)
    assert whole["log"][0]["cid"] == str(INIT.cid)
    assert whole["log"][-1]["cid"] == whole["tip"]
    found: list[Any] = []
    start: int | None = 0
    while start is not None:
        said = get(node, f"/streams/{STREAM}/log", **{"from": start}, limit=2)
        schemas.check("getLog", said)
        found += said.json()["log"]
        start = said.json()["next"]
    assert found == whole["log"]


def test_tips_are_the_valid_ends(node: RunningNode) -> None:
    said = get(node, f"/streams/{STREAM}/tips")
    schemas.check("getTips", said)
    assert set(said.json()["leaves"]) == {str(event.cid) for event in (LATE, LOST)}
    assert said.json()["tip"] in said.json()["leaves"]


def test_streams_that_are_none(node: RunningNode) -> None:
    unknown = making.stream_of(making.document("nobody has it"))
    for path in ("", "/content", "/log", "/tips", "/explain"):
        for what in (unknown, StreamId.of(MODEL, INIT.cid)):
            said = get(node, f"/streams/{what}{path}")
            assert (said.status, said.json()["code"]) == (404, "stream_unknown"), said.text
    forged = making.document("forged", BOB)
    broken = bytearray(forged.car)
    with running_node() as other:
        assert making.post_car(other, "/v1/events", bytes(broken)).status == 200
        said = get(other, f"/streams/{making.stream_of(forged)}", wait=0.1)
        assert (said.status, said.json()["reason"]) == (404, "model_missing")


def test_a_stream_that_is_not_judged_yet() -> None:
    with running_node() as node, patch.object(node.node.follower, "wake"):
        node.call(node.node.submit([INIT.car]))
        node.node.follower.stop()
        second = making.document("two", unique=b"two")
        node.call(node.node.submit([second.car]))
        said = get(node, f"/streams/{making.stream_of(second)}", wait=0.1)
        assert (said.status, said.json()["code"]) == (503, "state_behind")
        assert said.headers["retry-after"] == "1"


def test_what_was_just_written_is_read(node: RunningNode) -> None:
    for number in range(5):
        init = making.document("new", unique=b"just %d" % number)
        making.post_car(node, "/v1/events", init.car)
        assert view(node, making.stream_of(init))["state"]["content"] == {"text": "new"}


def test_explanations_in_every_form(node: RunningNode) -> None:
    said = get(node, f"/streams/{STREAM}/explain")
    schemas.check("explainStream", said)
    tree = said.json()
    assert {event["cid"] for event in tree["events"]} >= {str(LOST.cid), str(FORGED.cid)}
    assert tree["choices"][0]["sentence"]
    for drawing, media_type, word in (
        ("mermaid", "text/vnd.mermaid", "flowchart"),
        ("svg", "image/svg+xml", "<svg"),
        ("text", "text/plain", "stream"),
    ):
        asked = get(node, f"/streams/{STREAM}/explain", format=drawing, full="true")
        accepted = node.get(
            f"/v1/streams/{STREAM}/explain?full=true", Accept=f"{media_type};q=0.9, */*;q=0.1"
        )
        for answer in (asked, accepted):
            schemas.check("explainStream", answer)
            assert answer.headers["content-type"] == f"{media_type}; charset=utf-8"
            assert answer.text.startswith(word)
            assert answer.text == asked.text
    ET.fromstring(get(node, f"/streams/{STREAM}/explain", format="svg").text)


def test_long_streams_are_not_explained_or_listed(node: RunningNode) -> None:
    with patch.object(explaining, "MAX_EXPLAINED_EVENTS", 3):
        said = get(node, f"/streams/{STREAM}/explain")
        schemas.check("explainStream", said)
        assert (said.status, said.json()["code"]) == (422, "stream_too_long")
    with patch.object(finding, "MAX_LISTED_EVENTS", 3):
        for path in ("/log", "/tips", "?at=now"):
            assert get(node, f"/streams/{STREAM}{path}").json()["code"] == "stream_too_long"


def pages(node: RunningNode, path: str, member: str, **query: Any) -> list[Any]:
    found: list[Any] = []
    while True:
        said = get(node, path, **query)
        schemas.check({"/streams": "listStreams", "/models": "listModels"}[path], said)
        found += said.json()[member]
        if said.json()["is_end"]:
            return found
        query["resume"] = said.json()["resume"]


@pytest.mark.parametrize("limit", [1, 3, 1000])
def test_lists_of_streams(node: RunningNode, limit: int) -> None:
    posts = pages(node, "/streams", "streams", model=POST, limit=limit)
    assert [item["stream_id"] for item in posts] == [str(making.stream_of(events[0])) for events in OTHERS]
    assert [item["tip"] for item in posts] == [str(events[1].cid) for events in OTHERS]
    bobs = pages(node, "/streams", "streams", model=POST, controller=BOB.controller, limit=limit)
    assert [item["stream_id"] for item in bobs] == [
        str(making.stream_of(events[0])) for number, events in enumerate(OTHERS, 1) if number % 2
    ]
    models = pages(node, "/streams", "streams", type="model", limit=limit, includeData="state")
    assert [item["model"] for item in models] == [str(METAMODEL)] * 2
    assert models[1]["state"]["content"]["name"] == "Post"
    everything = pages(node, "/streams", "streams", limit=limit)
    (raw,) = (item for item in everything if item["stream_id"] == str(making.stream_of(RAW)))
    assert raw["tip"] is None


def test_large_lists_end_early(node: RunningNode) -> None:
    with patch.object(listing, "MAX_PAGE_BYTES", 1000):
        page = get(node, "/streams", model=POST, includeData="state").json()
        assert (len(page["streams"]) < len(OTHERS), page["is_end"]) == (True, False)
        assert len(pages(node, "/streams", "streams", model=POST, includeData="state")) == len(OTHERS)


def test_models_by_name(node: RunningNode) -> None:
    found = pages(node, "/models", "models")
    assert [(item["name"], item["stream_id"]) for item in found] == [("Note", str(NOTE)), ("Post", str(POST))]
    assert found[0]["definition"] == making.definition("Note")
    with patch.object(listing, "_LOOKED_AT", 1), patch.object(listing, "STATES_AT_ONCE", 1):
        assert [item["name"] for item in pages(node, "/models", "models", name="Post")] == ["Post"]
    assert pages(node, "/models", "models", name="Post", controller=BOB.controller) == []


def test_tokens_of_lists_are_those_of_lists(node: RunningNode) -> None:
    feed = get(node, "/feed").json()["resume"]
    assert get(node, "/streams", resume=feed).status == 400
    assert get(node, "/models", resume=feed.replace("f-", "s-", 1)).status == 200


def test_changes_are_told_in_order_with_states(node: RunningNode) -> None:
    found: list[Any] = []
    query: dict[str, Any] = {}
    while True:
        said = get(node, "/states/feed", stream=STREAM, includeData="state", limit=1, **query)
        schemas.check("getChanges", said)
        found += said.json()["changes"]
        if said.json()["is_end"]:
            break
        query = {"resume": said.json()["resume"]}
    log: list[str] = []
    for change in found:
        for cid in change["undone"]:
            assert log.pop() == cid
        log += change["applied"]
        assert log[-1] == change["new_tip"]
    assert log == [entry["cid"] for entry in get(node, f"/streams/{STREAM}/log").json()["log"]]
    assert found[-1]["state"]["content"] == {"text": "3"}


def test_large_pages_of_changes_end_early(node: RunningNode) -> None:
    query = {"includeData": "state", "limit": 1000}
    whole = get(node, "/states/feed", **query).json()["changes"]
    found: list[Any] = []
    with (
        patch.object(changes_source, "MAX_PAGE_BYTES", 1000),
        patch.object(changes_source, "STATES_AT_ONCE", 2),
        patch.object(paging, "MAX_PAGE_BYTES", 1000),
    ):
        while True:
            page = get(node, "/states/feed", **query).json()
            assert len(page["changes"]) <= 4
            found += page["changes"]
            if page["is_end"]:
                break
            query["resume"] = page["resume"]
    assert found == whole


def test_changes_can_be_filtered_and_begun_now(node: RunningNode) -> None:
    def of(**query: Any) -> set[str]:
        return {one["stream_id"] for one in get(node, "/states/feed", limit=1000, **query).json()["changes"]}

    posts = {str(making.stream_of(events[0])) for events in OTHERS}
    assert of(model=POST) == posts
    assert of(controller=BOB.controller) <= posts
    assert of(model=[NOTE, POST]) > posts
    assert of(fromNow="true") == set()
    token = get(node, "/states/feed", fromNow="true").json()["resume"]
    assert get(node, "/states/feed", fromNow="true", resume=token).status == 400
    assert get(node, "/states/feed", resume=f"c-{'0' * 32}-1").json()["code"] == "resume_token_foreign"
    ahead = f"{token.rpartition('-')[0]}-{10**9}"
    assert get(node, "/states/feed", resume=ahead).json()["code"] == "resume_token_ahead"
    assert get(node, "/states/feed", since="now").status == 400


def test_what_a_node_says_of_itself(node: RunningNode) -> None:
    said = get(node, "/info")
    schemas.check("getInfo", said)
    found = said.json()
    assert (found["network"], found["follower"]["lag"]) == ("local-7", 0)
    assert get(node, "/feed", resume=found["head"]["resume"]).json()["events"] == []
    assert get(node, "/states/feed", resume=found["follower"]["resume"]).json()["changes"] == []
