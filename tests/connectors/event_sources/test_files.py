"""Archives and tables, held to what every source promises."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ceramic_connectors.sources import open_source
from ceramic_protocol import car
from ceramic_protocol.built import BuiltEvent
from ceramic_protocol.errors import OutsideError
from ceramic_protocol.multibase import encode
from ceramic_protocol.ports import Damage, EventSource, RawEvent
from tests.connectors.event_sources.source_contract import SourceContract, items_of, signed_events
from tests.support.export import write_ndjson


class TestCar(SourceContract):
    @classmethod
    @contextmanager
    def opened(cls, folder: Path, events: Sequence[BuiltEvent]) -> Iterator[EventSource]:
        blocks = [block for event in events for block in car.decode(event.car).blocks]
        (folder / "made.car").write_bytes(
            car.encode_header([event.cid for event in events])
            + b"".join(car.encode_section(*block) for block in dict(blocks).items())
        )
        yield open_source(f"car:{folder}", folder / "work")

    @classmethod
    @contextmanager
    def damaged(cls, folder: Path, before: BuiltEvent, after: BuiltEvent) -> Iterator[EventSource]:
        for name, data in [("a", before.car), ("b", b"\xff" * 300), ("c", after.car)]:
            (folder / f"{name}.car").write_bytes(data)
        yield open_source(f"car:{folder}", folder / "work")


class TestNdjson(SourceContract):
    @classmethod
    @contextmanager
    def opened(cls, folder: Path, events: Sequence[BuiltEvent]) -> Iterator[EventSource]:
        write_ndjson(folder / "made.ndjson.gz", [(str(event.cid), event.car) for event in events])
        yield open_source(f"ndjson:{folder / 'made.ndjson.gz'}", folder / "work")

    @classmethod
    @contextmanager
    def damaged(cls, folder: Path, before: BuiltEvent, after: BuiltEvent) -> Iterator[EventSource]:
        lines = [
            json.dumps({"cid": str(event.cid), "car": encode(event.car, "m")}) for event in (before, after)
        ]
        (folder / "made.ndjson").write_text("\n{]\n".join(lines))
        yield open_source(f"ndjson:{folder / 'made.ndjson'}", folder / "work")


def write_rows(path: Path, rows: Sequence[tuple[bytes | None, bytes | None]], group: int = 700) -> None:
    """A Parquet file of CARs and CIDs."""
    cars, cids = zip(*rows, strict=True) if rows else ((), ())
    columns = {"event_cid": pa.array(cids, pa.binary()), "car": pa.array(cars, pa.binary())}
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({"day": pa.array([1] * len(rows)), **columns}), path, row_group_size=group)


def rows_of(events: Sequence[BuiltEvent]) -> list[tuple[bytes | None, bytes | None]]:
    return [(event.car, bytes(event.cid)) for event in events]


class TestParquet(SourceContract):
    @classmethod
    @contextmanager
    def opened(cls, folder: Path, events: Sequence[BuiltEvent]) -> Iterator[EventSource]:
        write_rows(folder / "events" / "a.parquet", rows_of(events[:100]))
        write_rows(folder / "events" / "b" / "c.parquet", rows_of(events[100:]))
        yield open_source(f"parquet:{folder}", folder / "work")

    @classmethod
    @contextmanager
    def damaged(cls, folder: Path, before: BuiltEvent, after: BuiltEvent) -> Iterator[EventSource]:
        write_rows(folder / "a.parquet", [*rows_of([before]), (None, None), *rows_of([after])])
        yield open_source(f"{folder}/a.parquet", folder / "work")


def test_only_what_a_manifest_lists_is_read(tmp_path: Path) -> None:
    for name in ("events/1.parquet", "events/2.parquet", "tips/1.parquet"):
        write_rows(tmp_path / name, rows_of(signed_events()[:3]))
    manifest = {"made_by": "ceramic-streams", "files": {"events/2.parquet": 1, "tips/1.parquet": 1}}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    source = open_source(f"parquet:{tmp_path}", tmp_path / "work")
    assert {item.source for item in items_of(source, 0, 10)} == {f"{tmp_path}/events/2.parquet"}


@pytest.mark.parametrize(
    ("manifest", "told"),
    [
        (b"{", "doesn't list files"),
        (b'{"files": 7}', "doesn't list files"),
        (b'{"files": [7]}', "doesn't list files"),
        (b'{"files": {"../a.parquet": 1}}', "outside of its folder"),
        (b'{"files": {"/a.parquet": 1}}', "outside of its folder"),
        (b'{"files": {"events/gone.parquet": 1}}', "there is no file"),
        (b'{"files": {}}', "no file in the folder"),
    ],
)
def test_manifests_that_make_no_sense(tmp_path: Path, manifest: bytes, told: str) -> None:
    write_rows(tmp_path / "a.parquet", rows_of(signed_events()[:3]))
    (tmp_path / "manifest.json").write_bytes(manifest)
    with pytest.raises(OutsideError, match=told):
        open_source(f"parquet:{tmp_path}", tmp_path / "work")


def test_columns_have_to_be_there_and_of_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    for columns, told in [
        ({"cid": [b"x"]}, "no column car"),
        ({"car": ["x"]}, "column car of string"),
        ({"car": [b"x"], "event_cid": [1]}, "column event_cid of int64"),
    ]:
        pq.write_table(pa.table(columns), path)
        with pytest.raises(OutsideError, match=told):
            open_source(str(path), tmp_path / "work")


def test_large_binary_and_no_cid(tmp_path: Path) -> None:
    cars = [event.car for event in signed_events()[:3]]
    pq.write_table(pa.table({"car": pa.array(cars, pa.large_binary())}), tmp_path / "a.parquet")
    found = items_of(open_source(f"parquet:{tmp_path}", tmp_path / "work"), 0, 10)
    assert [(item.car, item.cid, item.position) for item in found if isinstance(item, RawEvent)] == [
        (car, None, number) for number, car in enumerate(cars)
    ]


@pytest.mark.parametrize("cut", [0, 3, 100, 0.5, -1])
def test_a_file_that_is_cut_or_changed_is_an_error_of_ours(tmp_path: Path, cut: float) -> None:
    path = tmp_path / "a.parquet"
    write_rows(path, rows_of(signed_events()[:300]))
    source = open_source(str(path), tmp_path / "work")
    data = path.read_bytes()
    path.write_bytes(data[: int(cut * len(data)) if 0 < cut < 1 else int(cut)])
    with pytest.raises(OutsideError, match="was changed"):
        items_of(source, 0, source.count)
    with pytest.raises(OutsideError, match="can't be read as Parquet"):
        open_source(str(path), tmp_path / "work")


def test_a_cid_that_is_none_is_damage(tmp_path: Path) -> None:
    write_rows(tmp_path / "a.parquet", [(b"x", b"y")])
    (found,) = items_of(open_source(f"parquet:{tmp_path}", tmp_path / "work"), 0, 1)
    assert isinstance(found, Damage)
