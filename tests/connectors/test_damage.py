"""Archives that are cut, overwritten or made to do harm."""

from __future__ import annotations

import io
import random
import tempfile
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceramic_connectors import window
from ceramic_connectors.car_scan import Gap, Scanner, Section
from ceramic_connectors.files import SourceFile
from ceramic_connectors.sources import open_source
from ceramic_connectors.window import Window
from ceramic_protocol import car, varint
from ceramic_protocol.cid import Cid
from ceramic_protocol.limits import MAX_DAMAGE_BYTES, MAX_SECTION_BYTES
from ceramic_protocol.ports import Damage, RawEvent, SourceItem
from tests.connectors import making

MADE = making.mixture(16)
DATA = making.archive(MADE)
HEADER_END = len(car.encode_header([event.root for event in MADE]))


def bounds(data: bytes = DATA, start: int = HEADER_END) -> list[tuple[int, int]]:
    """Start and end of every section."""
    found = []
    while start < len(data):
        length, body = car.read_length(data, start)
        found.append((start, body + length))
        start = body + length
    return found


BOUNDS = bounds()


def read(data: bytes) -> list[SourceItem]:
    with tempfile.TemporaryDirectory() as folder:
        return making.items(making.open_bytes(Path(folder), data))


def whole_events(items: list[SourceItem]) -> list[making.Made]:
    found = [making.made_of(item) for item in items if isinstance(item, RawEvent)]
    return [made for made in found if made in MADE]


def stretches(items: list[SourceItem]) -> list[tuple[int, int]]:
    return [(item.position, item.position + item.length) for item in items if isinstance(item, Damage)]


def untouched(start: int, end: int) -> list[making.Made]:
    """The events of `MADE` that have no block in a stretch of `DATA`."""
    blocks = [block for made in MADE for block in made.blocks]
    hit = {block for block, (at, to) in zip(blocks, BOUNDS, strict=True) if at < end and start < to}
    return [made for made in MADE if not hit.intersection(made.blocks)]


def scan(data: bytes, start: int = 0, problem: str | None = None) -> list[Section | Gap]:
    return list(scanner(data).scan(start, problem))


def scanner(data: bytes) -> Scanner:
    return Scanner(Window(SourceFile("in memory", len(data), 0), io.BytesIO(data)))


@given(st.integers(HEADER_END, len(DATA) - 1))
@settings(max_examples=100, deadline=None)
def test_everything_before_a_cut_is_found(cut: int) -> None:
    items = read(DATA[:cut])
    assert [item.cid for item in items if isinstance(item, RawEvent)] == [made.root for made in MADE]
    assert whole_events(items) == untouched(cut, len(DATA))
    start = max([HEADER_END, *(end for _, end in BOUNDS if end <= cut)])
    assert stretches(items) == ([(start, cut)] if start < cut else [])


@pytest.mark.parametrize("cut", [0, 1, 2, 50, HEADER_END - 1])
def test_a_cut_in_the_header_leaves_one_damaged_stretch(cut: int) -> None:
    (damage,) = read(DATA[:cut])
    assert isinstance(damage, Damage)
    assert (damage.position, damage.length, damage.raw) == (0, cut, DATA[:cut])


@given(
    st.integers(HEADER_END, len(DATA) - 1),
    st.binary(min_size=1, max_size=400),
    st.sampled_from([0, 1, 3, 50, 300]),
)
@settings(max_examples=120, deadline=None)
def test_events_around_overwritten_bytes_are_found(start: int, garbage: bytes, removed: int) -> None:
    end = min(start + removed, len(DATA))
    items = read(DATA[:start] + garbage + DATA[end:])
    safe = untouched(start, max(end, start + 1))
    assert [made for made in whole_events(items) if made in safe] == safe
    # By chance a section can seem to follow one that was hit, so nothing is said on where damage starts.
    assert all(to >= start for _, to in stretches(items))


@pytest.mark.parametrize("number", [0, 5, 20, len(BOUNDS) - 1])
@pytest.mark.parametrize("filler", [b"\0", b"\xff", b"\x01\x71\x12\x20", b"\x7f"])
def test_an_overwritten_section_is_one_stretch(number: int, filler: bytes) -> None:
    start, end = BOUNDS[number]
    garbage = (filler * (end - start))[: end - start]
    items = read(DATA[:start] + garbage + DATA[end:])
    assert stretches(items) == [(start, end)]
    assert whole_events(items) == untouched(start, end)
    assert items[-1] == Damage(
        items[-1].detail if isinstance(items[-1], Damage) else "",
        items[-1].source,
        start,
        end - start,
        garbage,
    )


@pytest.mark.parametrize("length", [0, 1, 30, 60, 5000, MAX_SECTION_BYTES, 2**23, 2**40, 2**62])
@pytest.mark.parametrize("number", [0, 7, len(BOUNDS) - 1])
def test_a_wrong_length_hides_no_other_section(length: int, number: int) -> None:
    start, end = BOUNDS[number]
    _, body = car.read_length(DATA, start)
    data = DATA[:start] + varint.encode(length) + DATA[body:]
    items = read(data)
    assert whole_events(items) == untouched(start, end)
    assert stretches(items) == [(start, end + len(data) - len(DATA))]


