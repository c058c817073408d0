"""What every source of events promises, whatever it reads."""

from __future__ import annotations

import pickle
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from functools import cache
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ceramic_protocol.built import BuiltEvent
from ceramic_protocol.limits import MAX_BATCH_BYTES, MAX_BATCH_EVENTS, MAX_EVENT_CAR_BYTES
from ceramic_protocol.ports import Damage, EventSource, RawEvent, SourceItem
from tests.connectors.making import run_python
from tests.node.http.v1.making import NOTES, chain

_CHAINS, _LENGTH = 25, 45
_OTHER_PROCESS = """
import pickle, sys
from hashlib import sha256
source = pickle.loads(open(sys.argv[1], "rb").read())
found = sha256()
for page in source.read(0, source.count):
    for item in page.items:
        found.update(item.car)
print(found.hexdigest())
"""


@cache
def signed_events() -> Sequence[BuiltEvent]:
    """A model and documents of it with their updates: more than fit into a page."""
    return [NOTES, *(event for number in range(_CHAINS) for event in chain(_LENGTH, number))]


def items_of(source: EventSource, start: int, stop: int) -> list[SourceItem]:
    """The items of a range, of pages that are as they have to be."""
    found: list[SourceItem] = []
    begin = max(start, 0)
    end = min(stop, source.count)
    for page in source.read(start, stop):
        assert begin < page.stop <= end
        assert len(page.items) <= min(MAX_BATCH_EVENTS, page.stop - begin)
        sizes = [len(item.car) for item in page.items if isinstance(item, RawEvent)]
        assert sum(sizes) < MAX_BATCH_BYTES + MAX_EVENT_CAR_BYTES
        found += page.items
        begin = page.stop
    assert begin == max(end, begin)
    return found


class SourceContract(ABC):
    """Tests that run on each implementation."""

    @classmethod
    @abstractmethod
    def opened(cls, folder: Path, events: Sequence[BuiltEvent]) -> AbstractContextManager[EventSource]:
        """A source that has these events, which are in the order of their streams."""

    @classmethod
    @abstractmethod
    def damaged(
        cls, folder: Path, before: BuiltEvent, after: BuiltEvent
    ) -> AbstractContextManager[EventSource]:
        """A source that has something between two events that can't be read."""

    @classmethod
    def in_order(cls, events: Sequence[BuiltEvent]) -> Sequence[BuiltEvent]:
        """The events in the order in which the source has them."""
        return events

    @pytest.fixture(scope="class")
    @classmethod
    def source(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EventSource]:
        """One with more events than fit into a page."""
        with cls.opened(tmp_path_factory.mktemp("source"), signed_events()) as source:
            yield source

    def test_all_events_are_there_once_and_in_order(self, source: EventSource) -> None:
        found = items_of(source, 0, source.count)
        assert [item.car for item in found if isinstance(item, RawEvent)] == [
            event.car for event in self.in_order(signed_events())
        ]
        assert source.count >= len(found)
        assert source.size > len(found) * 100

    def test_cids_are_those_of_the_events(self, source: EventSource) -> None:
        for item in items_of(source, 0, min(source.count, 50)):
            assert isinstance(item, RawEvent)
            assert item.cid in {None, *(event.cid for event in signed_events())}

    @settings(max_examples=8, suppress_health_check=[HealthCheck.differing_executors])
    @given(st.lists(st.integers(0, 1 << 16), max_size=6))
    def test_ranges_that_cover_the_source_have_each_event_once(
        self, source: EventSource, cuts: list[int]
    ) -> None:
        places = sorted({0, source.count, *(cut % (source.count + 1) for cut in cuts)})
        found = [item for start, stop in pairwise(places) for item in items_of(source, start, stop)]
        assert [item.car for item in found if isinstance(item, RawEvent)] == [
            event.car for event in self.in_order(signed_events())
        ]

    def test_ordinals_that_are_not_there_are_passed_over(self, source: EventSource) -> None:
        last = source.count - 1
        assert items_of(source, last, last + 1_000) == items_of(source, last, last + 1)
        assert items_of(source, -5, 1) == items_of(source, 0, 1)
        for start, stop in [(5, 5), (7, 3), (last + 1, last + 2), (-3, 0)]:
            assert list(source.read(start, stop)) == []

    def test_another_process_reads_the_same(self, source: EventSource, tmp_path: Path) -> None:
        (tmp_path / "source").write_bytes(pickle.dumps(source))
        done = run_python(_OTHER_PROCESS, tmp_path / "source")
        cars = b"".join(event.car for event in self.in_order(signed_events()))
        assert done.stdout.strip() == sha256(cars).hexdigest(), done.stderr

    def test_without_events_there_is_nothing(self, tmp_path: Path) -> None:
        with self.opened(tmp_path, []) as source:
            assert items_of(source, 0, source.count) == []

    def test_what_can_not_be_read_is_damage_in_its_place(self, tmp_path: Path) -> None:
        before, after = signed_events()[0], signed_events()[1]
        with self.damaged(tmp_path, before, after) as source:
            first, between, last = items_of(source, 0, source.count)
        assert isinstance(first, RawEvent)
        assert isinstance(last, RawEvent)
        assert isinstance(between, Damage)
        assert (first.car, last.car) == (before.car, after.car)
        assert between.detail
