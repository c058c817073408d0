"""What ceramic-one's pipeline fails at (api.md 3.3, 3.5, 3.6 and 4) doesn't happen here."""

from __future__ import annotations

import logging
from typing import Any, NoReturn

import pytest

from ceramic_node.states.extending import Extension
from ceramic_node.states.records import Backlog, EventRow
from ceramic_node.states.writing import Writing
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import OutsideError, StoreCorruption
from ceramic_protocol.events import InvalidEvent, decode_event
from ceramic_protocol.history import Judged
from ceramic_protocol.ids import MODEL, StreamId
from ceramic_protocol.reasons import Reason
from tests.node.states.following import NOTE, Following, note
from tests.node.states.making import data, document, time
from tests.node.states.oracle import read_all
from tests.support.signing import ed25519, sign

BAD, GOOD = note("bad"), note("good")


def refuse(error: Exception) -> NoReturn:
    raise error


def failing_for(following: Following, method: str, cid: Cid, error: Exception) -> None:
    """Let a method of the store of events fail for one stream or event."""
    real: Any = getattr(following.real, method)

    def instead(asked: Cid, *more: object) -> Any:
        return refuse(error) if asked == cid else real(asked, *more)

    following.meddled.instead[method] = instead
    if method == "snapshot":
        several: Any = following.real.snapshots

        def all_instead(streams: Any, limit: int) -> Any:
            return refuse(error) if cid in streams else several(streams, limit)

        following.meddled.instead["snapshots"] = all_instead


def fail_at(monkeypatch: pytest.MonkeyPatch, kind: type, method: str, cid: Cid, error: Exception) -> None:
    """Let a method that makes a row fail for one event."""
    real = getattr(kind, method)

    def make(self: object, *given: Any) -> EventRow:
        is_it = any(isinstance(each, Judged) and each.event.cid == cid for each in given)
        found: EventRow = refuse(error) if is_it else real(self, *given)
        return found

    monkeypatch.setattr(kind, method, make)


@pytest.mark.parametrize("model", [b"no StreamID", "text", 7, None, [], b""])
def test_a_model_header_that_is_none_freezes_nothing(model: object) -> None:
    """It is no event, so that it comes to no store."""
    payload = {"data": {}, "header": {"controllers": [ed25519().did], "model": model, "sep": "model"}}
    found = decode_event(sign(payload, ed25519()).car)
    if model is not None:
        assert isinstance(found, InvalidEvent)
        assert found.reason is Reason.EVENT_MALFORMED


@pytest.mark.parametrize("model", [StreamId.of(MODEL, Cid.of(b"no event")), StreamId.of(3, BAD.checked.cid)])
def test_a_model_that_is_none_holds_nobody_up(model: StreamId) -> None:
    following = Following()
    strange = document(model, "strange")
    following.put(NOTE, strange, GOOD)
    following.check()
    assert following.state(strange).row.tip is None
    assert following.state(GOOD).row.tip == GOOD.checked.cid


def test_a_patch_of_a_model_that_does_not_apply_drops_nothing_else() -> None:
    following = Following()
    patch = data(NOTE, NOTE, [{"op": "replace", "path": "/nowhere/x", "value": 1}])
    following.put(NOTE, GOOD, patch, data(GOOD, GOOD, 1), BAD)
    following.check()
    assert [row[6] for row in read_all(following.reader.event_states)].count(patch.checked.cid) == 1
    assert following.state(GOOD).row.length == 2
    assert following.state(BAD).row.length == 1
    found = following.states.event(patch.checked.cid, NOTE.checked.cid)
    assert found is not None
    assert found.reason is Reason.MODEL_UPDATE_FORBIDDEN


