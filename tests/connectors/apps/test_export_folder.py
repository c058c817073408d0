"""From exported Parquet into tables: both databases, and the views of the sandbox, hold the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ceramic_connectors.apps import AppStore, Kind, StreamState, load_export, open_store
from ceramic_connectors.apps.columns import ModelTable
from ceramic_connectors.apps.export_folder import ExportFolder
from ceramic_connectors.apps.sandbox import Sandbox
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import OutsideError, UsageError
from tests.support import corpus
from tests.support.apps import (
    contents,
    definition,
    document,
    gone,
    model,
    model_id,
    stream_id,
    tip,
    write_export,
)
from tests.support.export import export
from tests.support.postgres import Server
from tests.support.replay import check_against_states

MakeFolder: TypeAlias = Callable[[], Path]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample") / "tables"
    export(f"ndjson:{corpus.NDJSON}", folder)
    return folder


def states_of(folder: Path) -> list[StreamState]:
    return [state for batch in ExportFolder.open(folder).states() for state in batch]


def view_rows(sandbox: Sandbox, table: ModelTable) -> list[dict[str, Any]]:
    """Rows of a model's view, JSON as values."""
    result = sandbox.run(f"SELECT * FROM {table.name} ORDER BY stream_id")
    assert result.columns == [column.name for column in table.columns]
    rows = []
    for row in result.rows:
        values = [
            json.loads(value) if column.kind.is_json and value is not None else value
            for column, value in zip(table.columns, row, strict=True)
        ]
        rows.append(dict(zip(result.columns, values, strict=True)))
    return rows


def test_the_sample_is_the_same_everywhere(sample: Path, store: AppStore) -> None:
    applied = load_export(sample, store)
    states = states_of(sample)
    assert check_against_states(store, states) == applied.written > 350
    with Sandbox(ExportFolder.open(sample)) as sandbox:
        assert {table.name: table for table in sandbox.models} == {
            table.name: table for table in store.tables().values()
        }
        for table in sandbox.models:
            assert view_rows(sandbox, table) == list(store.rows(table.name))
        catalogue = sandbox.run("SELECT stream_id, table_name, name, tip FROM models ORDER BY table_name")
        assert [row[:2] for row in catalogue.rows] == [
            (table.model, table.name) for table in store.tables().values()
        ]


def test_both_databases_equal_each_other_and_stream_states(sample: Path, postgres: Server) -> None:
    with open_store("duckdb::memory:") as one, open_store(postgres.url, schema="equal") as other:
        load_export(sample, one)
        load_export(sample, other)
        assert contents(one) == contents(other)
        rows = {row["stream_id"]: row for table in one.tables() for row in one.rows(table)}
    parquet = pq.read_table(sample / "stream_states").to_pylist()
    wanted = {}
    for state in parquet:
        data = json.loads(state["data"] or "{}")
        if state["stream_type"] == 3 and data["metadata"]["shouldIndex"]:
            wanted[state["stream_id"]] = state, data["content"]
    assert rows.keys() == wanted.keys()
    for stream, (state, content) in wanted.items():
        found = rows[stream]
        assert found["content"] == content
        assert (found["controller"], found["tip"]) == (state["controller"], str(Cid(state["event_cid"])))
        assert found["height"] == state["event_height"]
        for name in ("anchored_at", "first_anchored_at", "last_anchored_at"):
            assert found[name] == moment(state[name])
        assert found["created_at"] == moment(state["first_anchored_at"])
        assert found["updated_at"] == moment(state["last_anchored_at"])


