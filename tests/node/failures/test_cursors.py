"""A place in a feed stays that place: ceramic-one's numbers are given twice (api.md 3.6 and 6.1)."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import adbc_driver_flightsql.dbapi as adbc

from ceramic_protocol.built import BuiltEvent
from tests.node.failures.making import note, patch, post, stream, write
from tests.node.http.v1 import making
from tests.node.http.v1.making import NOTES
from tests.node.sql.serving import serving
from tests.support.node import RunningNode, running_node

LATER = [note("later"), note("latest")]


def seen_from(node: RunningNode, token: str) -> list[str]:
    found: list[str] = []
    while True:
        page = node.get(f"/ceramic/feed/events?resumeAt={token}&limit=2").json()
        if not page["events"]:
            return found
        found += [event["id"] for event in page["events"]]
        token = page["resumeToken"]


def texts(events: list[BuiltEvent]) -> list[str]:
    return [str(event.cid) for event in events]


def test_numbers_that_duplicates_used_up_are_not_given_again(tmp_path: Path) -> None:
    """A client that goes on after a restart sees all that came after it asked."""
    with running_node(tmp_path) as node:
        assert post(node, NOTES) == 204
        for _ in range(5):
            assert post(node, NOTES) == 204
        page = node.get("/ceramic/feed/events").json()["resumeToken"]
        ahead = node.get("/ceramic/feed/resumeToken").json()["resumeToken"]
        ours = making.get(node, "/feed").json()["resume"]
    with running_node(tmp_path) as node:
        assert int(node.get("/ceramic/feed/resumeToken").json()["resumeToken"]) >= int(ahead)
        for event in LATER:
            assert post(node, event) == 204
        node.settle()
        assert seen_from(node, page) == seen_from(node, ahead) == texts(LATER)
        events: list[Any] = making.get(node, "/feed", resume=ours).json()["events"]
        assert [event["cid"] for event in events] == texts(LATER)


def test_a_place_in_another_store_is_not_one_in_this(tmp_path: Path) -> None:
    """ceramic-one's tokens name no node: on a new database they skip events silently."""
    with running_node(tmp_path / "a") as node:
        post(node, NOTES)
        token = making.get(node, "/feed").json()["resume"]
    with running_node(tmp_path / "b") as node:
        post(node, LATER[0])
        said = making.get(node, "/feed", resume=token)
        assert said.status in {400, 409, 410}
        assert said.json()["code"]


def test_a_consumer_that_lags_ends_neither_itself_nor_anybody_else(tmp_path: Path) -> None:
    """In ceramic-one 100 batches are enough, and the pipeline itself is such a consumer."""
    feed = "SELECT conclusion_event_order FROM conclusion_events_feed LIMIT 1203"
    with serving(tmp_path) as served:
        write(served, NOTES, note("one"))
        slow, read = threading.Event(), []

        def lag() -> None:
            with adbc.connect(served.url, autocommit=True) as connection, connection.cursor() as cursor:
                cursor.execute(feed)
                reader = cursor.fetch_record_batch()
                read.extend(reader.read_next_batch().to_pydict()["conclusion_event_order"])
                slow.wait(60)
                for batch in reader:
                    read.extend(batch.to_pydict()["conclusion_event_order"])

        thread = threading.Thread(target=lag)
        thread.start()
        last = init = note("many")
        events = [init]
        for number in range(1200):
            last = patch(init, last, {"op": "replace", "path": "/text", "value": f"{number}"})
            events.append(last)
        for event in events:
            # Each is a batch of its own.
            served.running.call(served.running.node.submit([event.car]))
        served.settle()
        # While one doesn't read, everybody else has everything.
        assert stream(served, init).json()["event_cid"] == str(last.cid)
        assert served.one("SELECT count(*) FROM event_states") == 1203
        assert served.running.node.follower.lag == 0
        slow.set()
        thread.join(60)
        assert read == list(range(1, 1204))
