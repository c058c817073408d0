"""`ceramic-streams publish`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from tests.support.cli import run
from tests.support.published import Place, assert_same_rows, exported


def test_it_publishes_once(mixed: list[Path], tmp_path: Path) -> None:
    place = Place.iceberg(tmp_path / "iceberg")
    properties = [
        part for pair in place.properties.items() for part in ("--catalog-property", "=".join(pair))
    ]
    output = mixed[0].parent.parent
    command = ("publish", str(output), "--into", place.target, *properties, "--format", "json")
    printed = run(*command)
    assert printed.exit_code == 0, printed.stderr
    counted = {row["table"]: row["rows"] for row in json.loads(printed.stdout)}
    assert counted == {name: len(rows) for name, rows in exported(output).items()}
    assert "version 4 is published" in printed.stderr
    again = run(*command)
    assert (again.exit_code, json.loads(again.stdout)) == (0, [])
    assert "version 4 was published before: nothing to do" in again.stderr
    assert_same_rows(place.rows(), exported(output))


def test_tables_of_models_stand_beside(mixed: list[Path], tmp_path: Path) -> None:
    file, output = tmp_path / "all.duckdb", mixed[0].parent.parent
    for command in ("publish", "tables", "publish"):
        printed = run(command, str(output), "--into", f"duckdb:{file}")
        assert printed.exit_code == 0, printed.stderr
    with duckdb.connect(str(file)) as database:
        sql = "SELECT count(*) FROM ceramic.stream_states WHERE stream_type = 2"
        assert database.execute(sql).fetchall() == database.execute("SELECT count(*) FROM models").fetchall()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--into", "s3:bucket"), "no place for tables: give iceberg:CATALOG"),
        (("--into", "duckdb:x", "--catalog-property", "uri=y"), "only a catalog of Iceberg has properties"),
        (("--into", "iceberg:x", "--catalog-property", "secret"), "--catalog-property takes KEY=VALUE"),
        (("--into", "duckdb:x", "--schema", ""), "is no name of a namespace"),
    ],
)
def test_what_makes_no_sense_is_one_sentence(mixed: list[Path], options: tuple[str, ...], words: str) -> None:
    printed = run("publish", str(mixed[0]), *options)
    assert printed.exit_code == 2
    assert words in printed.stderr
    assert "secret" not in printed.stderr


@pytest.mark.parametrize(
    ("module", "target", "extra"),
    [
        ("pyiceberg", "iceberg:x", "iceberg"),
        ("duckdb", "duckdb:x", "sql"),
        ("psycopg", "postgres://x", "postgres"),
    ],
)
def test_without_its_library_it_says_how_to_install_it(
    mixed: list[Path], module: str, target: str, extra: str
) -> None:
    code = f"import sys; sys.modules['{module}'] = None; from ceramic_pipelines.cli import main; main()"
    command = [sys.executable, "-c", code, "publish", str(mixed[0]), "--into", target]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2, done.stderr
    assert f"this needs {module}: install it with pip install 'ceramic-streams[{extra}]'" in done.stderr
