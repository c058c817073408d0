from __future__ import annotations

import os
import pickle
import random
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ceramic_connectors import car_header
from ceramic_connectors.sources import open_source
from ceramic_protocol import car
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import OutsideError
from ceramic_protocol.events import InvalidEvent, decode_event
from ceramic_protocol.limits import MAX_BATCH_BYTES, MAX_BATCH_EVENTS, MAX_BLOCK_BYTES, MAX_SECTION_BYTES
from ceramic_protocol.ports import EventSource, RawEvent
from ceramic_protocol.reasons import Reason
from tests.connectors import making
from tests.support import corpus


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> EventSource:
    return open_source(f"car:{corpus.CAR}", tmp_path_factory.mktemp("work"))


def test_sample_has_the_events_of_its_header_in_order(sample: EventSource) -> None:
    in_car = [cid for cid, event in corpus.expected()["events"].items() if event.get("in_car") is not False]
    assert sample.count == len(in_car) == 2995
    assert [str(event.cid) for event in making.events(sample)] == in_car


def test_sample_events_are_those_of_the_lines(sample: EventSource) -> None:
    others = []
    for event in making.events(sample):
        line = car.decode(corpus.cars()[str(event.cid)])
        mine = car.decode(event.car)
        assert mine.roots == line.roots
        if dict(mine.blocks) != dict(line.blocks):
            assert dict(mine.blocks).items() <= dict(line.blocks).items()
            others.append(corpus.expected()["events"][str(event.cid)])
    # A broken path leads to fewer nodes than were written; an extra block belongs to no event.
    assert len(others) == 6
    for entry in others:
        assert entry["reason"] == "anchor_path_mismatch" or "car_block_order_and_extra_block" in entry["tags"]


def test_sample_events_decode_to_the_same_answers(sample: EventSource) -> None:
    for event in making.events(sample):
        mine, line = decode_event(event.car), decode_event(corpus.cars()[str(event.cid)])
        assert type(mine) is type(line)
        if isinstance(mine, InvalidEvent) and isinstance(line, InvalidEvent):
            assert mine.reason is line.reason


def test_positions_are_those_of_the_root_sections(sample: EventSource) -> None:
    data = corpus.CAR.read_bytes()
    for event in making.events(sample)[::50]:
        length, start = car.read_length(data, event.position)
        cid, _ = Cid.read(data, start)
        assert cid == event.cid
        assert length > 0
        assert event.source == str(corpus.CAR)


def test_any_stretch_can_be_read_by_itself(sample: EventSource) -> None:
    everything = making.items(sample)
    for start, stop in [(0, 1), (2990, 2995), (1234, 1300), (2994, 10_000), (50, 50), (5000, 6000)]:
        found = [item for page in sample.read(start, stop) for item in page.items]
        assert found == everything[start:stop]


def test_a_pickled_source_reads_the_same(sample: EventSource) -> None:
    copy: EventSource = pickle.loads(pickle.dumps(sample))
    assert making.items(copy) == making.items(sample)


def test_blocks_stand_in_the_usual_order_whatever_theirs_in_the_file(tmp_path: Path) -> None:
    made = making.mixture(40)
    blocks = [block for event in made for block in event.blocks]
    random.Random(1).shuffle(blocks)
    data = car.encode([event.root for event in made], blocks)
    assert [making.made_of(event) for event in making.events(making.open_bytes(tmp_path, data))] == made


@given(seed=st.integers(0, 2**32), extra=st.sampled_from(["", "twice", "long length", "bad payload"]))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_event_is_the_same_however_its_blocks_lie(tmp_path: Path, seed: int, extra: str) -> None:
    """Events as most writers leave them are cut out as they lie, all others put together block by block."""
    chance = random.Random(seed)
    made = making.mixture(12)
    sections = [
        [car.encode_section(*block) for block in chance.choice([event.blocks, event.blocks[::-1]])]
        for event in made
    ]
    if extra == "long length":
        sections = [[_with_long_length(section) for section in event] for event in sections]
    if extra == "bad payload":
        (cid, block), envelope = made[0].blocks
        bad = car.encode_section(cid, bytes([block[0] ^ 1]) + block[1:])
        sections[0] = [bad, car.encode_section(*envelope)]
        sections.append([car.encode_section(cid, block)])
    everything = [section for event in sections for section in event]
    everything += chance.sample(everything, 5) if extra == "twice" else []
    data = car.encode_header(event.root for event in made) + b"".join(everything)
    assert [making.made_of(event) for event in making.events(making.open_bytes(tmp_path, data))] == made


