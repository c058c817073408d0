"""Cursors of sources in files: on where they grew at their end, None where anything else happened."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ceramic_connectors import resuming
from ceramic_connectors.sources import open_source
from ceramic_protocol.ports import EventSource, RawEvent, Resumable, SourceItem, SourcePage
from tests.support import corpus


class Listed:
    """A source of these texts as CARs."""

    def __init__(self, texts: list[bytes]) -> None:
        self.items: list[SourceItem] = [RawEvent(text, None, "list", n) for n, text in enumerate(texts)]
        self.count = len(texts)
        self.asked: list[tuple[int, int]] = []

    @property
    def size(self) -> int:
        return self.count

    def read(self, start: int, stop: int) -> Iterator[SourcePage]:
        self.asked.append((start, stop))
        yield SourcePage(self.items[start:stop], stop)


def source(texts: list[bytes]) -> EventSource:
    return Listed(texts)


def items(found: EventSource) -> list[SourceItem]:
    return [item for page in found.read(0, found.count) for item in page.items]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.binary(max_size=4)), parts=st.lists(st.integers(0, 12), max_size=4))
def test_positions_that_follow_each_other_are_those_of_one_look(
    monkeypatch: pytest.MonkeyPatch, texts: list[bytes], parts: list[int]
) -> None:
    monkeypatch.setattr(resuming, "MAX_BATCH_EVENTS", 3)
    cursor, read = resuming.cursor_of(source(texts[:0])), list[SourceItem]()
    for stop in sorted({min(part, len(texts)) for part in parts} | {len(texts)}):
        rest = resuming.rest_of(source(texts[:stop]), cursor)
        assert isinstance(rest, Resumable)
        read += items(rest)
        cursor = rest.cursor()
        assert cursor == resuming.cursor_of(source(texts[:stop]))
    assert read == items(source(texts))


@given(
    texts=st.lists(st.binary(max_size=4), min_size=1), at=st.integers(0), more=st.lists(st.binary(max_size=4))
)
def test_whatever_changed_before_a_position_it_is_none(
    texts: list[bytes], at: int, more: list[bytes]
) -> None:
    cursor = resuming.cursor_of(source(texts))
    other = list(texts)
    other[at % len(texts)] += b"!"
    assert resuming.rest_of(source([*other, *more]), cursor) is None
    assert resuming.rest_of(source(texts[:-1]), cursor) is None
    assert resuming.rest_of(source([*texts, *more]), cursor) is not None


@pytest.mark.parametrize(
    "cursor", [{}, {"count": -1}, {"count": "1"}, {"count": 0}, {"count": 1, "digest": 7}]
)
def test_what_is_no_position_is_none(cursor: dict[str, object]) -> None:
    assert resuming.rest_of(source([b"a"]), cursor) is None


def test_an_archive_that_grew_goes_on(tmp_path: Path) -> None:
    lines = gzip.decompress(corpus.NDJSON.read_bytes()).splitlines(keepends=True)[:60]
    path = tmp_path / "a.ndjson"
    path.write_bytes(b"".join(lines[:40]))
    first = open_source(f"ndjson:{path}", tmp_path / "1")
    assert isinstance(first, Resumable)
    # As it is kept in a manifest.
    cursor = json.loads(json.dumps(first.cursor()))
    path.write_bytes(b"".join(lines))
    grown = open_source(f"ndjson:{path}", tmp_path / "2")
    assert isinstance(grown, Resumable)
    rest = grown.since(cursor)
    assert rest is not None
    assert items(rest) == items(grown)[40:]
    assert isinstance(open_source(f"car:{corpus.CAR}", tmp_path / "3"), Resumable)
