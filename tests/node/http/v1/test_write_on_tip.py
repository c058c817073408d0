"""Writing on a tip that was seen, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ceramic_protocol.built import BuiltEvent
from ceramic_protocol.cid import Cid
from ceramic_protocol.ids import MODEL, StreamId
from tests.node.http.v1 import making, schemas
from tests.node.http.v1.making import ALICE, BOB, NOTES, car_text, get
from tests.support.node import Reply, RunningNode, running_node

INIT, FIRST, SECOND = making.chain(3)
STREAM = making.stream_of(INIT)


@pytest.fixture(params=["memory", "sqlite"])
def node(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RunningNode]:
    with running_node(tmp_path if request.param == "sqlite" else None) as running:
        making.submit(running, NOTES, INIT)
        yield running


def write(node: RunningNode, expected: Cid, *events: BuiltEvent, stream: Any = STREAM) -> Reply:
    path = f"/v1/streams/{stream}/events?expected_tip={expected}"
    if len(events) == 1:
        said = making.post_car(node, path, events[0].car)
    else:
        said = node.post(
            path, {"cars": [car_text(event) for event in events]} | {}, **{"Content-Type": making.JSON}
        )
    schemas.check("writeOnTip", said)
    return said


def count(node: RunningNode) -> int:
    return node.node.events.head().position


def test_on_the_tip_that_was_seen(node: RunningNode) -> None:
    said = write(node, INIT.cid, FIRST)
    assert said.status == 200
    found = said.json()
    assert (found["tip"], found["is_new"]) == (str(FIRST.cid), True)
    assert found["state"]["content"] == {"text": "1"}
    assert get(node, f"/streams/{STREAM}").json()["tip"] == str(FIRST.cid)
    assert get(node, "/feed").json()["events"][-1]["cid"] == str(FIRST.cid)


def test_on_another_tip_nothing_is_kept(node: RunningNode) -> None:
    write(node, INIT.cid, FIRST)
    before = count(node)
    other = making.update(INIT, INIT, "other")
    said = write(node, INIT.cid, other)
    assert (said.status, said.json()["code"]) == (409, "tip_moved")
    assert (said.json()["tip"], said.json()["expected"]) == (str(FIRST.cid), str(INIT.cid))
    assert count(node) == before
    assert get(node, f"/events/{other.cid}").status == 404


def test_the_same_again_is_no_conflict(node: RunningNode) -> None:
    assert write(node, INIT.cid, FIRST).json()["is_new"]
    again = write(node, INIT.cid, FIRST)
    assert (again.status, again.json()["is_new"], again.json()["tip"]) == (200, False, str(FIRST.cid))


def test_several_that_build_on_each_other(node: RunningNode) -> None:
    said = write(node, INIT.cid, FIRST, SECOND)
    assert (said.status, said.json()["tip"]) == (200, str(SECOND.cid))
    assert said.json()["state"]["content"] == {"text": "2"}


def test_what_would_not_be_valid_is_not_kept(node: RunningNode) -> None:
    before = count(node)
    for event, reason in (
        (making.update(INIT, INIT, "forged", BOB), "signer_not_controller"),
        (making.update(INIT, INIT, 7), "schema_violation"),
        (SECOND, "prev_missing"),
        (ALICE.data(INIT.cid, INIT.cid, [{"op": "test", "path": "/text", "value": "no"}]), "patch_failed"),
    ):
        said = write(node, INIT.cid, event)
        assert (said.status, said.json()["code"], said.json()["reason"]) == (422, "write_refused", reason)
    assert write(node, INIT.cid, FIRST, making.update(INIT, FIRST, 7)).status == 422
    assert count(node) == before


def test_what_makes_no_sense(node: RunningNode) -> None:
    other = making.document("other", unique=b"other")
    for said, status, code in (
        (write(node, INIT.cid, INIT), 400, "usage"),
        (write(node, INIT.cid, making.update(other, other, "x")), 400, "usage"),
        (
            write(node, other.cid, making.update(other, other, "x"), stream=making.stream_of(other)),
            404,
            "stream_unknown",
        ),
        (write(node, INIT.cid, FIRST, stream=StreamId.of(MODEL, INIT.cid)), 400, "bad_identifier"),
        (write(node, INIT.cid, *[FIRST] * 101), 413, "body_too_large"),
        (making.post_car(node, f"/v1/streams/{STREAM}/events", FIRST.car), 400, "bad_parameter"),
        (
            making.post_car(node, f"/v1/streams/{STREAM}/events?expected_tip={INIT.cid}", b"\xff" * 80),
            422,
            "write_refused",
        ),
    ):
        assert (said.status, said.json()["code"]) == (status, code), said.text


def test_of_many_at_once_one_wins_and_all_know(node: RunningNode) -> None:
    tip = INIT
    for step in range(3):
        rivals = [making.update(INIT, tip, f"{step} {number}") for number in range(8)]
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda event, on=tip: write(node, on.cid, event), rivals))
        assert sorted(said.status for said in answers) == [200] + [409] * 7
        (winner,) = (event for event, said in zip(rivals, answers, strict=True) if said.status == 200)
        assert {said.json()["tip"] for said in answers} == {str(winner.cid)}
        tip = winner
    assert get(node, f"/streams/{STREAM}").json()["length"] == 4
    assert not get(node, f"/streams/{STREAM}").json()["has_forks"]


def test_increments_by_many_are_all_counted(node: RunningNode) -> None:
    """Read, add, write, and again if somebody was quicker."""

    def add(_number: int) -> None:
        while True:
            seen = get(node, f"/streams/{STREAM}", wait=5).json()
            value = str(int(seen["state"]["content"]["text"]) + 1)
            event = ALICE.data(
                INIT.cid, Cid.parse(seen["event"]), [{"op": "replace", "path": "/text", "value": value}]
            )
            if write(node, Cid.parse(seen["event"]), event).json().get("is_new"):
                return

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(12)))
    assert get(node, f"/streams/{STREAM}").json()["state"]["content"] == {"text": "12"}