def _with_long_length(section: bytes) -> bytes:
    is_short = section[0] < 0x80
    return bytes([section[0] | 0x80, 0]) + section[1:] if is_short else section


@pytest.mark.parametrize("form", ["car:{}", "{}/*.car", "car:{}/part-?.car"])
def test_blocks_may_lie_in_another_file_of_the_source(tmp_path: Path, form: str) -> None:
    made = making.mixture(30)
    blocks = sorted({block for event in made for block in event.blocks})
    for number in range(3):
        roots = [event.root for event in made[number * 10 : number * 10 + 10]]
        (tmp_path / f"part-{number}.car").write_bytes(car.encode(roots, blocks[number::3]))
    (tmp_path / "other.txt").write_bytes(b"not an archive")
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "more.car").write_bytes(making.archive([making.init_event(99)]))
    source = open_source(form.format(tmp_path), tmp_path / "work")
    found = making.events(source)
    assert [making.made_of(event) for event in found] == made
    assert {Path(event.source).parent for event in found} == {tmp_path}


def test_a_root_without_a_block_is_an_event_all_the_same(tmp_path: Path) -> None:
    made = making.mixture(3)
    lost = Cid.of(b"lost")
    data = making.archive(made, [made[0].root, lost, made[1].root, made[2].root])
    event = making.events(making.open_bytes(tmp_path, data))[1]
    assert event == RawEvent(car.encode([lost], []), lost, str(tmp_path / "made.car"), 0)
    answer = decode_event(event.car)
    assert isinstance(answer, InvalidEvent)
    assert answer.reason is Reason.BLOCK_MISSING


def test_without_roots_the_blocks_that_look_like_events_are_the_events(tmp_path: Path) -> None:
    made = making.mixture(40)
    data = making.archive(made, [])
    found = making.items(making.open_bytes(tmp_path, data))
    assert [making.made_of(event) for event in found if isinstance(event, RawEvent)] == made
    assert len(found) == len(made)


def test_without_roots_the_sample_has_the_same_events(tmp_path: Path) -> None:
    data = corpus.CAR.read_bytes()
    length, start = car.read_length(data, 0)
    source = making.open_bytes(tmp_path, car.encode_header([]) + data[start + length :])
    found = {str(event.cid) for event in making.events(source)}
    expected = corpus.expected()["events"]
    known = {cid for cid, event in expected.items() if event.get("in_car") is not False}
    assert found <= known
    # A data event without envelope looks like the payload of one, and can't be valid.
    assert {expected[cid]["reason"] for cid in known - found} == {"data_event_unsigned"}
    assert source.count == len(found)


def test_a_payload_is_no_event_if_its_envelope_is_in_another_file(tmp_path: Path) -> None:
    init = making.signed({"header": {"controllers": [making.KID]}, "data": None})
    payload, envelope = init.blocks
    (tmp_path / "a.car").write_bytes(car.encode_header([]) + car.encode_section(*payload))
    (tmp_path / "b.car").write_bytes(car.encode([init.root], [envelope]))
    found = making.events(open_source(f"car:{tmp_path}", tmp_path / "work"))
    assert [making.made_of(event) for event in found] == [init]


@pytest.mark.parametrize("order", [1, -1])
def test_a_good_copy_of_a_block_wins_over_a_bad_one(tmp_path: Path, order: int) -> None:
    event = making.data_event(1)
    payload, envelope = event.blocks
    copies = [(payload[0], payload[1][:-1] + b"?"), payload][::order]
    source = making.open_bytes(tmp_path, car.encode([event.root], [copies[0], envelope, copies[1]]))
    assert [making.made_of(found) for found in making.events(source)] == [event]


def test_a_bad_block_is_passed_on_as_it_is(tmp_path: Path) -> None:
    event = making.data_event(1)
    payload, envelope = event.blocks
    bad = (payload[0], payload[1][:-1] + b"?")
    source = making.open_bytes(tmp_path, car.encode([event.root], [bad, envelope]))
    assert making.made_of(making.events(source)[0]).blocks == (bad, envelope)


def test_a_block_over_the_limit_of_blocks_is_passed_on(tmp_path: Path) -> None:
    event = making.data_event(1, MAX_BLOCK_BYTES)
    source = making.open_bytes(tmp_path, making.archive([event]))
    answer = decode_event(making.events(source)[0].car)
    assert isinstance(answer, InvalidEvent)
    assert answer.reason is Reason.BLOCK_TOO_LARGE


