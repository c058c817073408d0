"""How a stream's log changes as more of it becomes known."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ceramic_protocol.corrections import Correction, CorrectionCause, correction
from ceramic_protocol.evaluate import evaluate
from ceramic_protocol.eventset import EventSet
from ceramic_protocol.history import StreamHistory
from ceramic_protocol.rules import Rules
from tests.support import signing
from tests.support.chains import KnownChain
from tests.support.judging import CONTEXT, RULES
from tests.support.signing import Made, ed25519

ME, CHAIN = ed25519(1), KnownChain()


def add(name: str) -> list[dict[str, object]]:
    return [{"op": "add", "path": f"/{name}", "value": 1}]


INIT = signing.init(ME, {})
A = signing.data(ME, INIT, INIT, add("a"))
B = signing.data(ME, INIT, INIT, add("b"))
C = signing.data(ME, INIT, B, add("c"))
LATE = signing.time(INIT, A, CHAIN, 500)
EARLY = signing.time(INIT, C, CHAIN, 400)
ALL = (INIT, A, B, C, LATE, EARLY)


def judge(*events: Made) -> StreamHistory:
    return evaluate(INIT.cid, signing.known(*events, chain=CHAIN), RULES, CONTEXT)


def changed(before: tuple[Made, ...], *new: Made) -> Correction:
    found = correction(judge(*before), judge(*before, *new))
    assert found is not None
    return found


def test_new_events_on_the_tip() -> None:
    found = changed((INIT,), B, C)
    assert (found.old_tip, found.new_tip, found.undone) == (INIT.cid, C.cid, ())
    assert found.applied == (B.cid, C.cid)
    assert found.cause is CorrectionCause.APPENDED


def test_the_first_events() -> None:
    found = changed((), INIT, A)
    assert (found.old_tip, found.applied) == (None, (INIT.cid, A.cid))


def test_a_longer_branch() -> None:
    found = changed((INIT, A), B, C)
    assert (found.undone, found.applied) == ((A.cid,), (B.cid, C.cid))
    assert found.cause is CorrectionCause.EVENT


def test_late_anchors_turn_a_stream_over_and_back() -> None:
    found = changed((INIT, A, B, C), LATE)
    assert (found.undone, found.applied) == ((C.cid, B.cid), (A.cid, LATE.cid))
    assert found.cause is CorrectionCause.ANCHOR
    back = changed((INIT, A, B, C, LATE), EARLY)
    assert (back.undone, back.applied) == ((LATE.cid, A.cid), (B.cid, C.cid, EARLY.cid))


def test_nothing_new_is_no_correction() -> None:
    assert correction(judge(INIT, A), judge(INIT, A)) is None
    assert correction(judge(INIT, A, LATE), judge(INIT, A, B, LATE)) is None


def test_an_anchor_that_can_be_checked_at_last() -> None:
    blind = evaluate(
        INIT.cid, EventSet.of(event.check(KnownChain()) for event in (INIT, A, B, C, LATE)), RULES, CONTEXT
    )
    found = correction(blind, judge(INIT, A, B, C, LATE))
    assert found is not None
    assert found.cause is CorrectionCause.VERDICT


@given(st.permutations(range(len(ALL))))
def test_corrections_lead_from_each_log_to_the_next(order: list[int]) -> None:
    """A sink that follows them has the canonical log at every moment."""
    log: list[object] = []
    known: list[Made] = []
    before = judge()
    for index in order:
        known.append(ALL[index])
        after = judge(*known)
        found = correction(before, after)
        if found is not None:
            for cid in found.undone:
                assert log.pop() == cid
            log.extend(found.applied)
        assert tuple(log) == after.log
        before = after


def test_rules_of_another_time_are_another_cause() -> None:
    later = evaluate(INIT.cid, signing.known(INIT, A, chain=CHAIN), Rules(RULES.at + 1), CONTEXT)
    assert correction(judge(INIT, A), later) is None
