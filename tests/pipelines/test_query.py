"""The commands on exported tables: `query`, and `tables`, as a user meets them."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import duckdb
import pytest
from click.testing import Result

from ceramic_connectors.apps import open_store
from ceramic_protocol.cid import Cid
from ceramic_protocol.tables import TABLES
from tests.support import corpus
from tests.support.apps import (
    ALICE,
    definition,
    document,
    gone,
    model,
    model_id,
    stream_id,
    tip,
    write_export,
)
from tests.support.cli import run
from tests.support.export import export
from tests.support.postgres import PASSWORD, USER, Server, running_server

FIELDS = {"text": {"type": "string"}, "n": {"type": "integer"}, "list": {"type": "array"}}
NOTE = f"note_{model_id('note')[-10:]}"
CONTENT = {"text": 'two\nlines, \x1b[31m"red"', "n": 3, "list": [1, {"a": None}]}
COMMANDS = ("query", "tables")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    states = [
        model("note", definition("Note", FIELDS)),
        document("a", "note", CONTENT, height=0, first_anchored_at=1_700_000_000),
        document("b", "note", {"text": "b", "n": 2**70}, height=0),
        document("hidden", "note", {}, height=0, should_index=False),
        document("lost", "nothing", {"x": 1}, height=0),
        gone("c", 1),
    ]
    return write_export(tmp_path_factory.mktemp("query") / "ex'port", states)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample") / "tables"
    export(f"ndjson:{corpus.NDJSON}", folder)
    return folder


@pytest.fixture(scope="module")
def postgres() -> Iterator[Server]:
    with running_server() as server:
        yield server


def ask(folder: Path, sql: str, *options: str) -> list[dict[str, Any]]:
    result = run("query", str(folder), sql, "--format", "ndjson", *options)
    assert result.exit_code == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def refused(result: Result, code: int, words: str) -> None:
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    assert words in result.stderr
    assert result.stderr.startswith(("error: ", "Usage: "))
    assert "Traceback" not in result.stderr


def test_a_model_is_a_table_with_typed_columns(folder: Path) -> None:
    rows = ask(folder, f"SELECT * FROM {NOTE} ORDER BY n NULLS LAST")
    assert rows[0] == {
        "stream_id": stream_id("a"),
        "controller": ALICE,
        **CONTENT,
        "unfit": None,
        "created_at": "2023-11-14T22:13:20Z",
        "updated_at": None,
        "anchored_at": None,
        "first_anchored_at": "2023-11-14T22:13:20Z",
        "last_anchored_at": None,
        "tip": tip("a", 1),
        "height": 0,
        "context": None,
        "unique_base64": None,
        "model_version": None,
        "content": CONTENT,
    }
    assert (rows[1]["n"], rows[1]["unfit"], rows[1]["content"]["n"]) == (None, ["n"], 2**70)
    assert len(rows) == 2


def test_all_tables_of_the_export_can_be_asked(sample: Path) -> None:
    counts = {table.name: ask(sample, f"SELECT count(*) AS n FROM {table.name}")[0]["n"] for table in TABLES}
    assert counts["stream_states"] == counts["stream_tips"] > 400
    assert counts["rejected"] > 200
    (row,) = ask(sample, "SELECT event_cid, cid(event_cid) AS text, data FROM conclusion_events LIMIT 1")
    assert row["event_cid"] == row["text"] == str(Cid.parse(row["text"]))
    assert json.loads(row["data"]).keys() == {"metadata", "content"}
    joined = ask(
        sample,
        "SELECT s.controller FROM stream_states s JOIN models m ON s.model = m.stream_id"
        " WHERE m.name = 'CorpusPost'",
    )
    assert len(joined) > 100


def test_without_sql_tables_and_columns_are_listed(folder: Path) -> None:
    listed = [
        json.loads(line) for line in run("query", str(folder), "--format", "ndjson").stdout.splitlines()
    ]
    assert {"table": NOTE, "column": "n", "type": "BIGINT"} in listed
    assert {line["table"] for line in listed} == {*(table.name for table in TABLES), "models", NOTE}
    described = ask(folder, f"DESCRIBE {NOTE}")
    kinds = {line["column"]: line["type"] for line in listed if line["table"] == NOTE}
    assert {
        row["column_name"]: row["column_type"].replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ")
        for row in described
    } == kinds


def test_the_four_formats(folder: Path) -> None:
    sql = f"SELECT text, list, n AS n, n FROM {NOTE} WHERE n = 3"
    row = {"text": CONTENT["text"], "list": CONTENT["list"], "n": 3, "n_1": 3}
    assert json.loads(run("query", str(folder), sql, "--format", "json").stdout) == [row]
    assert json.loads(run("query", str(folder), sql, "--format", "ndjson").stdout) == row
    found = list(csv.reader(io.StringIO(run("query", str(folder), sql, "--format", "csv").stdout)))
    assert found == [["text", "list", "n", "n_1"], [CONTENT["text"], '[1,{"a":null}]', "3", "3"]]
    table = run("query", str(folder), sql).stdout
    assert table.split("\n")[0].split() == ["text", "list", "n", "n_1"]
    assert "\x1b" not in table
    assert "\\x1b[31m" in table
    empty = f"SELECT text, n FROM {NOTE} WHERE n = 77"
    assert run("query", str(folder), empty, "--format", "csv").stdout == "text,n\n"
    assert json.loads(run("query", str(folder), empty, "--format", "json").stdout) == []


def test_every_type_has_a_form(folder: Path) -> None:
    (row,) = ask(
        folder,
        """
        SELECT 1.5::DECIMAL(9,2) AS d, 2.00::DECIMAL(9,2) AS i,
               170141183460469231731687303715884105727 AS huge,
               DATE '2024-01-31' AS day, TIME '12:00:01' AS t, TIMESTAMP '2024-01-31 12:00:00' AS naive,
               TIMESTAMPTZ '2024-01-31 12:00:00+02' AS moment, INTERVAL 90 MINUTE AS span,
               '\\xFF\\x00'::BLOB AS bytes, 'abc'::BLOB AS text, {'a': [1, NULL]} AS struct,
               MAP {'k': 1.5} AS map,
               '12345678-1234-5678-1234-567812345678'::UUID AS id, 'nan'::DOUBLE AS nan, NULL AS nothing,
               [true, false] AS flags, '{"a":[1]}'::JSON AS js, 'null'::JSON AS jnull
        """,
    )
    assert row == {
        "d": 1.5,
        "i": 2,
        "huge": 2**127 - 1,
        "day": "2024-01-31",
        "t": "12:00:01",
        "naive": "2024-01-31T12:00:00",
        "moment": "2024-01-31T10:00:00Z",
        "span": "1:30:00",
        "bytes": "m/wA",
        "text": "abc",
        "struct": {"a": [1, None]},
        "map": {"k": 1.5},
        "id": "12345678-1234-5678-1234-567812345678",
        "nan": None,
        "nothing": None,
        "flags": [True, False],
        "js": {"a": [1]},
        "jnull": None,
    }


def test_keys_that_duckdb_keeps_for_other_programs_are_not_seen(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    with duckdb.connect() as database:
        database.execute(f"SET secret_directory = '{tmp_path / '.duckdb' / 'stored_secrets'}'")
        database.execute("CREATE PERSISTENT SECRET s (TYPE http, BEARER_TOKEN 'hunter2')")
    assert ask(folder, "SELECT * FROM duckdb_secrets()") == []


def test_sql_from_stdin(folder: Path) -> None:
    command = [sys.executable, "-m", "ceramic_pipelines", "query", str(folder), "-", "--format", "csv"]
    done = subprocess.run(
        command, input=f"SELECT count(*) AS n FROM {NOTE}", capture_output=True, text=True, check=True
    )
    assert done.stdout == "n\n2\n"


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE x (a INT)",
        "INSERT INTO model_names VALUES ('a', 'b', 'c')",
        "DROP VIEW stream_states",
        "COPY (SELECT 1) TO '{outside}'",
        "COPY (SELECT 1) TO '{inside}' (USE_TMP_FILE false)",
        "EXPLAIN ANALYZE COPY (SELECT 1) TO '{inside}' (USE_TMP_FILE false)",
        "EXPORT DATABASE '{outside}'",
        "ATTACH '{outside}' AS x",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET memory_limit = '100GB'",
        "PRAGMA enable_profiling",
        "CALL pragma_version()",
        "SELECT 1; SELECT 2",
        "SELECT 1; COPY (SELECT 1) TO '{outside}'",
        "",
        "/* nothing */",
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM read_csv('{secret}')",
        "SELECT * FROM read_parquet('{secret}')",
        "SELECT * FROM read_blob('{manifest}')",
        "SELECT * FROM '{secret}'",
        "FROM glob('{parent}/*')",
        "SELECT * FROM sniff_csv('{secret}')",
        "SELECT * FROM query('COPY (SELECT 1) TO ''{outside}''')",
        "SELECT * FROM read_csv('https://example.invalid/x.csv')",
        "SELECT * FROM _secret",
    ],
)
def test_nothing_is_written_and_nothing_else_is_read(folder: Path, tmp_path: Path, sql: str) -> None:
    (tmp_path / "secret.csv").write_text("a\n1\n")
    (inside,) = (folder / "rejected").iterdir()
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    names = {
        "outside": tmp_path / "out",
        "secret": tmp_path / "secret.csv",
        "parent": tmp_path,
        "inside": str(inside).replace("'", "''"),
        "manifest": str(folder / "manifest.json").replace("'", "''"),
    }
    _secret = duckdb.sql("SELECT 42 AS x")
    result = run("query", str(folder), sql.format(**names))
    refused(result, 2, "error: ")
    assert [path.name for path in tmp_path.iterdir()] == ["secret.csv"]
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELEC 1", 'syntax error at or near "SELEC"'),
        (f"SELECT m FROM {NOTE}", '"m" not found'),
        ("SELECT * FROM note", f"no table 'note'; did you mean '{NOTE}'"),
        ("SELECT * FROM stream_state", "did you mean 'stream_states'"),
        ("SELECT 'a'::INT", "Could not convert"),
    ],
)
def test_an_error_in_the_query_is_one_sentence(folder: Path, sql: str, words: str) -> None:
    result = run("query", str(folder), sql)
    refused(result, 2, words)
    assert result.stderr.count("\n") == 1


def test_time_is_limited(folder: Path) -> None:
    started = time.monotonic()
    slow = "SELECT count(*) FROM range(1000000000000) t(i) WHERE hash(i) % 7 = 9"
    refused(run("query", str(folder), slow, "--timeout", "0.5"), 2, "longer than 0.5 s")
    assert time.monotonic() - started < 60
    refused(run("query", str(folder), "SELECT 1", "--timeout", "0"), 2, "--timeout")


def test_memory_is_limited(folder: Path) -> None:
    large = "SELECT list(i) FROM range(1000000000) t(i)"
    refused(run("query", str(folder), large, "--memory", "64MB"), 2, "raise --memory")
    for size in ("much", "-1GB", "0GB", "1", "50%"):
        refused(run("query", str(folder), "SELECT 1", "--memory", size), 2, "no size of memory")


def test_folders_that_hold_no_export(tmp_path: Path) -> None:
    refused(run("query", str(tmp_path / "nowhere"), "SELECT 1"), 3, "No such file")
    refused(run("query", str(tmp_path), "SELECT 1"), 2, "holds no export")
    refused(run("tables", str(tmp_path), "--into", "duckdb::memory:"), 2, "holds no export")
    folder = write_export(tmp_path / "a[b]", [])
    refused(run("query", str(folder), "SELECT 1"), 2, "rename the folder")


def test_an_export_without_streams(tmp_path: Path) -> None:
    folder = write_export(tmp_path / "empty", [])
    assert ask(folder, "SELECT count(*) AS n FROM models") == [{"n": 0}]


def test_hostile_definitions_break_nothing(tmp_path: Path) -> None:
    properties = {name: {"type": "string"} for name in ("a\0", '"', "'; DROP VIEW x; --", "", "*", "content")}
    states = [
        model("one", definition("x'\"; --", properties)),
        model("two", ["no", "model"]),
        model("three", definition("\0", {})),
        document("d", "one", dict.fromkeys(properties, "v"), height=0),
        document("e", "one", ["no", "object"], height=0),
    ]
    folder = write_export(tmp_path / "x", states)
    names = [row["table_name"] for row in ask(folder, "SELECT table_name FROM models")]
    assert len(names) == 3
    for name in names:
        rows = ask(folder, f"SELECT * FROM {name}")
        if rows:
            assert rows[0].keys() == rows[1].keys()
            assert {row["*"] for row in rows} == {"v", None}


def test_a_query_needs_duckdb_and_says_so(folder: Path) -> None:
    script = (
        "import sys\n"
        "sys.modules['duckdb'] = None\n"
        "from ceramic_pipelines.cli import main\n"
        f"main(['query', {str(folder)!r}, 'SELECT 1'])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.strip().endswith("pip install 'ceramic-streams[sql]'")


def test_tables_of_duckdb(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "app.duckdb"
    for _ in range(2):
        result = run("tables", str(folder), "--into", f"duckdb:{file}", "--format", "ndjson")
        assert result.exit_code == 0
        assert json.loads(result.stdout) == {
            "table": NOTE,
            "model": "Note",
            "rows": 2,
            "stream_id": model_id("note"),
        }
        assert "2  rows written" in result.stderr
        assert "1  streams wait for their model" in result.stderr
    with open_store(f"duckdb:{file}", read_only=True) as store:
        assert len(list(store.rows("Note"))) == 2
    with duckdb.connect(str(file)) as database:
        assert database.execute(f"SELECT n FROM {NOTE} WHERE text = 'b' OR n = 3 ORDER BY n").fetchall() == [
            (3,),
            (None,),
        ]


def test_tables_of_postgres_with_the_password_from_the_environment(
    folder: Path, postgres: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    result = run(
        "tables", str(folder), "--into", postgres.tcp_url, "--schema", "from cli", "--format", "json"
    )
    assert result.exit_code == 0, result.stderr
    assert [row["rows"] for row in json.loads(result.stdout)] == [2]
    with open_store(postgres.url, schema="from cli", read_only=True) as store:
        assert [row["n"] for row in store.rows("Note") if row["text"] != "b"] == [3]


def test_tables_of_postgres_with_the_password_from_its_file(
    folder: Path, postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    passwords = tmp_path / "pgpass"
    passwords.write_text(f"127.0.0.1:{postgres.port}:*:{USER}:{PASSWORD}\n", encoding="utf-8")
    passwords.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(passwords))
    assert run("tables", str(folder), "--into", postgres.tcp_url, "--schema", "filed").exit_code == 0


@pytest.mark.parametrize(
    "url",
    [
        "postgres://{user}:{wrong}@127.0.0.1:{port}/postgres",
        "postgres://{user}:{raw}@127.0.0.1:{port}/postgres",
        "postgres://{user}:{wrong}@127.0.0.1:1/postgres",
        "postgres://{user}:{wrong}@127.0.0.1:{port}/nowhere",
        "postgres://{user}:{wrong}@127.0.0.1:port/postgres",
        "postgres://{user}:%zz{wrong}@127.0.0.1:{port}/postgres",
        "postgres://{user}:{wrong}@127.0.0.1:{port}/postgres?option={wrong}",
        "mysql://{user}:{wrong}@127.0.0.1:{port}/postgres",
    ],
)
def test_a_password_is_never_printed(folder: Path, postgres: Server, url: str) -> None:
    target = url.format(user=USER, raw=PASSWORD, wrong="hunter2", port=postgres.port)
    result = run("tables", str(folder), "--into", target)
    assert result.exit_code in {2, 3}
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    for secret in ("hunter2", "s3cret", "word"):
        assert secret not in result.stderr.replace("password", "")


def test_a_password_in_the_url_works_all_the_same(folder: Path, postgres: Server) -> None:
    secret = quote(PASSWORD, safe="")
    url = f"postgres://{USER}:{secret}@127.0.0.1:{postgres.port}/postgres"
    result = run("tables", str(folder), "--into", url, "--schema", "given")
    assert result.exit_code == 0
    assert secret not in result.output


@pytest.mark.parametrize("target", ["duckdb:", "sqlite:x", "", "app.duckdb"])
def test_places_that_make_no_sense(folder: Path, target: str) -> None:
    refused(run("tables", str(folder), "--into", target), 2, "give duckdb:FILE")


def test_places_that_cannot_be_opened(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no database" * 1000)
    for place in (tmp_path / "text", tmp_path, tmp_path / "no" / "folder"):
        refused(run("tables", str(folder), "--into", f"duckdb:{place}"), 3, "can't open")
    refused(run("tables", str(folder), "--into", f"duckdb:{tmp_path / 'x'}", "--schema", "x"), 2, "schema")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_examples(command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert f"\n    ceramic-streams {command} " in re.split("Examples?:", result.stdout)[1]
