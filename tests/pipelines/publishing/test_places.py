"""In each place the tables are those of the version, whatever they were before."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from ceramic_connectors.chain import FileChain
from ceramic_connectors.publishing import ExportVersion, open_tables
from ceramic_pipelines.compacting import run_compact
from ceramic_protocol.errors import OutsideError, UsageError
from ceramic_protocol.tables import TABLES
from tests.support import corpus
from tests.support.export import write_ndjson
from tests.support.increments import NOW, Step
from tests.support.published import Place, assert_same_rows, exported

ALL = [table.name for table in TABLES]


def changed(version: Path, folder: Path, /, **members: Any) -> Path:
    """A copy of a version with other members in its manifest."""
    shutil.copytree(version, folder)
    told = json.loads((folder / "manifest.json").read_bytes())
    (folder / "manifest.json").write_text(json.dumps({**told, **members}))
    return folder


def test_after_each_increment_the_tables_are_those_of_its_version(mixed: list[Path], place: Place) -> None:
    assert len(mixed) == 4
    for version in mixed:
        assert place.publish(version) == ALL
        assert_same_rows(place.rows(), exported(version))
        assert place.publish(version) == [], "a second run does nothing"
    assert all(exported(mixed[-1]).values())


def test_partitions_and_versions_that_were_left_out(
    sample: list[Path], mixed: list[Path], place: Place
) -> None:
    for version in (sample[0], sample[-1]):
        place.publish(version)
        assert_same_rows(place.rows(), exported(version))
    with pytest.raises(UsageError, match="the rows of another export"):
        place.publish(mixed[0])


def test_only_files_that_are_new_are_read(mixed: list[Path], place: Place) -> None:
    place.publish(mixed[0])
    with place.open() as tables:
        changes = tables.publish(ExportVersion.read(mixed[1]))
    names = [set(ExportVersion.read(version).names) for version in mixed[:2]]
    for change in changes:
        new = [name for name in names[1] - names[0] if name.startswith(f"{change.table}/")]
        assert change.added <= len(new)
        assert change.removed <= len(new)


def test_the_same_rows_in_fewer_files(mixed: list[Path], place: Place, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(mixed[0].parent.parent, out, symlinks=True)
    place.publish(out)
    run_compact(out)
    assert place.publish(out) == ALL
    assert_same_rows(place.rows(), exported(mixed[-1]))


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"grace": 5}, "made with grace 86400 and not 5"),
        ({"profile": "js"}, "made with profile 'strict' and not 'js'"),
        ({"export": "another"}, "the rows of another export"),
        ({"version": 0}, "has version 1 of this export, which is at 0"),
    ],
)
def test_what_does_not_follow_is_refused_and_replaced_if_that_is_wanted(
    mixed: list[Path], place: Place, tmp_path: Path, members: dict[str, Any], words: str
) -> None:
    place.publish(mixed[0])
    other = changed(mixed[1], tmp_path / "other", **members)
    with pytest.raises(UsageError, match=words):
        place.publish(other)
    assert_same_rows(place.rows(), exported(mixed[0]))
    assert place.publish(other, overwrite=True) == ALL
    assert_same_rows(place.rows(), exported(mixed[1]))


def test_a_file_that_is_gone_is_one_sentence_and_changes_nothing(
    mixed: list[Path], place: Place, tmp_path: Path
) -> None:
    place.publish(mixed[0])
    broken = changed(mixed[1], tmp_path / "broken")
    for path in broken.glob("stream_states/*.v000002.parquet"):
        path.unlink()
    with pytest.raises(OutsideError):
        place.publish(broken)
    assert_same_rows(
        {"stream_states": place.rows()["stream_states"]},
        {"stream_states": exported(mixed[0])["stream_states"]},
    )
    place.publish(mixed[1])
    assert_same_rows(place.rows(), exported(mixed[1]))


def test_tables_of_others_are_left_alone(mixed: list[Path], tmp_path: Path) -> None:
    import duckdb
    import pyarrow as pa

    there = Place(f"duckdb:{tmp_path / 'own.duckdb'}")
    with duckdb.connect(str(tmp_path / "own.duckdb")) as database:
        database.execute("CREATE SCHEMA ceramic; CREATE TABLE ceramic.rejected (mine INTEGER)")
    with pytest.raises(UsageError, match=r"there is a table ceramic\.rejected that was not published here"):
        there.publish(mixed[0])
    iceberg = Place.iceberg(tmp_path / "iceberg")
    catalog = iceberg.catalog()
    catalog.create_namespace("ceramic")
    catalog.create_table("ceramic.rejected", pa.schema([("mine", pa.int32())]))
    catalog.close()
    with pytest.raises(UsageError, match=r"there is a table ceramic\.rejected that was not published here"):
        iceberg.publish(mixed[0])


@pytest.mark.parametrize("target", ["iceberg:", "duckdb:", "sqlite:x", "postgres"])
def test_what_is_no_place(target: str) -> None:
    with pytest.raises(UsageError, match="give iceberg:CATALOG, duckdb:FILE or postgres://"):
        open_tables(target)


def test_folders_without_an_export(mixed: list[Path], tmp_path: Path) -> None:
    for folder in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(UsageError, match="holds no export"):
            ExportVersion.read(folder)
    with pytest.raises(UsageError, match="export it again"):
        ExportVersion.read(changed(mixed[0], tmp_path / "old", export=None))


def test_an_export_that_began_anew_takes_the_place_of_the_one_before(place: Place, tmp_path: Path) -> None:
    cars, out = list(corpus.cars().items()), tmp_path / "out"
    for number in (150, 60):
        write_ndjson(tmp_path / "a.ndjson.gz", cars[:number])
        Step(f"ndjson:{tmp_path}/a.ndjson.gz", FileChain({}), NOW).run(out, overwrite=True)
        assert place.publish(out) == ALL
        assert_same_rows(place.rows(), exported(out))
