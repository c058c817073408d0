"""Streams as they were: at an event, and at a time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_protocol.audit import log_to, state_at_commit, state_at_time
from ceramic_protocol.checked import CheckedEvent, Kind
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import IdentifierError, UsageError
from ceramic_protocol.eventset import EventSet
from ceramic_protocol.history import StreamHistory
from ceramic_protocol.reasons import Reason
from tests.support import signing
from tests.support.chains import KnownChain
from tests.support.forked import judge
from tests.support.signing import Made, ed25519
from tests.support.strategies import child, trees

ME, OTHER = ed25519(1), ed25519(2)
CHAIN = KnownChain()


def add(name: str) -> list[dict[str, object]]:
    return [{"op": "add", "path": f"/{name}", "value": 1}]


INIT = signing.init(ME, {"n": 0})
A = signing.data(ME, INIT, INIT, add("a"))
T1 = signing.time(INIT, A, CHAIN, 500)
B = signing.data(ME, INIT, T1, add("b"))
T2 = signing.time(INIT, B, CHAIN, 700)
C = signing.data(ME, INIT, T2, add("c"))
SIDE = signing.data(ME, INIT, A, add("side"))
BAD = signing.data(OTHER, INIT, SIDE, add("bad"))
ON_BAD = signing.data(ME, INIT, BAD, add("more"))
LONELY = signing.data(ME, INIT, signing.data(ME, INIT, A, add("unseen")), add("lonely"))


def whole(*more: Made) -> StreamHistory:
    events = (INIT, A, T1, B, T2, C, SIDE, BAD, ON_BAD, LONELY, *more)
    return judge(INIT.cid, signing.known(*events, chain=CHAIN))


def cids(*events: Made) -> tuple[Cid, ...]:
    return tuple(event.cid for event in events)


def test_every_valid_event_has_its_state_and_its_log() -> None:
    found = whole()
    for event, names in ((INIT, "n"), (A, "na"), (T1, "na"), (B, "nab"), (T2, "nab"), (C, "nabc")):
        state = state_at_commit(found, event.cid).state
        assert state is not None
        assert isinstance(state.content, dict)
        assert "".join(state.content) == names
    assert log_to(found, C.cid) == found.log == cids(INIT, A, T1, B, T2, C)
    assert log_to(found, T1.cid) == cids(INIT, A, T1)


def test_a_branch_that_lost_has_its_states_too() -> None:
    found = whole()
    item = state_at_commit(found, SIDE.cid)
    assert item.state is not None
    assert item.state.content == {"n": 0, "a": 1, "side": 1}
    assert item.event.cid not in found.log
    assert log_to(found, SIDE.cid) == cids(INIT, A, SIDE)


def test_what_is_no_event_of_the_stream_is_said_with_what_is_known() -> None:
    stranger = signing.init(ME, {"other": 1})
    for ask in (state_at_commit, log_to):
        with pytest.raises(IdentifierError, match="is no event of stream") as caught:
            ask(whole(), stranger.cid)
        assert str(stranger.cid) in str(caught.value)
        assert "10 events are known" in str(caught.value)
        assert str(C.cid) in str(caught.value)
    nothing = judge(INIT.cid, EventSet())
    with pytest.raises(IdentifierError, match="no events are known"):
        state_at_commit(nothing, INIT.cid)
    without_init = judge(INIT.cid, signing.known(A))
    with pytest.raises(IdentifierError, match="none of them valid"):
        state_at_commit(without_init, B.cid)


def test_what_is_not_valid_has_no_state_and_the_error_says_why() -> None:
    found = whole()
    with pytest.raises(UsageError, match=r"rejected \(signer_not_controller: ") as caught:
        state_at_commit(found, BAD.cid)
    assert f"the last valid event before it is {SIDE.cid}" in str(caught.value)
    with pytest.raises(UsageError, match="prev_invalid") as caught:
        state_at_commit(found, ON_BAD.cid)
    assert str(SIDE.cid) in str(caught.value)
    with pytest.raises(UsageError, match=r"pending \(prev_missing: .*no event before it is valid"):
        state_at_commit(found, LONELY.cid)
    assert log_to(found, LONELY.cid) == (LONELY.cid,)
    assert log_to(found, ON_BAD.cid) == cids(INIT, A, SIDE, BAD, ON_BAD)


def test_errors_can_not_steer_a_terminal() -> None:
    bad = child(INIT.cid, INIT.cid, b"bad")._replace(
        reason=Reason.UNSUPPORTED_DID, detail="\x1b[31m did:\u202eevil\n" + "x" * 10_000
    )
    known = signing.known(INIT)
    known.add(bad)
    with pytest.raises(UsageError) as caught:
        state_at_commit(judge(INIT.cid, known), bad.cid)
    assert str(caught.value).isprintable()
    assert r"\x1b[31m did:\u202eevil\n" in str(caught.value)
    assert len(str(caught.value)) < 700


@pytest.mark.parametrize(
    ("seconds", "wanted"),
    [(-1, INIT), (0, INIT), (499, INIT), (500, T1), (699, T1), (700, T2), (1 << 70, T2)],
)
def test_at_a_time_it_is_the_last_anchor_up_to_it(seconds: int, wanted: Made) -> None:
    item = state_at_time(whole(), seconds)
    assert item is not None
    assert item.event.cid == wanted.cid


def test_a_stream_without_valid_init_has_no_state_at_any_time() -> None:
    assert state_at_time(judge(INIT.cid, signing.known(A, T1, chain=CHAIN)), 600) is None
    assert state_at_time(judge(INIT.cid, EventSet()), 600) is None


def test_an_anchor_behind_a_later_one_does_not_count() -> None:
    """As in js-ceramic, which stops at the first time event that is later."""
    early = signing.time(INIT, C, CHAIN, 600)
    found = whole(early)
    assert found.tip == early.cid
    at_650, at_700 = state_at_time(found, 650), state_at_time(found, 700)
    assert at_650 is not None
    assert at_650.event.cid == T1.cid
    assert at_700 is not None
    assert at_700.event.cid == early.cid


def test_a_late_anchor_changes_what_was_at_a_time_and_not_what_was_at_an_event() -> None:
    before = whole()
    late = signing.time(INIT, SIDE, CHAIN, 400)
    after = whole(late)
    assert after.tip == late.cid
    found = state_at_time(after, 600)
    assert found is not None
    assert found.event.cid == late.cid
    for event in (INIT, A, T1, B, T2, C, SIDE):
        assert state_at_commit(after, event.cid) == state_at_commit(before, event.cid)


def as_js_does(log: list[CheckedEvent], timestamp: int) -> Cid:
    """`commitAtTime` of js-ceramic's repository.ts, line by line."""
    commit = log[0].cid
    for entry in log:
        if entry.kind is Kind.TIME:
            assert entry.timestamp is not None
            if entry.timestamp <= timestamp:
                commit = entry.cid
            else:
                break
    return commit


@given(trees(), st.integers(-1, 8))
def test_the_rule_is_that_of_js_ceramic(events: list[CheckedEvent], seconds: int) -> None:
    found = judge(events[0].cid, EventSet.of(events))
    item = state_at_time(found, seconds)
    assert item is not None
    assert item.event.cid == as_js_does([found.judged[cid].event for cid in found.log], seconds)
    log = log_to(found, item.event.cid)
    assert found.log[: len(log)] == log


@given(trees())
def test_logs_lead_from_the_init_event_to_every_event(events: list[CheckedEvent]) -> None:
    found = judge(events[0].cid, EventSet.of(events))
    for event in events:
        log = log_to(found, event.cid)
        assert (log[0], log[-1], len(log)) == (
            found.stream,
            event.cid,
            (found.judged[event.cid].height or 0) + 1,
        )
