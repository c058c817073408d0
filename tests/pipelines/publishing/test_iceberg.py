"""What only Iceberg has: types, snapshots, partitions, other writers."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from ceramic_connectors.publishing import iceberg_exchange
from ceramic_connectors.publishing.iceberg_schema import rows_as
from ceramic_protocol.errors import OutsideError, UsageError
from ceramic_protocol.tables import TABLES
from tests.support.published import Place, assert_same_rows, comparable, exported

KEYS = {
    "conclusion_events": "event_cid",
    "event_states": "event_cid",
    "stream_tips": "stream_cid",
    "stream_states": "stream_cid",
    "rejected": None,
}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place.iceberg(tmp_path / "iceberg")


def test_types_and_keys(mixed: list[Path], place: Place) -> None:
    place.publish(mixed[0])
    with closing(place.catalog()) as catalog:
        schema = catalog.load_table("ceramic.event_states").schema()
        types = {field.name: (str(field.field_type), field.required) for field in schema.fields}
        keys = {
            table.name: catalog.load_table(f"ceramic.{table.name}").schema().identifier_field_names()
            for table in TABLES
        }
    assert types["conclusion_event_order"] == ("long", True)
    assert types["stream_type"] == ("int", True)
    assert types["event_height"] == ("long", False)
    assert types["dimensions"] == ("map<string, binary>", False)
    assert types["validation_errors"] == ("list<string>", False)
    assert keys == {name: set() if key is None else {key} for name, key in KEYS.items()}


def test_what_tells_rows_apart_does(mixed: list[Path], sample: list[Path]) -> None:
    for folder in (mixed[-1], sample[-1]):
        for name, rows in exported(folder).items():
            key = KEYS[name]
            assert key is None or len({row[key] for row in rows}) == len(rows)


def test_each_version_is_one_snapshot_that_can_be_read_later(mixed: list[Path], place: Place) -> None:
    for version in mixed:
        place.publish(version)
    with closing(place.catalog()) as catalog:
        for table in TABLES:
            iceberg = catalog.load_table(f"ceramic.{table.name}")
            told = [snapshot.summary for snapshot in iceberg.snapshots()]
            numbers = [int(summary["ceramic.version"] or "") for summary in told if summary is not None]
            assert numbers == sorted(set(numbers))
            for snapshot, number in zip(iceberg.snapshots(), numbers, strict=True):
                read = iceberg.scan(snapshot_id=snapshot.snapshot_id).to_arrow().to_pylist()
                assert comparable(read) == comparable(exported(mixed[number - 1])[table.name])
        assert numbers[0] == 1


def test_partitions_are_those_of_the_export(sample: list[Path], place: Place) -> None:
    place.publish(sample[-1])
    with closing(place.catalog()) as catalog:
        iceberg = catalog.load_table("ceramic.event_states")
        assert [field.name for field in iceberg.spec().fields] == ["model", "day"]
        days = set(iceberg.scan(selected_fields=("day",)).to_arrow()["day"].to_pylist())
        day = min(days - {"unanchored"})
        planned = list(iceberg.scan(row_filter=f"day = '{day}'").plan_files())
        every = list(iceberg.scan().plan_files())
        read = iceberg.scan(row_filter=f"day = '{day}'").to_arrow().to_pylist()
        assert [field.name for field in catalog.load_table("ceramic.rejected").spec().fields] == []
    assert 0 < len(planned) < len(every)
    assert all(f"day={day}" in task.file.file_path for task in planned)
    assert read
    assert all(row["day"] == day for row in read)


def test_what_others_wrote_is_replaced(mixed: list[Path], place: Place) -> None:
    place.publish(mixed[0])
    with closing(place.catalog()) as catalog:
        catalog.load_table("ceramic.event_states").delete("canonical = true")
    assert place.publish(mixed[0]) == ["event_states"]
    assert_same_rows(place.rows(), exported(mixed[0]))
    with closing(place.catalog()) as catalog:
        catalog.load_table("ceramic.stream_states").delete("stream_type = 3")
    place.publish(mixed[1])
    assert_same_rows(place.rows(), exported(mixed[1]))


def test_of_two_that_publish_at_once_one_is_told_so(
    mixed: list[Path], place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = iceberg_exchange._commit

    def overtaken(later: Path) -> Callable[..., None]:
        def second(*args: Any) -> None:
            monkeypatch.setattr(iceberg_exchange, "_commit", commit)
            place.publish(later)
            commit(*args)

        return second

    for version, later in ((mixed[0], mixed[0]), (mixed[1], mixed[2])):
        monkeypatch.setattr(iceberg_exchange, "_commit", overtaken(later))
        with pytest.raises(OutsideError, match="somebody else has changed it meanwhile; run it again"):
            place.publish(version)
        assert_same_rows(place.rows(), exported(later))


def test_a_number_that_no_long_has_is_refused() -> None:
    batch = pa.RecordBatch.from_pydict({"before": pa.array([None, 1 << 63], pa.uint64())})
    schema = pa.schema([("before", pa.int64())])
    with pytest.raises(OutsideError, match="before in a file has a value that Iceberg's int64 can't hold"):
        list(rows_as(schema, [batch], {}, "a file"))


def test_a_catalog_that_is_not_configured_or_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"can't open the catalog nowhere: .*--catalog-property uri="):
        Place("iceberg:nowhere").open()
    lost = Place("iceberg:lost", properties={"uri": f"sqlite:///{tmp_path}/no/such/folder.db"})
    with pytest.raises(OutsideError, match="can't open the catalog lost"):
        lost.open()