@pytest.mark.parametrize("where", ["read", "written"])
@pytest.mark.parametrize("error", [ValueError("no \ud800"), RecursionError(), MemoryError(), KeyError(1)])
def test_a_stream_that_makes_everything_fail_fails_alone(
    where: str, error: Exception, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it is judged, and where it is written: the feed of conclusions goes on as well."""
    caplog.set_level(logging.CRITICAL)
    following = Following()
    after = data(BAD, BAD, 2)
    before = [data(BAD, BAD, 1)]
    if where == "written":
        for kind, method in ((Writing, "_make"), (Extension, "_event_row")):
            fail_at(monkeypatch, kind, method, before[0].checked.cid, error)
    else:
        failing_for(following, "snapshot", BAD.checked.cid, error)
    following.put(NOTE, GOOD, BAD, *before, data(GOOD, GOOD, 1))
    following.settle()
    following.put(data(GOOD, data(GOOD, GOOD, 1), 2))
    following.settle()
    assert following.state(GOOD).row.length == 3
    row = following.state(BAD).row
    assert row.failed is not None
    assert row.failed.startswith(type(error).__name__)
    assert [row.stream for row in following.states.failed(0, 9)] == [BAD.checked.cid]
    assert following.states.count(Backlog.FAILED) == 1
    assert following.follower.failures >= 1
    assert following.follower.lag == 0
    rows = read_all(following.reader.conclusion_events)
    assert [row[5] for row in rows].count(GOOD.checked.cid) == 1
    assert len([row for row in rows if row[1] == GOOD.checked.cid]) == 3

    following.meddled.instead.clear()
    monkeypatch.undo()
    following.put(after)
    following.check()
    assert following.state(BAD).row.failed is None


def test_what_failed_is_tried_again_after_a_restart() -> None:
    following = Following()
    failing_for(following, "snapshot", BAD.checked.cid, ValueError("a mistake"))
    following.put(NOTE, BAD)
    following.settle()
    following.meddled.instead.clear()
    following.settle()
    assert following.state(BAD).row.failed is not None
    following.follow()
    following.check()


def test_a_model_that_fails_leaves_its_documents_waiting() -> None:
    following = Following()
    failing_for(following, "snapshot", NOTE.checked.cid, ValueError("a mistake"))
    following.put(GOOD, NOTE, BAD)
    following.settle()
    assert following.follower.failures == 1
    found = following.states.event(GOOD.checked.cid, GOOD.checked.cid)
    assert found is not None
    assert found.reason is Reason.MODEL_MISSING
    following.meddled.instead.clear()
    following.follow()
    following.check()
    assert following.state(GOOD).row.length == 1


@pytest.mark.parametrize("error", [OutsideError("the disk is full"), StoreCorruption("what is that")])
def test_what_is_not_the_fault_of_a_stream_is_told(error: Exception) -> None:
    following = Following()
    failing_for(following, "snapshot", BAD.checked.cid, error)
    following.put(NOTE, GOOD, BAD)
    for _ in range(2):
        with pytest.raises(type(error)):
            following.settle()
    assert following.states.streams([BAD.checked.cid]) == {}
    following.meddled.instead.clear()
    following.check()


def test_views_have_no_duplicates_while_they_change() -> None:
    """Every page is of one moment, and has each event once."""
    following = Following()
    following.put(NOTE)
    tip = GOOD
    following.put(GOOD)
    for number in range(40):
        new = time(GOOD, tip, 100 + number) if number % 4 == 3 else data(GOOD, tip, number)
        following.put(new, note(f"other {number}"))
        tip = new
        following.follower.run_once(1)
        page = following.reader.event_states(0, 1000).rows
        assert len({row[6] for row in page}) == len(page)
        streams = following.reader.stream_states(0, 1000).rows
        assert len({row[2] for row in streams}) == len(streams)
    following.check()


def test_a_reader_that_follows_misses_nothing() -> None:
    """Whatever changes behind the cursor comes again in front of it."""
    following = Following()
    seen: dict[Cid, tuple[Any, ...]] = {}
    after, tip = 0, GOOD
    following.put(GOOD)
    for number in range(30):
        if number == 15:
            following.put(NOTE)
        new = time(GOOD, tip, 100 - number) if number % 5 == 4 else data(GOOD, tip, number)
        following.put(new)
        tip = new
        following.follower.run_once(1)
        page = following.reader.event_states(after, 3)
        seen.update((row[6], row) for row in page.rows)
        after = page.after
    following.check()
    while (page := following.reader.event_states(after, 3)).rows:
        seen.update((row[6], row) for row in page.rows)
        after = page.after
    assert sorted(seen.values(), key=lambda row: row[1]) == read_all(following.reader.event_states)


def test_lagging_far_behind_ends_nothing() -> None:
    following = Following()
    following.put(NOTE)
    for number in range(3000):
        following.put(note(f"{number}"))
    assert following.follower.lag == 3001
    while following.follower.run_once(100):
        assert following.follower.lag < 3001
    assert following.follower.lag == 0
    assert len(read_all(following.reader.stream_tips, 1000)) == 3001