def moment(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def test_loading_again_changes_nothing_and_an_older_export_is_ignored(sample: Path, store: AppStore) -> None:
    load_export(sample, store)
    before = contents(store)
    assert load_export(sample, store).stale == 0
    assert contents(store) == before
    older = load_export(sample, store, version=1)
    assert (older.written, older.stale) == (0, len(states_of(sample)))
    assert contents(store) == before


def test_a_later_export_takes_back_what_lost_its_init_event(store: AppStore, tmp_path: Path) -> None:
    text = definition("Note", {"text": {"type": "string"}})
    first = [model("m", text), document("a", "m", {"text": "a"}), document("b", "m", {"text": "b"})]
    load_export(write_export(tmp_path / "1", first), store)
    second = [model("m", text), gone("a", 1)]
    seen: list[int] = []
    later = write_export(tmp_path / "2", second, as_of="2026-02-01T00:00:00.5+01:00")
    applied = load_export(later, store, progress=seen.append)
    assert (applied.removed, sum(seen)) == (1, 2)
    # What an export doesn't know stays.
    assert [row["text"] for row in store.rows("Note")] == ["b"]


def test_a_state_of_a_row_is_the_state_that_was_written(tmp_path: Path) -> None:
    state = document(
        "a",
        "m",
        {"text": "é", "n": [1, 2.5, None]},
        version=1767225600000000,
        height=1,
        should_index=False,
        context=stream_id("context"),
        unique_base64="AQI=",
        model_version=tip("m", 1),
        anchored_at=3,
        first_anchored_at=2,
        last_anchored_at=3,
    )
    folder = write_export(tmp_path / "x", [state, gone("b", 1767225600000000)])
    assert states_of(folder) == [state, gone("b", 1767225600000000)]


HOSTILE_FIELDS = {
    "text": {"type": "string"},
    "whole": {"type": "integer"},
    "number": {"type": "number"},
    "flag": {"type": "boolean"},
    "any": {},
    "quo\"te'; --": {"type": "string"},
    "a/b~c": {"type": "integer"},
    "0": {"type": "string"},
    "": {"type": "string"},
    "*": {"type": "string"},
    "$.x": {"type": "string"},
    "n\0ul": {"type": "string"},
    "Text": {"type": "string"},
    "content": {"type": "string"},
    "x" * 100: {"type": "boolean"},
}
SCALARS: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, 1, -1, 2**53 + 1, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2**64 - 1, -(2**64)]),
    st.sampled_from([0.0, -0.0, 1.0, 0.5, 1e21, 2.0**63, -(2.0**63), 9.3e18, 5e-324, 1.7976931348623157e308]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(
        ["", "a", "null", "1", "true", "a\0b", "\\u0000", "\\\\u0000", '"', "🦄", "\x7f\x01\n", "\ufffd"]
    ),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b\0", "/"]), inner, max_size=2)
    ),
    max_leaves=4,
)
CONTENTS = st.dictionaries(st.sampled_from([*HOSTILE_FIELDS, "other"]), VALUES) | VALUES


@pytest.fixture
def folders(tmp_path: Path) -> MakeFolder:
    numbers = iter(range(10**6))
    return lambda: tmp_path / str(next(numbers))


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(CONTENTS, min_size=5, max_size=20))
def test_views_convert_every_value_as_stores_do(
    folders: MakeFolder, postgres: Server, values: list[Any]
) -> None:
    folder = write_export(
        folders(),
        [
            model("m", definition("Hostile", HOSTILE_FIELDS)),
            *(document(str(number), "m", value, controller="did:\0") for number, value in enumerate(values)),
        ],
    )
    schema = f"views_{folder.name}"
    with open_store("duckdb::memory:") as one, open_store(postgres.url, schema=schema) as other:
        load_export(folder, one)
        load_export(folder, other)
        rows = list(one.rows("Hostile"))
        assert rows == list(other.rows("Hostile"))
        assert [row["content"] for row in rows] == [row["content"] for row in other.rows("Hostile")]
        with Sandbox(ExportFolder.open(folder)) as sandbox:
            (table,) = sandbox.models
            assert table == one.table("Hostile")
            assert view_rows(sandbox, table) == rows
    by_stream = {stream_id(str(number)): value for number, value in enumerate(values)}
    for row in rows:
        assert row["content"] == by_stream[row["stream_id"]]
        check_columns(table, row)


def check_columns(table: ModelTable, row: dict[str, Any]) -> None:
    """Every value is in its column, or the column is named as unfit; a number is the nearest double."""
    members = row["content"] if isinstance(row["content"], dict) else {}
    for column in table.fields:
        value = members.get(column.field)
        if column.name in (row["unfit"] or ()):
            assert row[column.name] is None
            assert value is not None
        elif column.kind is Kind.DOUBLE and value is not None:
            assert row[column.name] == float(value)
        else:
            assert row[column.name] == value


def test_what_is_no_export_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutsideError, match="No such file"):
        ExportFolder.open(tmp_path / "nowhere")
    (tmp_path / "file").touch()
    for path in (tmp_path, tmp_path / "file"):
        with pytest.raises(UsageError, match="holds no export"):
            ExportFolder.open(path)
    (tmp_path / "manifest.json").write_text('{"as_of": 7}')
    with pytest.raises(UsageError, match="holds no export"):
        ExportFolder.open(tmp_path)


def test_a_damaged_export_is_a_failure_of_the_outside(tmp_path: Path, store: AppStore) -> None:
    folder = write_export(tmp_path / "x", [model("m", definition("M", {}))])
    (file,) = (folder / "stream_states").iterdir()
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(OutsideError, match="stream_states"):
        load_export(folder, store)
    with pytest.raises(OutsideError, match="can't read the export"):
        Sandbox(ExportFolder.open(folder))
    file.unlink()
    with pytest.raises(OutsideError, match="lacks the table stream_states"):
        load_export(folder, store)
    assert store.tables() == {}
    assert model_id("m") not in store.waiting()
