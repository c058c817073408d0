from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ceramic_connectors.parquet import PartWriter, write_parquet
from ceramic_connectors.tables import arrow_schema
from ceramic_protocol.errors import OutsideError
from ceramic_protocol.tables import CONCLUSION_EVENTS, EVENT_STATES, STREAM_TIPS, TABLES, Table
from tests.connectors import making

SMALL = pa.schema([pa.field("number", pa.uint64(), nullable=False), pa.field("data", pa.binary())])


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_table_has_a_schema_without_metadata(table: Table) -> None:
    schema = arrow_schema(table)
    assert tuple(schema.names) == table.names
    assert [field.nullable for field in schema] == [field.nullable for field in table.fields]
    assert schema.metadata is None
    assert all(field.metadata is None for field in schema)


def test_the_types_are_those_of_ceramic_one() -> None:
    schema = arrow_schema(EVENT_STATES)
    assert (
        str(schema.field("conclusion_event_order"))
        == "pyarrow.Field<conclusion_event_order: uint64 not null>"
    )
    assert schema.field("event_height").type == pa.uint32()
    assert schema.field("stream_type").type == pa.uint8()
    errors = schema.field("validation_errors").type
    assert (errors.value_field.name, errors.value_type, errors.value_field.nullable) == (
        "item",
        pa.utf8(),
        True,
    )
    tips = arrow_schema(STREAM_TIPS).field("tips").type
    assert (tips.value_field.name, tips.value_type, tips.value_field.nullable) == ("item", pa.binary(), False)


def test_dimensions_are_a_map_of_text_to_dictionary_encoded_bytes() -> None:
    dimensions = arrow_schema(CONCLUSION_EVENTS).field("dimensions")
    assert dimensions.nullable
    kind = dimensions.type
    assert (kind.key_field.name, kind.key_type, kind.key_field.nullable) == ("key", pa.utf8(), False)
    assert kind.item_type == pa.dictionary(pa.int32(), pa.binary())
    assert (kind.item_field.name, kind.item_field.nullable) == ("value", True)
    assert not kind.keys_sorted
    assert "entries: struct<key: string not null" in arrow_schema(CONCLUSION_EVENTS).to_string()


def batch(*numbers: int) -> pa.RecordBatch:
    return pa.record_batch([pa.array(numbers, pa.uint64()), pa.array([b"x"] * len(numbers))], schema=SMALL)


def dimensions_batch(schema: pa.Schema, model: bytes) -> pa.RecordBatch:
    values = pa.DictionaryArray.from_arrays(pa.array([0, None], pa.int32()), pa.array([model]))
    keys = pa.array(["model", "context"])
    return pa.record_batch(
        [pa.MapArray.from_arrays(pa.array([0, 2], pa.int32()), keys, values, type=schema.field(0).type)],
        schema=schema,
    )


def test_rows_come_back(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    assert write_parquet(path, SMALL, iter([batch(1, 2), batch(), batch(3)])) == 3
    table = pq.read_table(path)
    assert table.schema == SMALL
    assert table.column("number").to_pylist() == [1, 2, 3]
    metadata = pq.ParquetFile(path).metadata
    assert metadata.num_row_groups == 1
    assert metadata.row_group(0).column(0).compression == "ZSTD"


def test_a_table_without_rows_has_its_columns(tmp_path: Path) -> None:
    assert write_parquet(tmp_path / "t.parquet", SMALL, []) == 0
    assert pq.read_schema(tmp_path / "t.parquet") == SMALL


def test_dictionaries_may_differ_between_batches(tmp_path: Path) -> None:
    schema = pa.schema([arrow_schema(CONCLUSION_EVENTS).field("dimensions")])
    batches = [dimensions_batch(schema, model) for model in (b"one", b"two", b"one")]
    assert write_parquet(tmp_path / "t.parquet", schema, batches) == 3
    table = pq.read_table(tmp_path / "t.parquet")
    assert table.schema.field(0).type.equals(schema.field(0).type)
    assert [dict(row)["model"] for row in table.column(0).to_pylist()] == [b"one", b"two", b"one"]


def test_row_groups_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ceramic_connectors.parquet._GROUP_ROWS", 10)
    write_parquet(tmp_path / "rows.parquet", SMALL, [batch(*range(4))] * 9)
    metadata = pq.ParquetFile(tmp_path / "rows.parquet").metadata
    assert [metadata.row_group(index).num_rows for index in range(3)] == [12, 12, 12]
    monkeypatch.setattr("ceramic_connectors.parquet._GROUP_BYTES", 1)
    write_parquet(tmp_path / "bytes.parquet", SMALL, [batch(*range(4))] * 9)
    assert pq.ParquetFile(tmp_path / "bytes.parquet").metadata.num_row_groups == 9


def test_row_groups_of_several_files_at_once_stay_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ceramic_connectors.parquet._GROUP_ROWS", 2)
    numbers = range(60)
    with ExitStack() as stack:
        writers = [
            stack.enter_context(PartWriter(tmp_path / f"{index}.parquet", SMALL)) for index in range(5)
        ]
        for number in numbers:
            for index, writer in enumerate(writers):
                writer.add(batch(number, number + index))
        for writer in writers:
            writer.flush()
    for index in range(5):
        table = pq.read_table(tmp_path / f"{index}.parquet")
        assert table.column("number").to_pylist() == [each for n in numbers for each in (n, n + index)]


def test_a_failure_leaves_no_file(tmp_path: Path) -> None:
    def failing() -> Iterator[pa.RecordBatch]:
        yield batch(1)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_parquet(tmp_path / "t.parquet", SMALL, failing())
    with pytest.raises(OutsideError) as caught:
        write_parquet(tmp_path / "none" / "t.parquet", SMALL, [batch(1)])
    expected = f"can't write {tmp_path}/none/t.parquet: No such file or directory; check the path"
    assert str(caught.value) == expected
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_an_outside_error_and_leaves_no_file(tmp_path: Path) -> None:
    code = """
import os, resource, sys
from pathlib import Path
import pyarrow as pa
from ceramic_connectors.parquet import PartWriter, write_parquet
from ceramic_protocol.errors import OutsideError
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
batch = pa.record_batch([pa.array([os.urandom(100_000)])], names=["a"])
try:
    write_parquet(Path(sys.argv[1]), batch.schema, [batch])
except OutsideError as error:
    print(error)
"""
    done = making.run_python(code, tmp_path / "t.parquet")
    assert done.stdout.startswith(f"can't write {tmp_path}/t.parquet: File too large; "), done.stderr
    assert list(tmp_path.iterdir()) == []
