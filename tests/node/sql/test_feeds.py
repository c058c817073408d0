"""Tables without end: what is there, then what comes."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import adbc_driver_flightsql.dbapi as adbc
import pytest
from pyarrow import flight

from ceramic_node.sql import engine
from ceramic_node.sql.messages import make, packed
from ceramic_protocol import limits
from ceramic_protocol.stored import NewEvent
from tests.node.sql.serving import Serving, serving
from tests.node.states import making
from tests.node.states.making import data, init

STREAM = init("stream")
_PATIENCE = 60.0


def change(prev: NewEvent, value: int) -> NewEvent:
    return data(STREAM, prev, [{"op": "replace", "path": "", "value": value}])


@contextmanager
def following(served: Serving, sql: str) -> Iterator[Iterator[tuple[Any, ...]]]:
    """The rows of a feed."""
    with adbc.connect(served.url, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        reader = cursor.fetch_record_batch()
        yield (tuple(row.values()) for batch in reader for row in batch.to_pylist())


def test_history_then_what_comes() -> None:
    sql = "SELECT conclusion_event_order o FROM conclusion_events_feed LIMIT 4"
    with serving(events=[STREAM]) as served, following(served, sql) as rows:
        assert next(rows) == (1,)
        last = STREAM
        for number in (2, 3, 4):
            last = change(last, number)
            served.put([last])
            assert next(rows) == (number,)
        assert list(rows) == []


def test_each_event_once_and_in_order_across_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_SQL_FEED_STEP", 7)
    with serving() as served:
        total = 300

        def write() -> None:
            for number in range(total):
                served.running.node.events.put([init(f"stream {number}")])
                served.running.node.follower.wake()

        writer = threading.Thread(target=write)
        writer.start()
        sql = f"SELECT conclusion_event_order FROM conclusion_events_feed LIMIT {total}"
        with following(served, sql) as rows:
            assert [row[0] for row in rows] == list(range(1, total + 1))
        writer.join()


def test_steps_are_small_where_events_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_SQL_FEED_BYTES", 2_000)
    events = [init(f"{number} " + "x" * 1_500) for number in range(10)]
    with serving(events=events) as served:
        found = [row[0] for row in served.rows("SELECT event_state_order FROM event_states_feed LIMIT 10")]
    assert found == sorted(set(found))
    assert len(found) == 10


def test_a_verdict_that_changes_is_told_again() -> None:
    """A document whose model comes later is pending first, and then valid."""
    note = making.model("Note")
    document = making.document(making.model_id(note), "x", {"text": "y"})
    sql = f"""
        SELECT event_state_order, validation_errors FROM event_states_feed
        WHERE cid_string(event_cid) = '{document.checked.cid}' LIMIT 2
    """
    with serving(events=[document]) as served, following(served, sql) as rows:
        order, errors = next(rows)
        assert errors[0].startswith("model_missing")
        served.put([note])
        again, errors = next(rows)
        assert errors == []
        assert again > order


def test_filters_limit_and_offset_are_of_the_whole_feed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_SQL_FEED_STEP", 3)
    with serving(events=[init(f"stream {number}") for number in range(20)]) as served:
        sql = (
            "SELECT conclusion_event_order o FROM conclusion_events_feed WHERE conclusion_event_order % 2 = 0"
        )
        assert served.rows(f"{sql} LIMIT 3 OFFSET 2") == [(6,), (8,), (10,)]
        assert served.rows(f"{sql} AND conclusion_event_order > $1 LIMIT $2", (9, 2)) == [(10,), (12,)]
        assert served.rows(f"{sql} ORDER BY conclusion_event_order LIMIT 1") == [(2,)]


def test_it_may_be_joined_with_tables_that_end() -> None:
    with serving(events=[STREAM, change(STREAM, 1)]) as served:
        sql = """
            SELECT f.event_height, s.event_height FROM (SELECT * FROM event_states_feed) f
            JOIN stream_states s ON s.stream_cid = f.stream_cid LIMIT 2
        """
        assert served.rows(sql) == [(0, 1), (1, 1)]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*) FROM event_states_feed",
        "SELECT DISTINCT stream_cid FROM event_states_feed",
        "SELECT stream_cid FROM event_states_feed GROUP BY 1",
        "SELECT * FROM event_states_feed ORDER BY stream_cid",
        "SELECT * FROM event_states_feed ORDER BY event_state_order DESC LIMIT 1",
        "SELECT row_number() OVER () FROM event_states_feed",
        "SELECT * FROM event_states_feed a, event_states_feed b",
        "SELECT * FROM event_states s LEFT JOIN event_states_feed f USING (stream_cid)",
        "SELECT * FROM event_states_feed UNION ALL SELECT * FROM event_states_feed",
        "SELECT * FROM event_states WHERE stream_cid IN (SELECT stream_cid FROM event_states_feed)",
        "WITH f AS (SELECT * FROM event_states_feed) SELECT * FROM f",
        "SELECT * FROM (SELECT * FROM event_states_feed LIMIT 5) LIMIT 5",
        "SELECT * FROM event_states_feed LIMIT 10%",
    ],
)
def test_what_would_wait_for_its_end_is_refused(sql: str, few: Serving) -> None:
    assert "sql_" in few.error(sql)


@pytest.fixture(scope="module")
def few() -> Iterator[Serving]:
    with serving(events=[STREAM]) as served:
        yield served


def test_who_does_not_read_is_served_from_the_tables_later() -> None:
    """ceramic-one ended the feed, and its own pipeline with it."""
    with (
        serving(events=[init("0")]) as served,
        following(served, "SELECT conclusion_event_order FROM conclusion_events_feed LIMIT 3001") as rows,
    ):
        assert next(rows) == (1,)
        for start in range(0, 3_000, 500):
            served.put([init(f"later {number}") for number in range(start, start + 500)])
        assert served.one("SELECT count(*) FROM event_states") == 3_001
        assert [row[0] for row in rows] == list(range(2, 3_002))


def _first_row(served: Serving, sql: str) -> Any:
    """The first row of a feed, as soon as there is room for it."""
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            with following(served, sql) as rows:
                return next(rows)
        except (adbc.Error, OSError) as error:
            if "sql_busy" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.05)


def test_a_client_that_goes_leaves_nothing_behind() -> None:
    with serving(events=[STREAM], bounds=engine.Bounds(feeds=1)) as served:
        for _ in range(3):
            assert _first_row(served, "SELECT 1 FROM event_states_feed") == (1,)


def test_the_end_of_the_node_ends_feeds() -> None:
    command = packed(make("CommandStatementQuery", query="SELECT 1 FROM event_states_feed"))
    with serving(events=[STREAM]) as served, flight.connect(served.url) as client:
        (endpoint,) = client.get_flight_info(flight.FlightDescriptor.for_command(command)).endpoints
        reader = client.do_get(endpoint.ticket)
        assert reader.read_chunk().data.num_rows == 1
        started = time.monotonic()
        stopping = threading.Thread(target=lambda: served.running.call(served.sql.stop()))
        stopping.start()
        with pytest.raises(flight.FlightCancelledError, match="sql_stopped"):
            reader.read_chunk()
        stopping.join()
        assert time.monotonic() - started < _PATIENCE
