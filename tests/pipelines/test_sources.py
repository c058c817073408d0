"""Commands on each kind of source: the same events, and so the same verdicts."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
from tests.support.export import read_tables, write_ndjson
from tests.support.node import running_node
from tests.support.prism import prism_options

pytest.importorskip("kafka", reason="kafka-python is not installed: pip install 'ceramic-streams[kafka]'")

pytestmark = pytest.mark.filterwarnings(FORGOTTEN)

Told = dict[str, Any]
Tables = dict[str, list[Told]]

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
        cars_of = [(str(item.cid), item.car) for item in items]
        write_ndjson(folder / "events.ndjson.gz", cars_of)
        write_ndjson(folder / "shuffled.ndjson.gz", random.Random(9).sample(cars_of, len(cars_of)))
        write_rows(folder / "events.parquet", [(item.car, item.cid) for item in items])
        config = config_for(node, write=Writes.EVENTS)
        with running_source(config) as source:
            source.wait_until_said("all that was there has been read")
            letters = sum(line["verdict"] == "rejected" for line in lines(run("verify", node.url, *CHAIN)))
            source.wait_for(events=len(items) - letters)
        topics = f"{config.prefix}.inmemory.*.events,{config.prefix}.inmemory.dead-letters"
        uris = {
            "archive": f"ndjson:{folder / 'events.ndjson.gz'}",
            "other order": f"ndjson:{folder / 'shuffled.ndjson.gz'}",
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


@pytest.fixture(scope="module")
def expected(places: Places, tmp_path_factory: pytest.TempPathFactory) -> Tables:
    return exported(places, "archive", tmp_path_factory.mktemp("expected") / "tables")


def exported(places: Places, place: str, output: Path, *options: str) -> Tables:
    result = run("export", places.uris[place], *JUDGING, "--output", str(output), *options)
    assert result.exit_code == 0, result.stderr
    return {name: table.to_pylist() for name, table in read_tables(output).items()}


@pytest.mark.parametrize("num_shards", ["1", "4"])
@pytest.mark.parametrize("place", ["other order", "feed", "topics", "store", "table"])
def test_export_writes_the_same_tables_wherever_events_are_read(
    places: Places, expected: Tables, place: str, num_shards: str, tmp_path: Path
) -> None:
    assert exported(places, place, tmp_path / "out", "--num-shards", num_shards) == expected


@pytest.mark.parametrize(
    ("place", "num_shards"),
    [("archive", "1"), ("other order", "4"), ("feed", "1"), ("feed", "4"), ("topics", "4")],
)
def test_export_writes_the_same_tables_on_prism(
    places: Places, expected: Tables, place: str, num_shards: str, tmp_path: Path
) -> None:
    _runner, location = prism_options()
    options = ("--num-shards", num_shards, "--runner", "PrismRunner", "--", location)
    assert exported(places, place, tmp_path / "out", *options) == expected


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
