"""The sample at every sort of place, and so equal wherever it is; then some of it is missing somewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ceramic_connectors.source.choices import Include, Writes
from ceramic_pipelines.reconcile.run import ReconcileJob, run_reconcile
from ceramic_pipelines.reconcile.values import Difference, Reconciliation, Side
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.networks import IN_MEMORY
from ceramic_protocol.ports import RawEvent
from ceramic_protocol.reasons import Outcome
from ceramic_protocol.verify import Verifier
from tests.connectors.kafka.conftest import FORGOTTEN
from tests.connectors.source.running import config_for, running_source
from tests.support import corpus
from tests.support.cli import CHAIN, lines, run
from tests.support.export import write_ndjson
from tests.support.node import RunningNode, running_node

pytest.importorskip("kafka", reason="kafka-python is not installed: pip install 'ceramic-streams[kafka]'")

pytestmark = pytest.mark.filterwarnings(FORGOTTEN)

JUDGING = (*CHAIN, "--network", "inmemory", "--at", "2026-06-01T00:00:00Z")
VERIFIER = Verifier(corpus.chain(), network=IN_MEMORY)
CARS = list(corpus.cars().items())[:1200]


def submit(node: RunningNode, cars: list[bytes]) -> None:
    for start in range(0, len(cars), 300):
        node.submit(*cars[start : start + 300])


def exported(folder: Path, name: str, source: str, *options: str) -> str:
    result = run("export", source, *JUDGING, "--output", str(folder / name), *options)
    assert result.exit_code == 0, result.stderr
    return f"parquet:{folder / name}"


@dataclass
class Places:
    """URIs by the sort of place."""

    uris: dict[str, str]


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    folder = tmp_path_factory.mktemp("places")
    write_ndjson(folder / "events.ndjson.gz", CARS)
    archive = f"ndjson:{folder / 'events.ndjson.gz'}"
    with running_node(folder / "node", chain=corpus.chain()) as node:
        submit(node, [car for _cid, car in CARS])
        verdicts = lines(run("verify", node.url, *JUDGING))
        letters = sum(line["verdict"] == "rejected" for line in verdicts)
        topics = {}
        for include in (Include.CAR, Include.PAYLOAD):
            config = config_for(node, write=Writes.EVENTS, include=include)
            with running_source(config) as source:
                source.wait_until_said("all that was there has been read")
                source.wait_for(events=len(verdicts) - letters)
            names = f"{config.prefix}.inmemory.*.events,{config.prefix}.inmemory.dead-letters"
            topics[include] = f"kafka://{config.kafka}/{names}"
        uris = {
            "archive": archive,
            "node": node.url,
            "store": f"store:{folder / 'node'}",
            "topic": topics[Include.CAR],
            "topic without cars": topics[Include.PAYLOAD],
            "tables": exported(folder, "whole", archive),
            "growing tables": exported(folder, "growing", archive, "--incremental"),
        }
        yield Places(uris)


def reconciled(a: str, b: str) -> tuple[Reconciliation, list[Difference]]:
    found: list[Difference] = []
    return run_reconcile(ReconcileJob(a, b, VERIFIER), found.append), found


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("archive", "node"),
        ("archive", "tables"),
        ("growing tables", "archive"),
        ("node", "tables"),
        ("store", "growing tables"),
        ("topic", "node"),
        ("topic", "archive"),
        ("tables", "topic"),
        ("tables", "growing tables"),
        ("topic without cars", "node"),
    ],
)
def test_the_same_events_are_equal_wherever_they_are(places: Places, a: str, b: str) -> None:
    result, found = reconciled(places.uris[a], places.uris[b])
    assert (result.is_equal, found[:3]) == (True, [])
    assert min(result.before.a.events.total(), result.before.b.events.total()) > 700
    tells_tips = {"node", "tables", "growing tables"}
    assert (result.before.tips == 0) == ({a, b} <= tells_tips)
    if {a, b} <= tells_tips:
        assert result.before.a.streams > 100


def test_what_is_rejected_is_told_apart(places: Places) -> None:
    verdicts = lines(run("verify", places.uris["archive"], *JUDGING))
    rejected = {line["cid"] for line in verdicts if line["verdict"] == "rejected" and line["kind"]}
    items = [RawEvent(car, None, "", 0) for _cid, car in CARS]
    by_itself = [each for each in VERIFIER.check_all(items) if isinstance(each, CheckedEvent)]
    refused = {str(each.cid) for each in by_itself if each.outcome is Outcome.REJECTED}
    assert refused < rejected
    for tables in ("tables", "growing tables"):
        result, _found = reconciled(places.uris["archive"], places.uris[tables])
        # The archive doesn't say so of its events.
        assert result.before.a.events.total() - result.before.b.events.total() == len(refused) > 30
    result, _found = reconciled(places.uris["archive"], places.uris["node"])
    assert len(refused) <= result.before.b.unfit <= len(rejected)


def test_what_comes_to_one_side_is_missing_on_the_other_and_its_tip_differs(tmp_path: Path) -> None:
    few, more = CARS[:600], CARS[:800]
    write_ndjson(tmp_path / "few.ndjson.gz", few)
    write_ndjson(tmp_path / "more.ndjson.gz", more)
    tables = exported(tmp_path, "tables", f"ndjson:{tmp_path}/few.ndjson.gz", "--incremental")
    with running_node(chain=corpus.chain()) as node:
        submit(node, [car for _cid, car in more])
        result, found = reconciled(node.url, tables)
        assert {each.side for each in found if each.side is not None} == {Side.B}
        assert {str(each.cid) for each in found if each.cid} <= {cid for cid, _car in more[600:]}
        assert result.before.b.missing.total() > 50
        assert result.before.tips == sum(each.side is None for each in found) > 0
        assert all(each.stream_id is not None for each in found)
        printed = run("reconcile", node.url, tables, *CHAIN, "--network", "inmemory", "--repair", "b")
        assert printed.exit_code == 0, printed.output
        again, nothing = reconciled(node.url, tables)
        assert (again.is_equal, nothing) == (True, [])
    # The tables are those of one whole export.
    again, nothing = reconciled(tables, f"ndjson:{tmp_path}/few.ndjson.gz")
    assert {each.side for each in nothing} == {Side.B}


def test_a_node_that_runs_is_repaired_from_an_archive_and_from_tables(places: Places) -> None:
    for source in ("archive", "growing tables"):
        with running_node(chain=corpus.chain()) as node:
            submit(node, [car for _cid, car in CARS[::2]])
            job = ReconcileJob(places.uris[source], node.url, VERIFIER, frozenset({Side.B}))
            result = run_reconcile(job)
            assert result.is_equal
            assert not result.before.is_equal
            assert result.repairs[0].refused == {}
            assert result.after is not None
            assert result.after.b.missing.total() == 0
            again, found = reconciled(node.url, places.uris["store"])
            assert (again.is_equal, found) == (True, [])
