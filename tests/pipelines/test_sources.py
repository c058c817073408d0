"""Commands on each kind of source: the same events, and so the same verdicts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from ceramic_connectors.source.choices import Writes
from ceramic_pipelines.sources import open_source
from ceramic_protocol.ports import RawEvent
from tests.connectors.event_sources.source_contract import items_of
from tests.connectors.event_sources.test_files import write_rows
from tests.connectors.kafka.conftest import FORGOTTEN
from tests.connectors.source.running import config_for, running_source
from tests.support import corpus
from tests.support.cli import CHAIN, lines, run
from tests.support.export import write_ndjson
from tests.support.node import running_node

pytest.importorskip("kafka", reason="kafka-python is not installed: pip install 'ceramic-streams[kafka]'")

pytestmark = pytest.mark.filterwarnings(FORGOTTEN)

Told = dict[str, Any]

JUDGING = (*CHAIN, "--at", "2026-06-01T00:00:00Z")


@dataclass
class Places:
    """The same events at several places: those of the sample that a node has taken in."""

    uris: dict[str, str]
    count: int


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    folder = tmp_path_factory.mktemp("places")
    cars = list(corpus.cars().values())
    with running_node(folder / "node", chain=corpus.chain()) as node:
        for start in range(0, len(cars), 300):
            node.submit(*cars[start : start + 300])
        feed = open_source(node.url, folder)
        items = [item for item in items_of(feed, 0, feed.count) if isinstance(item, RawEvent)]
        write_ndjson(folder / "events.ndjson.gz", [(str(item.cid), item.car) for item in items])
        write_rows(folder / "events.parquet", [(item.car, item.cid) for item in items])
        config = config_for(node, write=Writes.EVENTS)
        with running_source(config) as source:
            source.wait_until_said("all that was there has been read")
            letters = sum(line["verdict"] == "rejected" for line in lines(run("verify", node.url, *CHAIN)))
            source.wait_for(events=len(items) - letters)
        topics = f"{config.prefix}.inmemory.*.events,{config.prefix}.inmemory.dead-letters"
        uris = {
            "archive": f"ndjson:{folder / 'events.ndjson.gz'}",
            "feed": node.url,
            "topics": f"kafka://{config.kafka}/{topics}",
            "store": f"store:{folder / 'node'}",
            "table": f"parquet:{folder / 'events.parquet'}",
        }
        yield Places(uris, len(items))


def verdicts(places: Places, place: str) -> dict[str, Told]:
    result = run("verify", places.uris[place], *JUDGING)
    found = lines(result)
    return {line["cid"]: {**line, "source": None, "position": None} for line in found}


@pytest.mark.parametrize("place", ["feed", "topics", "store", "table"])
def test_verify_says_the_same_wherever_events_are_read(places: Places, place: str) -> None:
    found, expected = verdicts(places, place), verdicts(places, "archive")
    assert len(expected) == places.count > 2_500
    assert found == expected


@pytest.mark.parametrize("place", ["feed", "topics", "store", "table"])
def test_resolve_says_the_same_wherever_events_are_read(places: Places, place: str) -> None:
    found, expected = (
        {line["stream_id"]: line for line in lines(run("resolve", places.uris[each], *JUDGING))}
        for each in (place, "archive")
    )
    assert len(expected) > 300
    assert found == expected


@pytest.mark.parametrize("place", ["feed", "topics", "store", "table"])
def test_export_writes_the_same_tables_wherever_events_are_read(
    places: Places, place: str, tmp_path: Path
) -> None:
    for each in (place, "archive"):
        result = run("export", places.uris[each], *JUDGING, "--output", str(tmp_path / each))
        assert result.exit_code == 0, result.stderr
    for table in ("conclusion_events", "event_states", "stream_tips", "stream_states"):
        found, expected = (pq.read_table(tmp_path / each / table).to_pylist() for each in (place, "archive"))
        assert found == expected


def test_a_place_that_is_not_there_is_exit_code_3(tmp_path: Path) -> None:
    for uri in (
        "http://127.0.0.1:1",
        f"store:{tmp_path}",
        f"parquet:{tmp_path}",
        "kafka://127.0.0.1:1/topic",
    ):
        result = run("verify", uri)
        assert result.exit_code == 3, (uri, result.output)
        assert "error:" in result.stderr.lower()
