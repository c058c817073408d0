"""However numbers are handed out and however often the source begins again: each event comes once."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ceramic_connectors.endpoint import Endpoint
from ceramic_connectors.source.foreign.client import OneClient
from ceramic_connectors.source.foreign.foreign_origin import ForeignOrigin
from ceramic_connectors.source.foreign.places import After, end_of, follow, mark_of
from ceramic_connectors.source.foreign.workers import Workers
from ceramic_connectors.source.node_origin import Wanted
from ceramic_connectors.source.origin import Feed, Place
from tests.connectors.source.foreign.serving import SmallOne, small_one
from tests.node.http.v1.making import NOTES, chain

EVENTS = [NOTES, *chain(59)]
_LIMITS = st.integers(1, 7)
_STEPS = st.one_of(
    st.tuples(st.just("add"), _LIMITS),
    st.tuples(st.just("burn"), st.integers(1, 40)),
    st.tuples(st.just("node begins again"), st.just(0)),
    st.tuples(st.just("source begins again"), st.just(0)),
    st.tuples(st.just("read"), _LIMITS),
)


@pytest.fixture(scope="module")
def one() -> Iterator[SmallOne]:
    with small_one() as one:
        yield one


class Filling:
    """Fills a server that was emptied, event by event."""

    def __init__(self, one: SmallOne) -> None:
        self._one = one
        self._rest = iter(EVENTS)
        one.events.clear()
        one.restart()

    def add(self, count: int) -> list[str]:
        """Take so many events in, as long as there are any; gives their CIDs."""
        events = list(islice(self._rest, count))
        self._one.add(*events)
        return [str(event.cid) for event in events]


def origin_of(one: SmallOne, workers: Workers) -> ForeignOrigin:
    return ForeignOrigin(OneClient(Endpoint.parse(one.url)), workers, Wanted())


@given(st.lists(_STEPS, max_size=30), st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_each_event_comes_once(
    one: SmallOne, workers: Workers, steps: list[tuple[str, int]], from_now: bool
) -> None:
    filling, wanted = Filling(one), list[str]()
    if from_now:
        filling.add(5)
        one.burn(7)
    origin = origin_of(one, workers)
    about = origin.about()
    place = (about.ends if from_now else about.begins)[Feed.EVENTS]
    seen: list[str] = []
    for step, count in [*steps, ("add", 3), *[("read", 3)] * 90]:
        if step == "add":
            wanted += filling.add(count)
        elif step == "burn":
            one.burn(count)
        elif step == "node begins again":
            one.restart()
        elif step == "source begins again":
            origin.close()
            origin = origin_of(one, workers)
            place = Place(*place)
        else:
            page = origin.page(Feed.EVENTS, place, count, 0.0)
            seen += [entry["cid"] for entry in page.entries]
            place = page.place
    origin.close()
    assert seen == wanted


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(0, 3_000)), max_size=6))
def test_the_end_is_behind_the_last_event(one: SmallOne, parts: list[tuple[int, int]]) -> None:
    filling = Filling(one)
    for count, burned in parts:
        filling.add(count)
        one.burn(burned)
    client = OneClient(Endpoint.parse(one.url))
    end = end_of(client)
    client.close()
    if not one.events:
        assert end is None
    else:
        assert end == After(one.events[-1].number + 1, one.events[-1].cid)


@given(st.text(min_size=1, max_size=300))
def test_whatever_an_event_is_called_the_place_behind_it_can_be_kept(cid: str) -> None:
    with small_one() as one:
        one.tell(cid, "m")
        client = OneClient(Endpoint.parse(one.url))
        rows = client.ids(0, 1)
        after = After.behind(rows)
        assert After.parse(str(after)) == after
        assert after.mark == mark_of(rows.rows[0])
        assert not follow(client, after, 1).rows
        client.close()
