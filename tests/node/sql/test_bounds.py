"""A query takes no more time, memory, rows and places than it may, and takes none from others."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Iterator

import adbc_driver_flightsql.dbapi as adbc
import pytest

from ceramic_node.sql.engine import Bounds
from ceramic_node.sql.failures import SqlRefused
from ceramic_node.sql.prepared import PreparedBook
from ceramic_node.sql.resident import resident_bytes
from ceramic_protocol import limits
from ceramic_protocol.limits import SQL_SECONDS
from tests.node.sql.serving import Serving, serving
from tests.node.states.making import data, init

ENDLESS = "SELECT count(*) FROM range(1000000000000) WHERE hash(range) = 5"
ROWS = "SELECT range AS a FROM range({})"
_MIB = 2**20


@pytest.fixture(scope="module")
def served() -> Iterator[Serving]:
    """Time enough for all that ends."""
    with serving(events=[init("one")], bounds=Bounds(rows=100_000, queries=3), memory="64MB") as found:
        yield found


@pytest.fixture(scope="module")
def hasty() -> Iterator[Serving]:
    """For what doesn't end, or isn't read."""
    bounds = Bounds(seconds=1.0, answer_seconds=3.0)
    with serving(events=[init("one")], bounds=bounds, memory="64MB") as found:
        yield found


def test_time(hasty: Serving) -> None:
    started = time.monotonic()
    assert "sql_timeout" in hasty.error(ENDLESS)
    assert time.monotonic() - started < SQL_SECONDS - 1


def test_time_of_our_own_functions(hasty: Serving) -> None:
    sql = "SELECT max(cid_string(encode(repeat(chr((range % 100)::int), 3)))) FROM range(100000000)"
    assert "sql_" in hasty.error(sql)


def test_time_of_a_recursion(hasty: Serving) -> None:
    sql = "WITH RECURSIVE r AS (SELECT 1 AS a UNION ALL SELECT a + 1 FROM r) SELECT max(a) FROM r"
    assert "sql_t" in hasty.error(sql)


def test_memory(served: Serving) -> None:
    sql = "SELECT len(list(range || repeat('x', 1000))) FROM range(10000000) GROUP BY range % 3"
    said = served.error(sql)
    assert "sql_too_much" in said or "sql_timeout" in said


@pytest.mark.parametrize(
    "sql",
    [
        # Text that doubles, in one value and in many at once; DuckDB counts neither.
        """
        WITH RECURSIVE r AS
        (SELECT repeat('x', 1000) AS a, 0 AS n UNION ALL SELECT a || a, n + 1 FROM r WHERE n < 22)
        SELECT max(length(a)) FROM r
        """,
        "SELECT length(string_agg(repeat('x', 10000) || range, '')) FROM range(200000)",
    ],
)
def test_memory_of_single_values(sql: str) -> None:
    mebibyte = 1 << 20
    with serving(events=[init("one")], bounds=Bounds(resident=300 * mebibyte)) as tight:
        before = resident_bytes()
        assert "sql_too_much" in tight.error(sql)
        assert resident_bytes() - before < 2_000 * mebibyte
        assert tight.one("SELECT 1") == 1


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT length(repeat('x', 4000000000))",
        "SELECT length(repeat('x', 1000 * 1000000))",
        "SELECT length(repeat('x', stream_type::int)) FROM stream_tips",
        "SELECT length(lpad('x', 2000000000, 'y'))",
        "SELECT len(range(2000000000))",
        "SELECT len(generate_series(1, 100000000))",
        "SELECT list_aggregate(list_transform(range(9), lambda x: repeat('x', 100000)), 'string_agg')",
        "SELECT bit_length(bitstring('1', 2000000000))",
        "SELECT len(list_resize([1], 2000000000))",
        "SELECT length(format('{:>1000000000}', 'x'))",
        "SELECT length(printf('%1000000000d', 1))",
        f"SELECT length(replace(controller, 'd', '{'y' * 10_000}')) FROM stream_tips",
        "SELECT to_base(1, 2, 1000000000)",
    ],
)
def test_values_that_grow_without_bound_are_refused(served: Serving, sql: str) -> None:
    """DuckDB doesn't count the memory of a single value, and can't be interrupted while it makes one."""
    assert "sql_refused" in served.error(sql)


def test_what_is_written_out_may_grow_a_little(served: Serving) -> None:
    sql = "SELECT repeat('ab', 2) || lpad('x', 3, '-') || replace('aa', 'a', 'b')"
    assert served.one(sql) == "abab--xbb"
    assert served.one("SELECT regexp_replace('c1', '[0-9]', 'x')") == "cx"
    assert served.one("SELECT count(*) FROM range(5)") == 5


def test_rows(served: Serving) -> None:
    assert served.ask(ROWS.format(100_000)).num_rows == 100_000
    with served.connection.cursor() as cursor:
        cursor.execute(ROWS.format(200_000))
        with pytest.raises(Exception, match="sql_too_much"):
            cursor.fetch_arrow_table()


def test_the_size_of_a_statement(served: Serving) -> None:
    assert "sql_refused" in served.error(f"SELECT '{'x' * limits.MAX_SQL_BYTES}'")


def test_messages_are_small(served: Serving) -> None:
    """Clients take 4 MiB."""
    with served.connection.cursor() as cursor:
        cursor.execute("SELECT repeat('x', 10000) AS a FROM range(2000)")
        sizes = [batch.nbytes for batch in cursor.fetch_record_batch()]
    assert sum(sizes) > 20_000_000
    assert max(sizes) <= 3 * _MIB


def test_queries_at_once() -> None:
    with serving(events=[init("one")], bounds=Bounds(queries=2)) as few:
        connections = [adbc.connect(few.url, autocommit=True) for _ in range(3)]
        cursors = [connection.cursor() for connection in connections]
        for cursor in cursors[:2]:
            cursor.execute("SELECT repeat('x', 1000) FROM range(10000000)")
            cursor.fetchone()
        cursors[2].execute("SELECT 1")
        with pytest.raises(Exception, match="sql_busy"):
            cursors[2].fetchone()
        for cursor in cursors:
            cursor.close()
        until = time.monotonic() + 60
        while True:
            try:
                assert few.one("SELECT 1") == 1
                break
            except (adbc.Error, OSError):
                assert time.monotonic() < until
                time.sleep(0.05)
        for connection in connections:
            connection.close()


def test_who_does_not_read_holds_nothing_up(hasty: Serving) -> None:
    with adbc.connect(hasty.url, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT repeat('x', 10000) FROM range(100000)")
        reader = cursor.fetch_record_batch()
        reader.read_next_batch()
        time.sleep(4.0)
        with pytest.raises(Exception, match="sql_timeout"):
            reader.read_all()
    assert hasty.one("SELECT 1") == 1


def test_many_at_once() -> None:
    stream = init("stream")
    events = [stream, *(data(stream, stream, [{"op": "test", "path": "", "value": n}]) for n in range(50))]
    with serving(events=events, bounds=Bounds(queries=100)) as served:
        wrong: list[object] = []

        def ask() -> None:
            with adbc.connect(served.url, autocommit=True) as connection, connection.cursor() as cursor:
                for _ in range(10):
                    cursor.execute("SELECT count(*) FROM event_states")
                    if (found := cursor.fetchall()) != [(51,)]:
                        wrong.append(found)

        threads = [threading.Thread(target=ask) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []


def test_prepared_statements_are_bounded() -> None:
    with serving() as served:
        engine = served.sql._engine
        book = PreparedBook(most=2, most_bytes=1_000)
        handles = [book.add(engine.read(f"SELECT {number}")) for number in range(3)]
        with pytest.raises(SqlRefused):
            book.get(handles[0])
        assert book.get(handles[1]).values is None
        book.bind(handles[2], ["x" * 5_000], 5_000)
        with pytest.raises(SqlRefused):
            book.get(handles[1])
        book.drop(handles[2])
        book.drop(handles[2])
        assert book._bytes == 0


def test_nothing_is_left_of_queries(served: Serving) -> None:
    for _ in range(50):
        served.one("SELECT count(*) FROM event_states")
    gc.collect()
    assert not served.sql._engine._watch._running
