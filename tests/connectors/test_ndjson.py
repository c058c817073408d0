from __future__ import annotations

import gzip
import io
import json
import os
import pickle
import random
import tracemalloc
from pathlib import Path

import pytest

from ceramic_connectors import ndjson
from ceramic_connectors.lines import read_lines
from ceramic_connectors.sources import open_source
from ceramic_protocol import multibase
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import OutsideError
from ceramic_protocol.limits import MAX_DAMAGE_BYTES, MAX_LINE_BYTES
from ceramic_protocol.ports import Damage, EventSource, RawEvent
from tests.connectors import making
from tests.support import corpus

MADE = making.mixture(8)


def line(made: making.Made, base: str = "m") -> bytes:
    car = making.archive([made])
    return json.dumps({"cid": str(made.root), "car": multibase.encode(car, base)}).encode() + b"\n"


TEXT = b"".join(line(made) for made in MADE)


def open_text(folder: Path, data: bytes, name: str = "made.ndjson") -> EventSource:
    return making.open_bytes(folder, data, name)


def test_sample_has_every_line_in_order(tmp_path: Path) -> None:
    source = open_source(f"ndjson:{corpus.NDJSON}", tmp_path)
    found = making.events(source)
    assert [(str(event.cid), event.car) for event in found] == list(corpus.cars().items())
    assert {event.source for event in found} == {str(corpus.NDJSON)}
    plain = gzip.decompress(corpus.NDJSON.read_bytes())
    for event in found[::100]:
        text = plain[event.position : plain.index(b"\n", event.position)]
        assert json.loads(text)["cid"] == str(event.cid)


def test_any_stretch_can_be_read_by_itself(tmp_path: Path) -> None:
    source = pickle.loads(pickle.dumps(open_source(f"ndjson:{corpus.NDJSON}", tmp_path)))
    everything = making.items(source)
    for start, stop in [(0, 1), (255, 257), (256, 512), (2999, 9999), (7, 7), (4000, 5000)]:
        assert [item for page in source.read(start, stop) for item in page.items] == everything[start:stop]


@pytest.mark.parametrize(
    "name", ["made.ndjson", "made.jsonl", "made.ndjson.gz", "packed-all-the-same.ndjson"]
)
def test_gzip_is_told_by_content_not_by_name(tmp_path: Path, name: str) -> None:
    data = gzip.compress(TEXT) if name.startswith("packed") else TEXT
    found = making.events(open_text(tmp_path, data, name))
    assert [making.made_of(event) for event in found] == MADE


@pytest.mark.parametrize("form", ["ndjson:{}", "ndjson:{}/part-*"])
def test_files_of_a_folder_follow_each_other(tmp_path: Path, form: str) -> None:
    (tmp_path / "part-1.ndjson").write_bytes(line(MADE[0]) + line(MADE[1]))
    (tmp_path / "part-2.ndjson.gz").write_bytes(gzip.compress(line(MADE[2]))[:-9])
    (tmp_path / "part-3.ndjson").write_bytes(b"")
    (tmp_path / "part-4.ndjson").write_bytes(line(MADE[3]))
    source = open_source(form.format(tmp_path), tmp_path / "work")
    found = making.items(source)
    names = [(type(item), Path(item.source).name) for item in found]
    assert names == [
        (RawEvent, "part-1.ndjson"),
        (RawEvent, "part-1.ndjson"),
        (RawEvent, "part-2.ndjson.gz"),
        (Damage, "part-2.ndjson.gz"),
        (RawEvent, "part-4.ndjson"),
    ]
    for start in range(6):
        for stop in range(start, 7):
            assert [item for page in source.read(start, stop) for item in page.items] == found[start:stop]


@pytest.mark.parametrize("base", ["m", "u", "b", "f", "z", "k"])
def test_every_multibase_is_read(tmp_path: Path, base: str) -> None:
    found = making.events(open_text(tmp_path, line(MADE[0], base)))
    assert making.made_of(found[0]) == MADE[0]


def test_blank_lines_and_other_members_are_skipped(tmp_path: Path) -> None:
    first = line(MADE[0]).replace(b"{", b'{"seen": 1, ', 1)
    text = b"\n\r\n  \t\n" + first + b"\n" + line(MADE[1])[:-1] + b"\r\n \n" + line(MADE[2])[:-1]
    found = making.events(open_text(tmp_path, text))
    assert [making.made_of(event) for event in found] == MADE[:3]
    assert [text.index(line(made)[-30:-2]) > event.position for event, made in zip(found, MADE, strict=False)]


