"""A folder of schemas: ids stay, several processes agree, and what a reader couldn't do with isn't kept."""

from __future__ import annotations

import json
import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from ceramic_connectors.records.avro_schema import avro_schema
from ceramic_connectors.records.errors import (
    SchemaIncompatibleError,
    SchemaInvalidError,
    SchemasError,
    SchemaUnknownError,
)
from ceramic_connectors.records.form import FormName, open_form
from ceramic_connectors.records.schema_folder import SchemaFolder
from ceramic_protocol.errors import OutsideError, UsageError
from ceramic_protocol.records import EVENT, HEARTBEAT, STATE
from ceramic_protocol.tables import Field
from tests.connectors.records.rows import sample, with_more, without
from tests.support.waiting import wait_until

NEW = with_more(HEARTBEAT, Field("novel", "utf8", True, "new"))


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_files_and_ids(tmp_path: Path) -> None:
    place = tmp_path / "not" / "yet"
    schemas = SchemaFolder(place)
    one, two = avro_schema(HEARTBEAT), avro_schema(NEW)
    assert not place.exists()
    assert [schemas.id_of("a-value", one), schemas.id_of("a-value", one)] == [1, 1]
    assert schemas.id_of("b-value", two) == 2
    assert schemas.id_of("b-value", one) == 1
    assert schemas.id_of("a-value", two) == 2
    assert files(place) == [
        *(".lock", "a-value/v1.avsc", "a-value/v2.avsc", "b-value/v1.avsc", "b-value/v2.avsc", "ids.json"),
    ]
    assert (place / "a-value/v1.avsc").read_text(encoding="utf-8") == one
    other = SchemaFolder(place)
    assert [other.schema_of(1), other.schema_of(2)] == [one, two]
    assert [other.id_of("a-value", two), other.id_of("b-value", one)] == [2, 1]
    assert pickle.loads(pickle.dumps(other)).schema_of(2) == two
    with pytest.raises(SchemaUnknownError, match="has no schema 3"):
        schemas.schema_of(3)


def test_records_from_one_process_to_another(tmp_path: Path) -> None:
    row = sample(EVENT)
    encoded = open_form(FormName.AVRO, SchemaFolder(tmp_path)).encode(EVENT, "t", row)
    assert open_form(FormName.AVRO, SchemaFolder(tmp_path)).decode(EVENT, "t", *encoded) == row


def test_an_id_that_comes_while_it_is_used(tmp_path: Path) -> None:
    reader = SchemaFolder(tmp_path)
    with pytest.raises(SchemaUnknownError):
        reader.schema_of(1)
    SchemaFolder(tmp_path).id_of("a-value", avro_schema(EVENT))
    assert reader.schema_of(1) == avro_schema(EVENT)


def _put_all(given: tuple[Path, int]) -> dict[str, int]:
    """Ids of twelve schemas under two subjects, put there in an order of one's own."""
    place, turn = given
    schemas = SchemaFolder(place)
    found = {}
    for step in range(12):
        number = (step * (2 * turn + 1) + turn) % 12
        table = with_more(HEARTBEAT, Field(f"f{number}", "utf8", True, ""))
        found[str(number)] = schemas.id_of(f"subject{number % 2}-value", avro_schema(table))
    return found


def test_processes_agree(tmp_path: Path) -> None:
    turns = [(tmp_path, turn) for turn in (0, 2, 3, 5)]
    with ProcessPoolExecutor(4, multiprocessing.get_context("spawn")) as processes:
        found = list(processes.map(_put_all, turns))
    assert all(each == found[0] for each in found)
    assert sorted(found[0].values()) == list(range(1, 13))
    for number, schema_id in found[0].items():
        assert f'"f{number}"' in SchemaFolder(tmp_path).schema_of(schema_id)
    index = json.loads((tmp_path / "ids.json").read_bytes())
    assert {name: len(ids) for name, ids in index["subjects"].items()} == {
        "subject0-value": 6,
        "subject1-value": 6,
    }


def _put_on_and_on(place: Path, start: int) -> None:
    schemas = SchemaFolder(place)
    for number in range(start, start + 100_000):
        novel = Field(f"f{number}", "utf8", True, "")
        schemas.id_of(f"subject{number}-value", avro_schema(with_more(HEARTBEAT, novel)))


