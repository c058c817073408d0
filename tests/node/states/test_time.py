"""Time alone changes verdicts, and nobody has to bring an event for it to be seen."""

from __future__ import annotations

import pytest

from ceramic_node.states.turns import Turns, next_turn
from ceramic_protocol.accounts.grant import Grant
from ceramic_protocol.cid import Cid
from ceramic_protocol.ids import METAMODEL
from ceramic_protocol.reasons import Reason
from ceramic_protocol.rules import Rules
from tests.node.states.following import NOTE, Following, note
from tests.node.states.making import (
    ACCOUNT,
    data,
    definition,
    document,
    granted,
    init,
    model_id,
    time,
)

A, B = Cid.of(b"a"), Cid.of(b"b")


def session(following: Following) -> tuple[Cid, Cid]:
    """A note and a change that may be made from second 1,010 to second 1,020."""
    stream = granted(document(model_id(NOTE), "session", controllers=[ACCOUNT]), None, None)
    change = granted(data(stream, stream, 1), 1_010, 1_020)
    following.put(NOTE, stream, change)
    return stream.checked.cid, change.checked.cid


def test_a_capability_begins_and_runs_out() -> None:
    following = Following()
    stream, change = session(following)
    for now, reason in (
        (1_000, Reason.CACAO_NOT_YET_VALID),
        (1_010, None),
        (1_020, None),
        (1_021, Reason.CACAO_EXPIRED),
        (2_000, Reason.CACAO_EXPIRED),
    ):
        following.now = now
        following.check()
        found = following.states.event(change, stream)
        assert found is not None
        assert found.reason is reason
        row = following.states.streams([stream])[stream]
        assert row.tip == (stream if reason else change)
    causes = [
        (change.correction.old_tip, change.correction.new_tip) for change in following.states.changes(0, 9)
    ]
    assert causes[-2:] == [(stream, change), (change, stream)]


def test_an_anchor_in_time_settles_it() -> None:
    following = Following()
    stream = granted(document(model_id(NOTE), "session", controllers=[ACCOUNT]), None, None)
    change = granted(data(stream, stream, 1), 900, 1_020)
    following.put(NOTE, stream, change, time(stream, change, 1_001))
    following.check()
    assert following.state(stream).row.turns_at is None
    following.now = 9_000
    following.check()
    assert following.state(stream).row.length == 3


def test_a_late_anchor_brings_it_back() -> None:
    following = Following()
    stream = granted(document(model_id(NOTE), "session", controllers=[ACCOUNT]), None, None)
    change = granted(data(stream, stream, 1), 900, 1_020)
    following.put(NOTE, stream, change)
    following.settle()
    following.now = 1_500
    following.check()
    assert following.state(stream).row.length == 1
    following.put(time(stream, change, 1_015))
    following.check()
    assert following.state(stream).row.length == 3


def test_a_model_that_runs_out_takes_its_documents_along() -> None:
    following = Following()
    model = granted(init(definition("Brief"), METAMODEL, ACCOUNT), None, 1_010)
    documents = [document(model_id(model), f"{number}") for number in range(200)]
    following.put(*documents, model)
    following.check()
    assert all(following.state(each).row.tip is not None for each in documents)
    following.now = 1_011
    following.follower.run_once(10)
    assert following.state(model).row.tip is None
    assert following.state(documents[-1]).row.tip is not None
    following.put(note("another"), NOTE)
    following.follower.run_once(10)
    assert following.state(note("another")).row.tip is not None
    following.check()
    assert all(following.state(each).row.tip is None for each in documents)


def test_a_clock_that_is_set_back_undoes_nothing() -> None:
    following = Following()
    stream, change = session(following)
    following.now = 1_030
    following.settle()
    following.now = 1_015
    following.settle()
    following.follow()
    following.settle()
    found = following.states.event(change, stream)
    assert found is not None
    assert found.reason is Reason.CACAO_EXPIRED
    following.follower.rebuild()
    following.check()
    found = following.states.event(change, stream)
    assert found is not None
    assert found.reason is None


def test_other_rules_make_everything_anew() -> None:
    following = Following()
    stream, change = session(following)
    following.now = 1_030
    following.settle()
    following.rules = lambda: Rules(1_030_000, grace=100, skew=0)  # type: ignore[method-assign]
    following.follow()
    following.check()
    found = following.states.event(change, stream)
    assert found is not None
    assert found.reason is None


@pytest.mark.parametrize(
    ("begins", "ends", "at", "expected"),
    [
        (None, None, 0, None),
        (10_000, None, 0, 9_000),
        (10_000, None, 9_000, None),
        (None, 10_000, 0, 15_001),
        (None, 10_000, 15_001, 16_001),
        (None, 10_000, 16_001, None),
        (50_000, 10_000, 0, 15_001),
    ],
)
def test_the_next_turn(begins: int | None, ends: int | None, at: int, expected: int | None) -> None:
    grant = Grant("", (), begins, ends, "eip191")
    assert next_turn(grant, Rules(at, grace=5, skew=1)) == expected


def test_turns_come_in_order() -> None:
    turns = Turns()
    assert (turns.next, turns.take(99)) == (None, [])
    for event, moment in ((A, 30), (B, 10), (A, 20), (A, 20)):
        turns.set(event, moment)
    assert (turns.next, turns.take(9), turns.take(10)) == (10, [], [B])
    assert (turns.next, turns.take(30)) == (20, [A])
    turns.set(A, 40)
    turns.set(A, None)
    assert (turns.next, turns.take(99)) == (None, [])
