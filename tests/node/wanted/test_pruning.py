"""Pruning gives up what nobody wants and changes nothing of what somebody does."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_node.states.records import EventRow, StreamRow
from ceramic_node.wanted.pruning import Pruner, Tally
from ceramic_node.wanted.related import RelatedStreams
from ceramic_node.wanted.wish import is_needed_by_all
from ceramic_protocol.cid import Cid
from ceramic_protocol.reasons import Reason
from ceramic_protocol.stored import NewEvent, StreamFilter
from tests.node.states.following import NOTE, NOTES, Following, note
from tests.node.states.making import (
    ACCOUNT,
    ALICE,
    data,
    document,
    document_id,
    granted,
    init,
    model,
    model_id,
    time,
)
from tests.node.states.world import EVENTS, MODELS
from tests.node.wanted.making import LATE, At, related, wish

POST: Final = model("Post")
POSTS: Final = model_id(POST)
INTERESTS: Final = [
    *(f"model:{model_id(MODELS[name])}" for name in ("note", "links", "impl", "any_face", "on_timed")),
    f"controller:{ACCOUNT}",
    f"stream:{document_id(EVENTS[len(MODELS)])}",
]
NOTHING: Final = f"stream:{document_id(init('nothing'))}"


def pruner(world: Following, *named: str, retention: int | None = 0, clock: At = LATE) -> Pruner:
    known = related(world.real, *named)
    return Pruner(world.real, world.states, known, clock, retention)


def prune(world: Following, *named: str, retention: int | None = 0, clock: At = LATE) -> Tally:
    total = Tally()
    for done in pruner(world, *named, retention=retention, clock=clock).steps():
        total = total.plus(done)
    return total


def post(name: str, content: object = None) -> NewEvent:
    return document(POSTS, name, content)


def is_pruned(world: Following, event: NewEvent) -> bool:
    return world.real.snapshot(event.checked.cid).is_pruned


def covered(world: Following, named: list[str]) -> Iterator[Cid]:
    wanted = wish(*named)
    for entry in world.real.find(StreamFilter(), 0, 1000):
        if wanted.covers(entry.facts) or is_needed_by_all(entry.facts):
            yield entry.facts.stream


def told(world: Following, stream: Cid) -> tuple[StreamRow, dict[Cid, EventRow]]:
    """All that is known of a stream but for numbers."""
    row = world.states.streams([stream])[stream]
    events = world.states.events(dict.fromkeys(world.real.snapshot(stream).events, stream))
    return row._replace(number=0, version=0), {cid: event._replace(number=0) for cid, event in events.items()}


def tip(world: Following, event: NewEvent) -> tuple[Cid | None, bytes | None]:
    found = world.state(event)
    return found.row.tip, None if found.tip is None else found.tip.data


ORDERS = st.permutations(range(len(EVENTS)))


@given(
    ORDERS, st.integers(1, len(EVENTS)), st.sets(st.sampled_from(INTERESTS), min_size=1), st.integers(0, 30)
)
def test_no_state_of_a_covered_stream_changes(
    order: list[int], count: int, interests: set[str], steps: int
) -> None:
    """Neither at once, nor with what comes later, nor when all states are made anew."""
    named, events = sorted(interests), [EVENTS[place] for place in order]
    world, twin = Following(), Following()
    for each in (world, twin):
        each.put(*events[:count])
        each.settle()
    before = {stream: told(world, stream) for stream in covered(world, named)}
    everything = {stream: world.states.stream(stream) for stream, _version in world.real.changed(0, 1000)}
    for _done in islice(pruner(world, *named).steps(), steps):
        pass
    world.settle()
    assert {stream: told(world, stream) for stream in before} == before
    assert {stream: world.states.stream(stream) for stream in everything} == everything
    for stream in before:
        assert not world.real.snapshot(stream).is_pruned
    for each in (world, twin):
        each.put(*events[count:])
        each.settle()
    _compare(world, twin, named)
    for _done in pruner(world, *named).steps():
        pass
    world.follower.rebuild()
    world.settle()
    _compare(world, twin, named)
    world.put(*events)
    world.check()


def _compare(world: Following, twin: Following, named: list[str]) -> None:
    streams = [stream for stream, _version in world.real.changed(0, 1000)]
    assert all(row.failed is None for row in world.states.streams(streams).values())
    for stream in covered(world, named):
        assert told(world, stream) == told(twin, stream)


def test_a_pruned_stream_keeps_its_state() -> None:
    world, kept, gone = Following(), note("kept"), post("gone")
    change = data(gone, gone, 1)
    world.put(NOTE, POST, kept, gone, change)
    world.settle()
    before = tip(world, gone)
    assert prune(world, f"model:{NOTES}") == Tally(1, 2, len(gone.car) + len(change.car))
    assert prune(world, f"model:{NOTES}") == Tally()
    world.settle()
    world.follow()
    world.settle()
    assert tip(world, gone) == before
    assert before[0] == change.checked.cid
    assert [is_pruned(world, event) for event in (NOTE, POST, kept, gone)] == [False, False, False, True]


@pytest.mark.parametrize("is_restarted", [False, True])
def test_what_comes_to_a_pruned_stream_waits_until_all_comes_again(*, is_restarted: bool) -> None:
    world, gone = Following(), post("gone")
    change, late = data(gone, gone, 1), data(gone, data(gone, gone, 1), 2)
    anchor = time(gone, change, 5)
    world.put(POST, gone, change)
    world.settle()
    before = tip(world, gone)
    prune(world, NOTHING)
    if is_restarted:
        world.follow()
    world.put(late, anchor)
    world.settle()
    assert tip(world, gone) == before
    for event in (late, anchor):
        row = world.states.event(event.checked.cid, gone.checked.cid)
        assert row is not None
        assert (row.reason, row.is_concluded) == (Reason.PAYLOAD_PRUNED, False)
    assert world.state(gone).row.failed is None
    assert prune(world, NOTHING).events == 2, "it waits only because of what was pruned"
    world.put(gone, change, late)
    world.settle()
    assert tip(world, gone) == before, "not all is there again"
    world.put(anchor)
    world.check()
    assert world.state(gone).row.tip == anchor.checked.cid


def test_made_anew_it_has_no_state_and_says_so() -> None:
    world, gone = Following(), post("gone")
    change = data(gone, gone, 1)
    world.put(POST, gone, change)
    world.settle()
    prune(world, NOTHING)
    world.follower.rebuild()
    world.settle()
    assert tip(world, gone) == (None, None)
    for event in (gone, change):
        row = world.states.event(event.checked.cid, gone.checked.cid)
        assert row is not None
        assert row.reason is Reason.PAYLOAD_PRUNED
    history = world.reader.history(gone.checked.cid)
    assert (history.log, history.reason) == ((), Reason.PAYLOAD_PRUNED)
    world.put(gone)
    world.settle()
    assert tip(world, gone)[0] == gone.checked.cid
    row = world.states.event(change.checked.cid, gone.checked.cid)
    assert row is not None
    assert row.reason is Reason.PAYLOAD_PRUNED
    world.put(change)
    world.check()


def test_documents_that_covered_ones_refer_to_stay() -> None:
    links = model("Link", relations={"to": {"type": "document", "model": str(POSTS)}})
    world, target, other = Following(), post("target"), post("other")
    link = document(model_id(links), "link", {"to": str(document_id(target))})
    world.put(POST, links, target, other, link)
    world.settle()
    assert prune(world, f"model:{model_id(links)}").events == 1
    assert (is_pruned(world, target), is_pruned(world, other)) == (False, True)
    later = document(model_id(links), "later", {"to": str(document_id(other))})
    world.put(later)
    world.settle()
    assert tip(world, later)[0] == later.checked.cid, "what an init event says of its stream stays known"


def test_what_is_not_settled_stays() -> None:
    world = Following()
    pending, waiting, timed = (
        post("pending"),
        post("waiting"),
        document(POSTS, "timed", None, controllers=[ACCOUNT]),
    )
    unknown = document(model_id(model("Unknown")), "of an unknown model")
    never = data(waiting, waiting, 1)
    missing = {"to": str(document_id(post("never")))}
    links = model("Link", relations={"to": {"type": "document", "model": str(POSTS)}})
    link = document(model_id(links), "link", missing)
    world.put(POST, links, pending, link, unknown, waiting, data(waiting, never, 2), granted(timed, 1, 10**6))
    assert prune(world, NOTHING) == Tally(), "nothing was judged yet"
    world.settle()
    assert prune(world, NOTHING).events == 1
    for event in (link, unknown, waiting, timed):
        assert not is_pruned(world, event), event
    world.put(never)
    world.settle()
    assert prune(world, NOTHING).events == 3


def test_the_retention() -> None:
    clock = At(0)
    world, gone = Following(), post("gone")
    world.real._clock = clock
    clock.time = 100_000
    world.put(POST, gone)
    world.settle()
    assert prune(world, NOTHING, retention=None) == Tally()
    for at, retention, events in ((130_000, 30, 0), (130_001, 30, 1)):
        assert prune(world, NOTHING, retention=retention, clock=At(at)).events == events


def test_without_interests_nothing_goes() -> None:
    world = Following()
    world.put(POST, post("a"))
    world.settle()
    assert prune(world) == Tally()


def test_a_round_takes_small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ceramic_node.wanted.pruning.MAX_PRUNE_PAGE", 3)
    monkeypatch.setattr("ceramic_node.wanted.pruning.MAX_PRUNED_EVENTS", 2)
    world = Following()
    streams = [post(str(number)) for number in range(7)]
    events = [event for stream in streams for event in (stream, data(stream, stream, 1))]
    world.put(NOTE, POST, *events)
    world.settle()
    known = RelatedStreams(world.real, wish(NOTHING))
    trial = list(Pruner(world.real, world.states, known, LATE, 0).steps(is_trial=True))
    done = list(Pruner(world.real, world.states, known, LATE, 0).steps())
    assert max(tally.events for tally in done) == 2
    for found in (trial, done):
        assert sum(tally.events for tally in found) == len(events)
        assert sum(tally.streams for tally in found) == len(streams)
        assert sum(tally.bytes for tally in found) == sum(len(event.car) for event in events)


def test_controllers_are_covered() -> None:
    world, mine = Following(), post("mine")
    world.put(POST, mine)
    world.settle()
    assert prune(world, f"controller:{ALICE}") == Tally()
