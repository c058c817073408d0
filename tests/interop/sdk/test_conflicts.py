"""Two writers on one tip: whatever came last, the state is that of the branch that wins by the protocol."""

from __future__ import annotations

from typing import Any

from ceramic_protocol.cid import Cid
from tests.interop.sdk.sdk import LIST
from tests.interop.talking import Talk


def js_order(text: str) -> str:
    """By what the deployed nodes compare CIDs (consensus.md 1.6): their bytes as JavaScript writes a list."""
    return ",".join(map(str, Cid.parse(text)))


def fork(sdk: Talk, count: int) -> tuple[str, list[dict[str, Any]]]:
    """A stream, and what so many writers have made of the same state."""
    model = sdk.ask("createModel", definition=LIST, seed=1)
    made = sdk.ask("create", model=model, content={"title": "0"}, seed=3)
    state = sdk.ask("streamState", stream=made["stream"])
    said = [
        sdk.ask("update", stream=made["stream"], content={"title": f"{n}"}, currentState=state, seed=3)
        for n in range(1, count + 1)
    ]
    return made["stream"], said


def test_the_state_is_that_of_the_lowest_cid(sdk: Talk) -> None:
    for _ in range(4):
        stream, said = fork(sdk, 2)
        winner = min(said, key=lambda each: js_order(each["commit"]))
        state = sdk.ask("state", stream=stream)
        assert (state["commit"], state["content"]) == (winner["commit"], winner["content"])


def test_the_longer_branch_wins(sdk: Talk) -> None:
    stream, said = fork(sdk, 3)
    loser = max(said, key=lambda each: js_order(each["commit"]))
    current = sdk.ask("streamState", stream=stream) | {"event_cid": loser["commit"]}
    longer = sdk.ask(
        "update", stream=stream, content={"title": "last", "text": "x"}, currentState=current, seed=3
    )
    state = sdk.ask("state", stream=stream)
    assert state["commit"] == longer["commit"]


def test_writing_goes_on_from_the_state_that_is_served(sdk: Talk) -> None:
    stream, _said = fork(sdk, 3)
    said = sdk.ask("update", stream=stream, content={"title": "after"}, seed=3)
    state = sdk.ask("state", stream=stream)
    assert (state["commit"], state["content"]) == (said["commit"], {"title": "after"})