def test_a_wrong_length_hides_no_section_in_a_large_archive(tmp_path: Path) -> None:
    made = [making.init_event(number, 1000) for number in range(4_000)]
    data = bytearray(making.archive(made))
    start = bounds(bytes(data), len(data) - len(making.archive(made, [])) + len(car.encode_header([])))[10][0]
    data[start : start + 2] = b"\xff\x7f"
    source = making.open_bytes(tmp_path, bytes(data))
    found = {making.made_of(event) for event in making.events(source) if event.position}
    assert found == {event for event in made if event != made[10]}
    assert len(making.damages(source)) == 1


def test_a_length_without_end_is_damage() -> None:
    start, end = BOUNDS[3]
    data = DATA[:start] + b"\xff" * 12 + DATA[start:]
    items = read(data)
    assert whole_events(items) == MADE
    assert stretches(items) == [(start, start + 12)]
    assert end


def test_a_header_that_is_garbage_costs_no_event() -> None:
    other_version = b"\x0a\xa1gversion\x02" + b"\xee" * 40
    for garbage in (b"", b"\0" * 100, other_version, car.encode_header([])[:-1] + b"\x03"):
        items = read(garbage + DATA[HEADER_END:])
        assert whole_events(items) == MADE
        assert stretches(items) == ([(0, len(garbage))] if garbage else [])


def test_a_file_that_is_no_archive_is_one_stretch() -> None:
    (damage,) = read(b"The quick brown fox" * 10_000)
    assert isinstance(damage, Damage)
    assert (damage.position, damage.length) == (0, 190_000)
    assert len(damage.raw) == MAX_DAMAGE_BYTES


def test_damaged_stretches_stand_behind_the_events_of_their_file(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.car").write_bytes(DATA[: BOUNDS[5][0]] + b"garbage" + DATA[BOUNDS[5][0] :])
    source = open_source(f"car:{tmp_path}", tmp_path / "work")
    kinds = [(type(item), Path(item.source).name) for item in making.items(source)]
    first, second = (Damage, "a.car"), (Damage, "b.car")
    assert [number for number, kind in enumerate(kinds) if kind == first] == [len(MADE)]
    assert [number for number, kind in enumerate(kinds) if kind == second] == [2 * len(MADE) + 1]


@given(st.binary(max_size=600), st.integers(0, 2**32))
@settings(max_examples=100, deadline=None)
def test_any_bytes_come_apart_without_gap_or_overlap(noise: bytes, seed: int) -> None:
    draw = random.Random(seed)
    data = bytearray(DATA)
    for _ in range(draw.randrange(6)):
        at = draw.randrange(len(data))
        data[at : at + draw.choice([0, 1, 40])] = noise[: draw.randrange(len(noise) + 1)]
    pos = 0
    for found in scan(bytes(data)):
        assert found.position == pos
        pos = found.end if isinstance(found, Section) else pos + found.length
        if isinstance(found, Section):
            assert found.good == found.cid.matches(bytes(found.block))
            assert data[found.body : found.end] == found.block
    assert pos == len(data)


@given(st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_where_the_window_ends_makes_no_difference(seed: int) -> None:
    draw = random.Random(seed)
    data = bytearray(DATA)
    for _ in range(draw.randrange(5)):
        at = draw.randrange(len(data))
        data[at : at + draw.choice([0, 1, 40])] = draw.randbytes(draw.choice([1, 3, 30, 1000]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(window, "_CHUNK", draw.randrange(4500, 9000))
        for module in ("car_scan", "car_resync"):
            patch.setattr(f"ceramic_connectors.{module}.MAX_SECTION_BYTES", 1000)
        small = scan(bytes(data))
        patch.setattr(window, "_CHUNK", len(data) + 1)
        expected = scan(bytes(data))
    assert small == expected


def prefixes() -> bytes:
    return b"\x24\x01\x71\x12\x20" * 200_000


def prefixes_with_long_lengths() -> bytes:
    return (b"\x80\x80\x60" + b"\x01\x71\x12\x20") * 150_000


def good_sections_before_long_lengths() -> bytes:
    tiny = car.encode_section(Cid.of(b"x"), b"x")
    return (tiny + varint.encode(1_500_000) + Cid.of(b"y")) * 25_000


def good_sections_before_plain_lengths() -> bytes:
    tiny = car.encode_section(Cid.of(b"x"), b"x")
    return (tiny + varint.encode(16_000) + Cid.of(b"y")) * 25_000


@pytest.mark.parametrize(
    "make",
    [
        prefixes,
        prefixes_with_long_lengths,
        good_sections_before_long_lengths,
        good_sections_before_plain_lengths,
    ],
)
def test_hostile_bytes_are_worked_through_in_linear_time(
    make: Callable[[], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ceramic_connectors.car_resync.MAX_HASHED_IN_VAIN_BYTES", 4 * 1024 * 1024)
    data = make()
    read_bytes = 0

    class Counting(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            nonlocal read_bytes
            read_bytes += size or 0
            return super().read(size)

    scanning = Scanner(Window(SourceFile("in memory", len(data), 0), Counting(data)))
    found = sum(1 for _ in scanning.scan(0))
    assert found > 0
    assert scanning._checker.spent <= 4 * 1024 * 1024 + 4 * len(data)
    assert read_bytes <= 3 * len(data)


def test_hostile_lengths_allocate_nothing() -> None:
    tracemalloc.start()
    try:
        scan(varint.encode(2**62) + Cid.of(b"x") + b"x" * 1000)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