def test_processes_that_are_killed(tmp_path: Path) -> None:
    """Whatever they were at: every id has its schema, and the next one goes on."""
    context = multiprocessing.get_context("spawn")
    for turn in range(5):
        enough = len(files(tmp_path)) + 8 + turn
        process = context.Process(target=_put_on_and_on, args=(tmp_path, turn * 100_000))
        process.start()
        wait_until(partial(_has_files, tmp_path, enough))
        process.kill()
        process.join()
        process.close()
        SchemaFolder(tmp_path).id_of(f"last{turn}-value", avro_schema(HEARTBEAT))
        index = json.loads((tmp_path / "ids.json").read_bytes())
        assert list(map(int, index["files"])) == list(range(1, len(index["files"]) + 1))
        for number in index["files"]:
            assert json.loads(SchemaFolder(tmp_path).schema_of(int(number)))["name"] == "Heartbeat"


def _has_files(folder: Path, count: int) -> bool:
    return len(files(folder)) >= count


def test_threads_agree(tmp_path: Path) -> None:
    schemas = SchemaFolder(tmp_path)
    with ThreadPoolExecutor(8) as threads:
        found = set(threads.map(lambda _: schemas.id_of("a-value", avro_schema(EVENT)), range(50)))
    assert found == {1}


def test_what_was_left_behind_by_a_crash_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "a-value").mkdir()
    (tmp_path / "a-value" / "v1.avsc").write_text("half")
    (tmp_path / "a-value" / ".v1.avsc.new").write_text("ha")
    (tmp_path / ".ids.json.new").write_text("{")
    assert SchemaFolder(tmp_path).id_of("a-value", avro_schema(EVENT)) == 1
    assert SchemaFolder(tmp_path).schema_of(1) == avro_schema(EVENT)


def test_a_schema_that_can_t_read_what_is_there(tmp_path: Path) -> None:
    schemas = SchemaFolder(tmp_path)
    schemas.id_of("t-value", avro_schema(without(HEARTBEAT, "ts_ms")))
    with pytest.raises(SchemaIncompatibleError, match=r"t-value in .*version 1 wrote \(ts_ms is new"):
        schemas.id_of("t-value", avro_schema(HEARTBEAT))
    with pytest.raises(SchemaIncompatibleError, match="was a Heartbeat, and is a State"):
        open_form(FormName.AVRO, schemas).encode(STATE, "t", sample(STATE))
    assert schemas.id_of("other-value", avro_schema(HEARTBEAT)) == 2


def test_what_is_no_schema(tmp_path: Path) -> None:
    schemas = SchemaFolder(tmp_path)
    schemas.id_of("t-value", avro_schema(HEARTBEAT))
    for text in ("", "{", '{"type":"record","name":"Heartbeat"}'):
        with pytest.raises(SchemaInvalidError):
            schemas.id_of("t-value", text)


@pytest.mark.parametrize("subject", ["", ".", "..", "../a", "a/b", "/a", ".lock", "a\n", "ä", "a" * 256])
def test_subjects_that_are_no_folders(tmp_path: Path, subject: str) -> None:
    with pytest.raises(UsageError, match="can't be a subject"):
        SchemaFolder(tmp_path / "schemas").id_of(subject, avro_schema(EVENT))
    assert files(tmp_path) == []


@pytest.mark.parametrize(
    "index",
    [
        "",
        "[]",
        "{}",
        '{"files":{"1":5},"subjects":{}}',
        '{"files":{"x":"a/v1.avsc"},"subjects":{}}',
        '{"files":{"1":"../../secret/v1.avsc"},"subjects":{"a":[1]}}',
        '{"files":{},"subjects":{"a":[1]}}',
        '{"files":{},"subjects":{"a":5}}',
    ],
)
def test_an_index_that_is_none(tmp_path: Path, index: str) -> None:
    (tmp_path / "ids.json").write_text(index)
    schemas = SchemaFolder(tmp_path)
    with pytest.raises(SchemasError, match="is no index of schemas"):
        schemas.schema_of(1)
    with pytest.raises(SchemasError, match="is no index of schemas"):
        schemas.id_of("a-value", avro_schema(EVENT))


def test_a_schema_that_is_gone(tmp_path: Path) -> None:
    SchemaFolder(tmp_path).id_of("a-value", avro_schema(EVENT))
    (tmp_path / "a-value" / "v1.avsc").unlink()
    with pytest.raises(OutsideError, match=r"can't read .*v1\.avsc"):
        SchemaFolder(tmp_path).schema_of(1)


def test_a_place_that_can_t_be_one(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutsideError, match="can't keep a schema"):
        SchemaFolder(tmp_path / "file").id_of("a-value", avro_schema(EVENT))
