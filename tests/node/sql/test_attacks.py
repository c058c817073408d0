"""Nothing but the tables can be read, and nothing can be written, whatever is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pyarrow import flight

from ceramic_node.sql.database import Database
from ceramic_node.sql.messages import make, packed
from ceramic_protocol.limits import MAX_SQL_BYTES
from tests.node.sql.serving import Serving, serving
from tests.node.states.making import init


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("node")


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[Serving]:
    (folder / "secret.csv").write_text("secret\n1\n")
    with serving(folder, [init("one")]) as found:
        yield found


FILES = [
    "SELECT * FROM read_csv('{}')",
    "SELECT * FROM read_text('{}')",
    "SELECT * FROM read_blob('{}')",
    "SELECT * FROM read_csv_auto('{}')",
    "SELECT * FROM '{}'",
    'SELECT * FROM "{}"',
    "SELECT * FROM sniff_csv('{}')",
    "SELECT * FROM glob('/*')",
    "SELECT * FROM parquet_metadata('{}')",
    "SELECT * FROM read_json('{}')",
    "SELECT * FROM read_duckdb('{}')",
    "SELECT (SELECT content FROM read_text('{}'))",
    "WITH a AS (SELECT * FROM read_text('{}')) SELECT * FROM a",
    "SELECT * FROM event_states, LATERAL (SELECT * FROM read_text('{}'))",
    "SELECT * FROM event_states WHERE EXISTS (FROM read_text('{}'))",
    "SELECT * FROM query('SELECT * FROM read_text(''{}'')')",
    "SELECT * FROM query_table('{}')",
    "SELECT * FROM json_execute_serialized_sql('{{}}')",
    "FROM read_csv('http://127.0.0.1:1/x.csv')",
    "DESCRIBE SELECT * FROM read_csv('{}')",
    "SUMMARIZE '{}'",
]

STATEMENTS = [
    "COPY event_states TO '{}'",
    "COPY (SELECT 1) TO '{}'",
    "ATTACH '{}' AS other",
    "DETACH ceramic",
    "INSTALL httpfs",
    "LOAD httpfs",
    "LOAD '{}'",
    "FORCE INSTALL spatial FROM 'http://127.0.0.1:1'",
    "EXPORT DATABASE '{}'",
    "IMPORT DATABASE '{}'",
    "SET enable_external_access = true",
    "SET memory_limit = '100GB'",
    "RESET memory_limit",
    "PRAGMA database_list",
    "CALL pragma_version()",
    "CREATE TABLE v0.x (a INTEGER)",
    "CREATE TEMP TABLE x AS SELECT 1",
    "CREATE SECRET (TYPE S3)",
    "CREATE MACRO f(x) AS x",
    "DROP VIEW event_states",
    "DROP TABLE ceramic.node.events",
    "INSERT INTO ceramic.node.events SELECT * FROM ceramic.node.events",
    "UPDATE ceramic.node.head SET number = 0",
    "DELETE FROM ceramic.node.events",
    "TRUNCATE ceramic.node.events",
    "WITH x AS (DELETE FROM ceramic.node.events RETURNING *) SELECT * FROM x",
    "ALTER TABLE ceramic.node.events ADD COLUMN x INTEGER",
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "CHECKPOINT",
    "FORCE CHECKPOINT",
    "VACUUM",
    "USE memory",
    "PREPARE x AS SELECT 1",
    "EXECUTE x",
    "EXPLAIN ANALYZE DELETE FROM ceramic.node.events",
    "EXPLAIN SELECT 1",
    "SELECT 1; DROP VIEW event_states",
    "SELECT 1 /* */; COPY event_states TO '{}'",
    "SHOW ALL TABLES",
    "SHOW DATABASES",
    "PIVOT event_states ON stream_type USING count(*)",
]

INSIDE = [
    "SELECT * FROM ceramic.node.events",
    "SELECT * FROM node.head",
    "SELECT * FROM information_schema.tables",
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM duckdb_databases()",
    "SELECT * FROM duckdb_secrets()",
    "SELECT * FROM duckdb_logs()",
    "SELECT * FROM duckdb_variables()",
    "SELECT * FROM pg_catalog.pg_class",
    "SELECT * FROM sqlite_master",
    "SELECT * FROM pragma_storage_info('events')",
    "SELECT * FROM force_checkpoint()",
    "SELECT * FROM enable_logging()",
    "SELECT * FROM arrow_scan(1, 2, 3)",
    "SELECT * FROM pandas_scan(1)",
    "SELECT * FROM python_map_function(1)",
    "SELECT * FROM seq_scan('events')",
    "SELECT current_setting('temp_directory')",
    "SELECT getvariable('ceramic_frontier')",
    "SELECT getenv('HOME')",
    "SELECT write_log('x')",
    "SELECT nextval('x')",
    "SELECT pg_sleep(1)",
    "SELECT sleep_ms(1000)",
    "SELECT current_query()",
    "SELECT json_serialize_plan('SELECT 1')",
    "SELECT system.main.current_setting('temp_directory')",
    "SELECT main.current_setting('temp_directory')",
    "SELECT CURRENT_SETTING('temp_directory')",
    "SELECT \"current_setting\"('temp_directory')",
    "SELECT list_transform(['temp_directory'], lambda x: current_setting(x))",
    "SELECT 1 ORDER BY current_setting('temp_directory')",
    "SELECT count(*) FILTER (WHERE current_setting('temp_directory') = '') FROM event_states",
    "SELECT 1 LIMIT length(current_setting('temp_directory'))",
    "SELECT * FROM range(length(current_setting('temp_directory')))",
    "SELECT * FROM event_states AT (VERSION => 1)",
    "SELECT list_aggregate([1], 'x') FROM node.events",
]


@pytest.mark.parametrize("sql", [*FILES, *STATEMENTS, *INSIDE])
def test_it_is_refused(served: Serving, folder: Path, sql: str) -> None:
    before = sorted(path.name for path in folder.iterdir() if not path.name.startswith(("sql", ".sql")))
    said = served.error(sql.format(folder / "secret.csv"))
    assert said.split("[FlightSQL] ")[1].startswith(("sql_refused", "sql_error")), said
    assert "Traceback" not in said
    after = sorted(path.name for path in folder.iterdir() if not path.name.startswith(("sql", ".sql")))
    assert after == before
    assert served.one("SELECT count(*) FROM event_states") == 1


def test_a_name_of_with_opens_no_other_table(served: Serving) -> None:
    sql = "WITH events AS (SELECT 1 AS a) SELECT * FROM node.events"
    assert "no table 'node.events'" in served.error(sql)
    assert served.rows("WITH event_states AS (SELECT 1 AS a) SELECT * FROM event_states") == [(1,)]


def test_values_are_never_sql(served: Serving) -> None:
    value = "'; DROP VIEW event_states; --"
    assert served.one("SELECT $1::varchar", (value,)) == value
    assert served.rows("SELECT 1 FROM event_states WHERE controller = $1", (value,)) == []


_HARMLESS = (
    *("BEGIN", "COMMIT", "ROLLBACK", "PREPARE", "EXPLAIN SELECT", "SHOW", "USE", "CHECKPOINT", "VACUUM"),
    *("FORCE CHECKPOINT", "PRAGMA", "CALL", "CREATE TEMP", "PIVOT", "CREATE SECRET", "SELECT 1;", "RESET"),
)
"""What is no harm on a connection that is closed behind the query."""


@pytest.mark.parametrize("sql", [*FILES, *STATEMENTS])
def test_the_database_itself_holds_where_the_look_at_statements_would_fail(tmp_path: Path, sql: str) -> None:
    """Behind the first line: what a query runs in can't write, and has no files."""
    secret = tmp_path / "secret.csv"
    secret.write_text("secret\n1\n")
    (tmp_path / "store").mkdir()
    with Database(tmp_path / "store" / "sql.duckdb") as database:
        connection = database.reader()
        connection.execute("BEGIN TRANSACTION READ ONLY")
        try:
            rows: list[Any] = connection.execute(sql.format(secret)).fetchall()
        except (duckdb.Error, RuntimeError):
            rows = []
        if not sql.startswith(_HARMLESS):
            assert rows in ([], [(0,)]), rows
        connection.close()
        assert database.head().number == 0
    assert secret.read_text() == "secret\n1\n"
    assert {path.name for path in tmp_path.iterdir()} == {"secret.csv", "store"}