def test_an_event_over_the_limit_of_events_is_not_read_further(tmp_path: Path) -> None:
    payload = making.of({"id": making.STREAM, "prev": making.STREAM, "data": "x" * 100})
    huge = making.of({"payload": bytes(payload[0]), "signatures": ["x" * (MAX_SECTION_BYTES - 200)]}, 0x85)
    source = making.open_bytes(tmp_path, car.encode([huge[0]], [payload, huge]))
    assert making.events(source)[0].car == car.encode([huge[0]], [huge])


def test_batches_are_bounded(tmp_path: Path) -> None:
    made = [making.init_event(number) for number in range(2500)]
    source = making.open_bytes(tmp_path, making.archive(made))
    sizes = [len(page.items) for page in source.read(0, 2500)]
    assert sizes == [MAX_BATCH_EVENTS, MAX_BATCH_EVENTS, 500]
    large = [making.init_event(number, 1_000_000) for number in range(20)]
    for page in making.open_bytes(tmp_path, making.archive(large)).read(0, 20):
        sizes = [len(item.car) for item in page.items if isinstance(item, RawEvent)]
        assert sum(sizes) < MAX_BATCH_BYTES + 1_100_000


def test_a_large_header_is_read_piece_by_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(car_header, "_DECODED_AT_ONCE", 1000)
    made = making.mixture(1000)
    source = making.open_bytes(tmp_path, making.archive(made))
    assert [making.made_of(event) for event in making.events(source)] == made


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"\x65roots", b"\x65rootz"),
        (b"roots\x99", b"roots\x79"),
        (b"\x67version\x01", b"\x67version\x02"),
        (b"\xd8\x2a\x58\x25\x00", b"\xd8\x2b\x58\x25\x00"),
        (b"\x00\x01\x71\x12\x20", b"\x00\x01\x71\x12\x21"),
    ],
)
def test_a_large_header_that_is_not_usual_is_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: bytes, new: bytes
) -> None:
    monkeypatch.setattr(car_header, "_DECODED_AT_ONCE", 1000)
    made = making.mixture(300)
    data = making.archive(made)
    header_end = len(data) - len(making.archive(made, [])) + len(car.encode_header([]))
    at = data.rindex(old, 0, header_end)
    source = making.open_bytes(tmp_path, data[:at] + new + data[at + len(old) :])
    assert [making.made_of(event) for event in making.events(source)] == made
    assert [(item.position, item.length) for item in making.damages(source)] == [(0, header_end)]


def test_progress_goes_to_the_end(tmp_path: Path) -> None:
    made = [making.init_event(number, 200_000) for number in range(100)]
    (tmp_path / "made.car").write_bytes(making.archive(made))
    size = (tmp_path / "made.car").stat().st_size
    told: list[tuple[int, int]] = []
    open_source(str(tmp_path / "made.car"), tmp_path / "work", lambda done, total: told.append((done, total)))
    assert told == sorted(told)
    assert told[-1] == (size, size)


def test_a_file_that_changes_is_noticed(tmp_path: Path) -> None:
    source = making.open_bytes(tmp_path, making.archive(making.mixture(4)))
    os.utime(tmp_path / "made.car", ns=(1, 1))
    with pytest.raises(OutsideError, match=r"made\.car was changed while it was being read; start again"):
        making.items(source)


def test_an_index_that_is_gone_is_an_outside_error(tmp_path: Path) -> None:
    source = making.open_bytes(tmp_path, making.archive(making.mixture(4)))
    for path in (tmp_path / "work").iterdir():
        path.unlink()
    with pytest.raises(OutsideError, match="can't read the index"):
        making.items(source)


def test_memory_does_not_grow_with_the_archive(tmp_path: Path) -> None:
    with (tmp_path / "made.car").open("wb") as file:
        file.write(car.encode_header([]))
        for number in range(4_000):
            (block,) = making.init_event(number, 20_000).blocks
            file.write(car.encode_section(*block))
    assert (tmp_path / "made.car").stat().st_size > 80_000_000
    tracemalloc.start()
    try:
        source = open_source(str(tmp_path / "made.car"), tmp_path / "work")
        assert source.count == sum(len(page.items) for page in source.read(0, source.count)) == 4_000
        assert tracemalloc.get_traced_memory()[1] < 40_000_000
    finally:
        tracemalloc.stop()