@pytest.mark.parametrize("claim", ["", '"cid": null, '])
def test_a_line_need_not_name_its_event(tmp_path: Path, claim: str) -> None:
    car = multibase.encode(making.archive([MADE[0]]), "m")
    (event,) = making.events(open_text(tmp_path, f'{{{claim}"car": "{car}"}}'.encode()))
    assert event.cid is None


@pytest.mark.parametrize(
    ("bad", "detail"),
    [
        (b"nonsense", "the line is not JSON"),
        (b'{"cid": "a', "the line is not JSON"),
        (b'{"car": "m\xff"}', "the line is not JSON"),
        (b"[" * 5000, "the line is not JSON"),
        (b"[]", 'the line is not {"cid": text, "car": text}'),
        (b'"car"', 'the line is not {"cid": text, "car": text}'),
        (b"{}", 'the line is not {"cid": text, "car": text}'),
        (b'{"car": 1}', 'the line is not {"cid": text, "car": text}'),
        (b'{"car": "mAAAA", "cid": 1}', 'the line is not {"cid": text, "car": text}'),
        (b'{"car": ""}', "the line can't be read: unknown multibase letter ''"),
        (b'{"car": "?AAAA"}', "the line can't be read: unknown multibase letter '?'"),
        (b'{"car": "f0"}', "the line can't be read: not multibase text"),
        (b'{"car": "mAAAA", "cid": "bafy"}', "the line can't be read"),
        (b'{"car": "z' + b"1" * 17_000 + b'"}', "car: multibase z takes too long for 17001 characters"),
    ],
)
def test_a_bad_line_is_damage(tmp_path: Path, bad: bytes, detail: str) -> None:
    first, last = line(MADE[0]), line(MADE[1])
    one, damage, two = making.items(open_text(tmp_path, first + bad + b"\n" + last))
    assert isinstance(damage, Damage)
    assert detail in damage.detail
    assert (damage.position, damage.length, damage.raw) == (len(first), len(bad) + 1, bad + b"\n")
    assert isinstance(one, RawEvent)
    assert isinstance(two, RawEvent)
    assert two.position == len(first) + len(bad) + 1