def _told(call: Callable[[], object]) -> str:
    with pytest.raises(flight.FlightError) as caught:
        call()
    assert "Traceback" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x",
        b"\xff" * 100,
        b"SELECT 1",
        packed(make("CommandStatementUpdate", query="DELETE FROM event_states")),
        packed(make("CommandPreparedStatementQuery", prepared_statement_handle=b"nobody's")),
        packed(make("CommandPreparedStatementUpdate", prepared_statement_handle=b"nobody's")),
        packed(make("CommandStatementQuery", query="x" * (MAX_SQL_BYTES + 1))),
        packed(make("CommandStatementQuery", query="SELECT '\0'")),
        packed(make("CommandStatementQuery", query="SELECT " + "(" * 20_000 + "1" + ")" * 20_000)),
        packed(make("CommandStatementQuery", query="SELECT " + "-" * 1 + " - " * 20_000 + "1")),
        packed(make("TicketStatementQuery", statement_handle=b"\xff\xfe")),
    ],
)
def test_calls_that_make_no_sense(served: Serving, data: bytes) -> None:
    with flight.connect(served.url) as client:
        descriptor = flight.FlightDescriptor.for_command(data)
        codes = ("sql_refused", "sql_error", "sql_too_much", "sql_timeout")
        for call in (
            lambda: client.get_flight_info(descriptor),
            lambda: client.do_get(flight.Ticket(data)).read_all(),
            lambda: list(client.do_action(flight.Action("CreatePreparedStatement", data))),
            lambda: list(client.do_action(flight.Action("BeginTransaction", data))),
            lambda: list(client.list_flights()),
        ):
            assert _told(call).startswith(codes)
        with pytest.raises(NotImplementedError) as caught:
            client.get_schema(descriptor)
        assert "ceramic" not in str(caught.value)
    assert served.one("SELECT 1") == 1


def test_a_path_is_no_command(served: Serving) -> None:
    with flight.connect(served.url) as client:
        assert "sql_refused" in _told(lambda: client.get_flight_info(flight.FlightDescriptor.for_path("x")))
