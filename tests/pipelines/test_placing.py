"""Time events without `id`, on every runner: one set of events, one answer."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from hypothesis import HealthCheck, Phase, given, settings

from ceramic_connectors.sources import open_source
from ceramic_connectors.tables import arrow_schema
from ceramic_pipelines.export import ExportJob, run_export
from ceramic_pipelines.ledger import Ledger
from ceramic_pipelines.verdicts import VerdictLine
from ceramic_protocol.cid import Cid
from ceramic_protocol.ids import METAMODEL, MODEL, StreamId
from ceramic_protocol.rows import ShardOrder, shard_of, stream_rows
from ceramic_protocol.tables import REJECTED, TABLES
from ceramic_protocol.verify import Verifier
from ceramic_transforms.batches import to_batch
from tests.support import capabilities, pipeline, signing
from tests.support.capabilities import Wallet, iso
from tests.support.chains import KnownChain
from tests.support.cli import lines, run
from tests.support.export import export_in_one, read_tables, write_ndjson
from tests.support.judging import RULES
from tests.support.models import DEFINITION, NOTE, NOTES
from tests.support.old_anchors import Drawn, sets_of_events
from tests.support.signing import Made, ed25519

Tables = dict[str, list[dict[str, Any]]]

CHAIN: Final = KnownChain()
INIT: Final = signing.init(ed25519(1), {"text": "a"}, model=NOTE, unique=b"a")
OLD: Final = signing.time(None, INIT, CHAIN, 500)
SECOND: Final = signing.time(None, OLD, CHAIN, 600)
THIRD: Final = signing.time(INIT, SECOND, CHAIN, 700)
LOST: Final = signing.time(None, signing.init(ed25519(2), model=None), CHAIN, 500)


@contextmanager
def source_of(drawn: Drawn) -> Iterator[tuple[str, Path]]:
    with tempfile.TemporaryDirectory() as folder:
        write_ndjson(Path(folder, "events.ndjson.gz"), drawn.cars)
        yield f"ndjson:{folder}/events.ndjson.gz", Path(folder)


@contextmanager
def ledger_of(uri: str, folder: Path, chain: KnownChain) -> Iterator[Ledger]:
    with Ledger(folder) as ledger:
        ledger.fill(open_source(uri, folder), Verifier(chain), lambda _items: None)
        yield ledger


def tables_of(ledger: Ledger) -> Tables:
    """What the embedded runner says, as tables."""
    histories = sorted(ledger.judge(ledger.histories(RULES)), key=lambda found: found.stream)
    rows: dict[str, list[Any]] = {table.name: [] for table in TABLES}
    shard_key = lambda found: shard_of(found.stream)  # noqa: E731
    for shard, members in groupby(sorted(histories, key=shard_key), key=shard_key):
        order = ShardOrder(shard)
        for history in members:
            made = stream_rows(history, order)
            for table in TABLES:
                if table is not REJECTED:
                    rows[table.name] += made.of(table)
    found = {
        table.name: to_batch(arrow_schema(table), rows[table.name]).to_pylist()
        for table in TABLES
        if table is not REJECTED
    }
    return {**found, REJECTED.name: sorted(refusals(list(ledger.lines(RULES))), key=refusal_key)}


def refusals(lines: list[VerdictLine]) -> Iterator[dict[str, Any]]:
    for line in lines:
        if line.reason is not None:
            yield {
                "verdict": line.outcome.value,
                "event_cid": line.cid,
                "stream_id": line.stream_id,
                "layer": line.reason.layer.value,
                "reason": line.reason.value,
                "detail": line.detail,
            }


def refusal_key(row: dict[str, Any]) -> tuple[bytes, str]:
    return row["event_cid"], row["reason"]


def exported(uri: str, output: Path, chain: KnownChain, *, in_one: bool) -> Tables:
    job = ExportJob(uri, output, RULES, Verifier(chain))
    if in_one:
        export_in_one(job, output.parent)
    else:
        run_export(job)
    tables = {name: table.to_pylist() for name, table in read_tables(output).items()}
    for row in tables[REJECTED.name]:
        del row["raw"]
    tables[REJECTED.name].sort(key=refusal_key)
    return tables


# A failing set is shown as it was drawn: each try takes seconds, and making it smaller many minutes.
@settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(sets_of_events(max_events=40))
def test_all_runners_make_the_same_tables(drawn: Drawn) -> None:
    with source_of(drawn) as (uri, folder):
        with ledger_of(uri, folder, drawn.chain) as ledger:
            wanted = tables_of(ledger)
        assert exported(uri, folder / "one", drawn.chain, in_one=True) == wanted
        assert exported(uri, folder / "two", drawn.chain, in_one=False) == wanted


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(sets_of_events())
def test_the_ledger_says_what_the_rules_say(drawn: Drawn) -> None:
    decoded = pipeline.read(dict(drawn.cars), drawn.chain)
    histories = pipeline.histories(decoded)
    wanted: dict[Cid | None, Any] = {
        cid: (str(history.stream_id), item.reason, item.detail, item.height)
        for history in histories.values()
        for cid, item in history.judged.items()
    }
    alone = pipeline.judged_alone(decoded)
    wanted |= {cid: (None, item.reason, item.detail, None) for cid, item in alone.items()}
    with source_of(drawn) as (uri, folder), ledger_of(uri, folder, drawn.chain) as ledger:
        assert list(ledger.judge(ledger.histories(RULES))) == [histories[cid] for cid in sorted(histories)]
        found = list(ledger.lines(RULES))
    assert len(found) == len(wanted)
    assert {line.cid: (line.stream_id, line.reason, line.detail, line.height) for line in found} == wanted


def test_a_chain_of_them_anchors_its_stream(tmp_path: Path) -> None:
    verdicts = judged(tmp_path, THIRD, SECOND, OLD, INIT, NOTES)
    stream_id = verdicts[str(INIT.cid)]["stream_id"]
    for height, event in enumerate((INIT, OLD, SECOND, THIRD)):
        line = verdicts[str(event.cid)]
        assert (line["verdict"], line["stream_id"], line["height"]) == ("valid", stream_id, height)


def test_without_what_it_builds_on_it_waits(tmp_path: Path) -> None:
    verdicts = judged(tmp_path, THIRD, SECOND, INIT, NOTES, LOST, LOST)
    for event in (SECOND, LOST):
        line = verdicts[str(event.cid)]
        assert (line["verdict"], line["reason"], line["stream_id"]) == ("pending", "prev_missing", None)
        assert line["kind"] == "time"
        assert "is unknown" in line["detail"]
    assert verdicts[str(THIRD.cid)]["reason"] == "prev_missing"


def judged(folder: Path, *events: Made) -> dict[str, Any]:
    write_ndjson(folder / "events.ndjson.gz", [(str(event.cid), event.car) for event in events])
    with ledger_of(f"ndjson:{folder}/events.ndjson.gz", folder, CHAIN) as ledger:
        list(ledger.judge(ledger.histories(RULES)))
        found = [line.as_json() for line in ledger.lines(RULES)]
    assert len(found) == len({line["cid"] for line in found})
    return {line["cid"]: line for line in found}


def test_summaries_count_them_alike(tmp_path: Path) -> None:
    write_ndjson(
        tmp_path / "events.ndjson", [(str(event.cid), event.car) for event in (INIT, OLD, *[LOST] * 3)]
    )
    uri = f"ndjson:{tmp_path}/events.ndjson"
    summary = run_export(ExportJob(uri, tmp_path / "out", RULES, Verifier(CHAIN)))
    assert (summary.items, summary.events, summary.duplicates) == (5, 3, 2)
    assert "2  duplicates" in run("verify", uri).stderr


def test_a_stream_is_found_by_its_old_anchor(tmp_path: Path) -> None:
    cars = [(str(event.cid), event.car) for event in (NOTES, INIT, SECOND, OLD, LOST)]
    write_ndjson(tmp_path / "events.ndjson", cars)
    uri = f"ndjson:{tmp_path}/events.ndjson"
    (line,) = lines(run("resolve", uri, "--stream", str(SECOND.cid)))
    assert line["log"][0] == str(INIT.cid)
    refused = run("resolve", uri, "--stream", str(LOST.cid))
    assert refused.exit_code == 2
    assert "does not have what tells its stream" in refused.stderr


def test_inspect_says_whose_stream_it_is_of(tmp_path: Path) -> None:
    (tmp_path / "event.car").write_bytes(OLD.car)
    found = json.loads(run("inspect", str(tmp_path / "event.car"), "--format", "json").stdout)
    assert found["stream's init event"] == "that of prev"
    assert str(Cid(INIT.cid)) in found["prev"]


def test_an_old_anchor_shows_that_a_model_was_signed_in_time() -> None:
    """What documents are held to may hang on it, so the models' streams need it on every runner."""
    wallet, session, chain = Wallet(), ed25519(3), KnownChain()
    short = wallet.grant(session, issued_at=iso(1_710_000_000), expires_at=iso(1_710_001_000))
    payload = signing.init_payload(session, DEFINITION, model=METAMODEL, controllers=[wallet.did])
    model = capabilities.under(payload, session, short)
    document = signing.init(session, {"text": "a"}, model=StreamId.of(MODEL, model.cid), unique=b"a")
    anchor = signing.time(None, model, chain, 1_710_000_500)
    for events, outcome in (((document, model, anchor), None), ((document, model), "model_invalid")):
        with source_of(Drawn(list(events), chain)) as (uri, folder):
            with ledger_of(uri, folder, chain) as ledger:
                wanted = tables_of(ledger)
                reasons = {line.cid: line.reason and line.reason.value for line in ledger.lines(RULES)}
            assert exported(uri, folder / "two", chain, in_one=False) == wanted
        assert reasons[document.cid] == outcome, reasons
