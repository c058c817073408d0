"""What ceramic-one answered wrongly, and clients rely on: conditions on orders, and each row once."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from ceramic_protocol.ids import StreamId
from tests.node.sql.serving import Serving, serving
from tests.node.states.making import data, init

STREAM = init("stream")


def _changes(count: int) -> list:  # type: ignore[type-arg]
    found = [STREAM]
    for number in range(count):
        found.append(data(STREAM, found[-1], [{"op": "replace", "path": "", "value": number}]))
    return found


@pytest.fixture(scope="module")
def served() -> Iterator[Serving]:
    with serving(events=_changes(9)) as found:
        yield found


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        ("{o} > 2 AND {o} > 6", [7, 8, 9, 10]),
        ("{o} > 6 AND {o} > 2", [7, 8, 9, 10]),
        ("5 <= {o}", [5, 6, 7, 8, 9, 10]),
        ("5 < {o}", [6, 7, 8, 9, 10]),
        ("{o} >= 5 AND {o} < 7", [5, 6]),
        ("{o} BETWEEN 3 AND 4", [3, 4]),
        ("NOT ({o} > 3)", [1, 2, 3]),
        ("{o} > 8 OR {o} < 2", [1, 9, 10]),
        ("{o} > 8 AND stream_type = 0", [9, 10]),
        ("{o} = 3", [3]),
        ("{o} IN (2, 11)", [2]),
        ("{o} > -1 AND {o} <= 2", [1, 2]),
        ("{o} > 2.5 AND {o} < 4", [3]),
    ],
)
@pytest.mark.parametrize("table", ["conclusion_events", "event_states"])
def test_every_condition_on_orders_holds(
    served: Serving, table: str, condition: str, wanted: list[int]
) -> None:
    o = "conclusion_event_order"
    sql = f"SELECT {o} FROM {table} WHERE {condition.format(o=o)} ORDER BY {o}"
    assert [row[0] for row in served.rows(sql)] == wanted


def test_a_feed_holds_them_too(served: Serving) -> None:
    sql = (
        "SELECT conclusion_event_order FROM conclusion_events_feed"
        " WHERE conclusion_event_order > 2 AND 5 <= conclusion_event_order"
        " AND conclusion_event_order > 6 LIMIT 4"
    )
    assert [row[0] for row in served.rows(sql)] == [7, 8, 9, 10]


def test_a_cid_is_no_stream_id(served: Serving) -> None:
    """ceramic-one's own examples compare them; here the StreamID is a column."""
    stream_id = StreamId.of(0, STREAM.checked.cid)
    assert (
        served.one("SELECT count(*) FROM event_states WHERE cid_string(stream_cid) = $1", (str(stream_id),))
        == 0
    )
    assert served.one("SELECT count(*) FROM event_states WHERE stream_id = $1", (str(stream_id),)) == 10
    assert (
        served.one("SELECT count(*) FROM event_states WHERE stream_cid = $1", (bytes(STREAM.checked.cid),))
        == 10
    )


def test_no_row_is_seen_twice_while_more_come_in() -> None:
    with serving() as served:
        ended = threading.Event()

        def write() -> None:
            for number in range(40):
                stream = init(f"stream {number}")
                served.put(
                    [
                        stream,
                        *(data(stream, stream, [{"op": "test", "path": "", "value": n}]) for n in range(5)),
                    ]
                )
            ended.set()

        writer = threading.Thread(target=write)
        writer.start()
        counts = []
        while not ended.is_set():
            rows, events = served.rows("SELECT count(*), count(DISTINCT event_cid) FROM event_states")[0]
            assert rows == events
            counts.append(rows)
        writer.join()
        assert counts == sorted(counts)
        assert served.one("SELECT count(*) FROM conclusion_events") == 240
