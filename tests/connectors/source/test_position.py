"""Positions: as they are written, and how work is taken over by another number of tasks."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_connectors.source.entries import share_of
from ceramic_connectors.source.errors import PositionError
from ceramic_connectors.source.origin import Feed, Place
from ceramic_connectors.source.planning import divided
from ceramic_connectors.source.position import Again, Past, Position

_NUMBERS = st.integers(0, 2**62)
_PLACES = st.builds(Place, st.none() | st.text(max_size=20), _NUMBERS, st.text(max_size=10))
_BOTH = (Feed.EVENTS, Feed.CHANGES)
_FEEDS = st.sampled_from(list(Feed))
_PAST = st.builds(Past, st.dictionaries(_FEEDS, st.lists(_NUMBERS, min_size=1, max_size=4).map(tuple)))
_POSITIONS = st.builds(
    Position,
    plan=_NUMBERS,
    tasks=st.integers(1, 16),
    places=st.dictionaries(_FEEDS, _PLACES),
    snapshot=st.dictionaries(_FEEDS, _NUMBERS),
    past=st.lists(_PAST, max_size=3).map(tuple),
    signals=_NUMBERS,
    is_paused=st.booleans(),
    again=st.lists(st.builds(Again, st.text(max_size=10), st.none() | st.text(max_size=10)), max_size=3).map(
        tuple
    ),
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**62), 2**62) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(_POSITIONS)
def test_what_is_written_is_read(position: Position) -> None:
    assert Position.from_json(position.to_json()) == position


@given(st.binary(max_size=40))
def test_other_bytes_are_refused(text: bytes) -> None:
    with pytest.raises(PositionError):
        Position.from_json(text)


@given(
    _POSITIONS, st.sampled_from(["plan", "tasks", "places", "snapshot", "past", "signals", "again"]), _JSON
)
def test_a_member_of_another_kind_is_refused_or_read(position: Position, name: str, value: object) -> None:
    import orjson

    changed = orjson.dumps({**orjson.loads(position.to_json()), name: value})
    try:
        found = Position.from_json(changed)
    except PositionError:
        return
    assert Position.from_json(found.to_json()) == found


_STREAMS = st.lists(st.sampled_from([f"k{number}" for number in range(12)]), max_size=60)


@given(
    _STREAMS,
    st.lists(st.tuples(st.integers(1, 5), st.lists(st.integers(0, 60), min_size=5, max_size=5)), max_size=4),
)
def test_however_often_work_is_divided_anew_all_of_it_is_done_once(
    streams: list[str], stages: list[tuple[int, list[int]]]
) -> None:
    """At each stage so many tasks go on, each for so many entries; in the end one does all that is left."""
    feed = Feed.EVENTS
    done: Counter[int] = Counter()
    found: list[Position] = []
    for tasks, steps in [*stages, (1, [len(streams)] * 5)]:
        fresh = Position(1, tasks, {feed: Place(None, 0, "")}, {feed: 0})
        same = len(found) == tasks
        found = found if same else [divided(found, tasks, [feed], fresh)] * tasks
        found = [_went_on(each, task, streams, steps[task], done) for task, each in enumerate(found)]
    assert done == Counter(range(1, len(streams) + 1))


def _went_on(position: Position, task: int, streams: list[str], steps: int, done: Counter[int]) -> Position:
    feed = Feed.EVENTS
    for number in range(position.places[feed].position + 1, len(streams) + 1)[:steps]:
        stream = streams[number - 1]
        if share_of(stream, position.tasks) == task and not position.is_done(feed, stream, number):
            done[number] += 1
        position = position.at({feed: Place(None, number, "")})
    return position


def test_a_feed_that_is_read_for_the_first_time_begins_where_a_new_source_would() -> None:
    fresh = Position(1, 1, {feed: Place("now", 7, "") for feed in _BOTH}, {Feed.EVENTS: 7, Feed.CHANGES: 9})
    before = Position(
        3, 1, {Feed.EVENTS: Place("there", 5, "e")}, {Feed.EVENTS: 2}, signals=4, is_paused=True
    )
    found = divided([before], 1, _BOTH, fresh)
    assert found.places == {Feed.EVENTS: Place("there", 5, "e"), Feed.CHANGES: Place("now", 7, "")}
    assert found.snapshot == {Feed.EVENTS: 2, Feed.CHANGES: 9}
    assert (found.plan, found.signals, found.is_paused) == (4, 4, True)