def test_a_line_over_the_limit_is_damage_and_never_held(tmp_path: Path) -> None:
    size = 60_000_000
    with (tmp_path / "made.ndjson").open("wb") as file:
        file.write(line(MADE[0]))
        for _ in range(60):
            file.write(b"x" * (size // 60))
        file.write(b"\n" + line(MADE[1]) + b" " * (MAX_LINE_BYTES + 1))
    tracemalloc.start()
    try:
        found = making.items(open_source(str(tmp_path / "made.ndjson"), tmp_path / "work"))
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()
    assert [type(item) for item in found] == [RawEvent, Damage, RawEvent, Damage]
    assert isinstance(found[1], Damage)
    assert (found[1].position, found[1].length) == (len(line(MADE[0])), size + 1)
    assert len(found[1].raw) == MAX_DAMAGE_BYTES
    assert found[1].detail == f"the line is over {MAX_LINE_BYTES} bytes"


@pytest.mark.parametrize(("size", "is_whole"), [(-1, True), (0, True), (1, False), (2, False)])
@pytest.mark.parametrize("end", [b"\n", b""])
def test_the_limit_of_a_line_counts_without_its_end(size: int, is_whole: bool, end: bytes) -> None:
    data = b"x" * (MAX_LINE_BYTES + size) + end
    (only,) = read_lines(io.BytesIO(data))
    assert (only.position, only.length, only.is_whole) == (0, len(data), is_whole)


def test_lines_follow_each_other_without_gap() -> None:
    text = b"".join(random.Random(1).choice([b"\n", b"ab\n", b"\r\n", b"  \n", b"c"]) for _ in range(500))
    found = list(read_lines(io.BytesIO(text)))
    assert b"".join(part.data for part in found).split() == text.split()
    for part in found:
        assert text[part.position : part.position + part.length] == part.data
        assert list(read_lines(io.BytesIO(text), part.position)) == found[found.index(part) :]


def test_a_gzip_file_that_ends_early_gives_what_it_has(tmp_path: Path) -> None:
    packed = gzip.compress(TEXT)
    source = open_text(tmp_path, packed[: len(packed) // 2], "made.ndjson.gz")
    found = making.items(source)
    assert isinstance(found[-1], Damage)
    assert found[-1].detail == "the gzip file ends early"
    events = [item for item in found if isinstance(item, RawEvent)]
    assert [making.made_of(event) for event in events] == MADE[: len(events)]
    assert found[-1].position > events[-1].position


def test_a_gzip_file_without_its_trailer_has_all_its_lines(tmp_path: Path) -> None:
    found = making.items(open_text(tmp_path, gzip.compress(TEXT)[:-8], "made.ndjson.gz"))
    assert [type(item) for item in found] == [RawEvent] * len(MADE) + [Damage]
    assert isinstance(found[-1], Damage)
    assert (found[-1].position, found[-1].length) == (len(TEXT), 0)


def test_a_corrupt_gzip_file_gives_what_stands_before(tmp_path: Path) -> None:
    noise = [making.data_event(number, 10) for number in range(400)]
    random.Random(2).shuffle(noise)
    packed = bytearray(gzip.compress(b"".join(line(made) for made in noise)))
    packed[len(packed) * 3 // 4] ^= 0xFF
    found = making.items(open_text(tmp_path, bytes(packed), "made.ndjson.gz"))
    events = [item for item in found if isinstance(item, RawEvent)]
    assert len(events) >= 200
    assert isinstance(found[-1], Damage)
    assert found[-1].detail.startswith("the gzip file is corrupt")


@pytest.mark.parametrize("padding", [b"", b"\0" * 700])
def test_members_of_a_gzip_file_follow_each_other(tmp_path: Path, padding: bytes) -> None:
    data = b"".join(gzip.compress(line(made)) for made in MADE) + padding
    found = making.events(open_text(tmp_path, data, "made.ndjson.gz"))
    assert [making.made_of(event) for event in found] == MADE


def test_garbage_behind_a_gzip_file_is_damage(tmp_path: Path) -> None:
    found = making.items(open_text(tmp_path, gzip.compress(TEXT) + b"garbage", "made.ndjson.gz"))
    assert [type(item) for item in found] == [RawEvent] * len(MADE) + [Damage]


def test_a_gzip_file_that_swells_is_unpacked_with_little_memory(tmp_path: Path) -> None:
    packed = gzip.compress(b" " * 30_000_000 + b"\n" + line(MADE[0]))
    assert len(packed) < 40_000
    tracemalloc.start()
    try:
        found = making.items(open_text(tmp_path, packed, "made.ndjson.gz"))
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()
    assert [type(item) for item in found] == [Damage, RawEvent]


@pytest.mark.parametrize("ratio", [1, 1 << 20, (1 << 20) - 1, (1 << 21) + 7])
def test_a_gzip_file_is_unpacked_to_the_last_byte(tmp_path: Path, ratio: int) -> None:
    text = b"x" * ratio
    found = making.items(open_text(tmp_path, gzip.compress(text), "made.ndjson.gz"))
    assert [item.length for item in found if isinstance(item, Damage)] == [ratio]


def test_a_full_disk_is_an_outside_error_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "made.ndjson.gz").write_bytes(gzip.compress(b"x" * 2_000_000))
    code = """
import resource, sys
from pathlib import Path
from ceramic_connectors.sources import open_source
from ceramic_protocol.errors import OutsideError
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
try:
    open_source(sys.argv[1], Path(sys.argv[2]))
except OutsideError as error:
    print(error)
"""
    done = making.run_python(code, tmp_path / "made.ndjson.gz", tmp_path / "work")
    expected = f"can't unpack {tmp_path}/made.ndjson.gz into {tmp_path}/work: File too large; "
    assert done.stdout.startswith(expected), done.stderr
    assert list((tmp_path / "work").iterdir()) == []


def test_a_file_that_changes_is_noticed(tmp_path: Path) -> None:
    source = open_text(tmp_path, TEXT)
    os.utime(tmp_path / "made.ndjson", ns=(1, 1))
    with pytest.raises(OutsideError, match="was changed while it was being read"):
        making.items(source)


def test_a_claimed_cid_is_kept_even_if_it_is_another(tmp_path: Path) -> None:
    other = Cid.of(b"other")
    car = multibase.encode(making.archive([MADE[0]]), "m")
    (event,) = making.events(open_text(tmp_path, json.dumps({"cid": str(other), "car": car}).encode()))
    assert event.cid == other
    assert ndjson.NdjsonFile is type(open_text(tmp_path, b""))
