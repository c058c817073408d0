"""The main job's functions in a plain loop: what they take without a pipeline around them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from ceramic_connectors.parquet import PartWriter
from ceramic_connectors.sources import open_source
from ceramic_connectors.tables import arrow_schema
from ceramic_pipelines.arrow_memory import use_system_memory
from ceramic_protocol.batch import SignaturePool
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.cid import Cid
from ceramic_protocol.collect_models import Models, collect_models
from ceramic_protocol.evaluate import evaluate
from ceramic_protocol.events import InvalidEvent
from ceramic_protocol.eventset import EventSet
from ceramic_protocol.ids import METAMODEL
from ceramic_protocol.models.context import Context
from ceramic_protocol.reasons import Outcome
from ceramic_protocol.rows import ShardOrder, row_pieces, shard_of
from ceramic_protocol.rules import Rules
from ceramic_protocol.tables import CONCLUSION_EVENTS, REJECTED, TABLES
from ceramic_protocol.verify import Verifier
from ceramic_transforms.table_parts import PartsOfShard

_Streams = dict[Cid, list[CheckedEvent]]


def run_loop(source: str, folder: Path, rules: Rules, threads: int | None) -> int:
    """Verify, resolve, fold and write the tables of events that are all valid; gives their number."""
    use_system_memory()
    tables = [table for table in TABLES if table is not REJECTED]
    with SignaturePool(threads) as pool, ExitStack() as stack:
        shards = _verified(pool, source, folder)
        context = Context(_models(shards, rules), {})
        writers = {
            table.name: stack.enter_context(PartWriter(folder / f"{table.name}.parquet", arrow_schema(table)))
            for table in tables
        }
        for shard in sorted(shards):
            _write(writers, shard, shards.pop(shard), rules, context)
        for writer in writers.values():
            writer.flush()
    return writers[CONCLUSION_EVENTS.name].rows


def _verified(pool: SignaturePool, uri: str, folder: Path) -> dict[int, _Streams]:
    source = open_source(uri, folder)
    shards: dict[int, _Streams] = defaultdict(lambda: defaultdict(list))
    batches = (page.items for page in source.read(0, source.count))
    for _items, answers in pool.verify_batches(batches, Verifier()):
        for checked in answers:
            assert not isinstance(checked, InvalidEvent)
            assert checked.stream is not None
            shards[shard_of(checked.stream)][checked.stream].append(checked)
    return shards


def _models(shards: Mapping[int, _Streams], rules: Rules) -> Models:
    sets = {
        stream: EventSet.of(events)
        for streams in shards.values()
        for stream, events in streams.items()
        if any(event.model == METAMODEL for event in events)
    }
    payloads = {stream: known.events[stream].payload for stream, known in sets.items()}
    return collect_models(payloads, lambda stream, context: evaluate(stream, sets[stream], rules, context))


def _write(
    writers: Mapping[str, PartWriter], shard: int, streams: _Streams, rules: Rules, context: Context
) -> None:
    order, parts = ShardOrder(shard), PartsOfShard(shard)
    for stream in sorted(streams):
        history = evaluate(stream, EventSet.of(streams.pop(stream)), rules, context)
        assert all(item.outcome is Outcome.VALID for item in history.judged.values())
        for rows in row_pieces(history, order):
            for part in parts.add(rows):
                writers[part.table].add(part.batch)
    for part in parts.flush():
        writers[part.table].add(part.batch)
