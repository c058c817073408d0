"""What streams have to know of each other: models, and events that others have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from ceramic_protocol import dagcbor
from ceramic_protocol.checked import Kind
from ceramic_protocol.cid import Cid
from ceramic_protocol.collect_models import Models, collect_models
from ceramic_protocol.evaluate import evaluate
from ceramic_protocol.eventset import EventSet
from ceramic_protocol.history import StreamHistory, unresolved
from ceramic_protocol.ids import METAMODEL, StreamId
from ceramic_protocol.models.context import Context, Linked
from ceramic_protocol.models.context_needs import linked_documents
from ceramic_protocol.models.definition import ModelDefinition
from ceramic_protocol.rules import Rules
from ceramic_transforms.batches import checked_event, to_rows
from ceramic_transforms.placing import placed

_LINK_COLUMNS: Final = ("stream_cid", "event_cid", "prev", "kind", "model")

KNOWN_COLUMNS: Final = ("event_cid", "stream_cid", "model")
"""Columns that `found_in` reads."""

Known: TypeAlias = dict[bytes, bytes | None]
"""Events that were asked for and are there, by CID, with the model in the header of init events."""


class Surroundings(NamedTuple):
    """What all streams together tell each single one."""

    models: Models
    known: Known

    @property
    def context(self) -> Context:
        """The same in the form that `evaluate` takes."""
        return Context(self.models, _Links(self.known))


class _Links(Mapping[StreamId, Linked]):
    def __init__(self, known: Known) -> None:
        self._known = known

    def __getitem__(self, stream: StreamId) -> Linked:
        return Linked.of(stream, self._known[stream.cid])

    def __iter__(self) -> Iterator[StreamId]:
        raise NotImplementedError("links are looked up one by one")

    def __len__(self) -> int:
        return len(self._known)


def model_streams(batch: pa.RecordBatch) -> frozenset[bytes]:
    """The streams of models whose init events a batch holds."""
    is_model = pc.equal(batch.column("model"), pa.scalar(bytes(METAMODEL), pa.binary()))
    return frozenset(pc.filter(batch.column("event_cid"), is_model).to_pylist())


def events_of(batch: pa.RecordBatch, streams: pa.Array) -> list[tuple[Any, ...]]:
    """The rows of a batch that are of these streams."""
    return list(to_rows(batch.filter(pc.is_in(batch.column("stream_cid"), value_set=streams))))


def judge_models(rows: Iterable[tuple[Any, ...]], rules: Rules) -> Models:
    """What is known of models, given all rows of their streams."""
    sets: dict[Cid, EventSet] = {}
    for row in rows:
        sets.setdefault(Cid(row[1]), EventSet()).add(checked_event(row))
    payloads = {
        cid: known.events[cid].payload
        for cid, known in sets.items()
        if cid in known.events and known.events[cid].model == METAMODEL
    }

    def judge(stream: Cid, context: Context) -> StreamHistory:
        return evaluate(stream, sets[stream], rules, context)

    return collect_models(payloads, judge)


def link_columns(models: Models) -> tuple[str, ...]:
    """Columns of `CHECKED_EVENTS` that tell what refers to what; payloads only if documents may."""
    has_links = any(isinstance(model, ModelDefinition) and model.has_links for model in models.values())
    return (*_LINK_COLUMNS, "payload") if has_links else _LINK_COLUMNS


def wanted_by(batches: Iterable[pa.RecordBatch], models: Models) -> frozenset[bytes]:
    """The CIDs to ask all other streams for, given the `link_columns` of all events of some streams."""
    names = link_columns(models)
    links_of: dict[bytes, list[tuple[Any, ...]]] = {}
    for batch in batches:
        rows = placed(batch)
        columns = (rows.column(name).to_pylist() for name in names)
        for stream, *link in zip(*columns, strict=True):
            links_of.setdefault(stream, []).append(tuple(link))
    return frozenset().union(*(_wanted(stream, links, models) for stream, links in links_of.items()))


def _wanted(stream: bytes, links: list[tuple[Any, ...]], models: Models) -> set[bytes]:
    wanted = unresolved(stream, ((cid, prev) for cid, prev, *_rest in links))
    model = next((model for cid, _prev, _kind, model, *_payload in links if cid == stream), None)
    definition = None if model is None else models.get(StreamId(model))
    if isinstance(definition, ModelDefinition) and definition.has_links:
        contents = (_content(payload) for *_link, kind, _model, payload in links if kind != Kind.TIME)
        wanted |= {link.cid for link in linked_documents(definition, contents)}
    return wanted


def _content(payload: bytes) -> Any:
    value = dagcbor.decode(payload)
    return value.get("data") if isinstance(value, dict) else None


def cid_array(cids: Iterable[bytes]) -> pa.Array:
    """CIDs in the form that `found_in` looks them up in."""
    return pa.array(sorted(cids), pa.binary())


def found_in(batch: pa.RecordBatch, wanted: pa.Array) -> Known:
    """Those of the wanted events that a batch with `KNOWN_COLUMNS` holds, and whose stream is known."""
    found = batch.select(KNOWN_COLUMNS).filter(pc.is_in(batch.column("event_cid"), value_set=wanted))
    return {cid: model for cid, _stream, model in to_rows(placed(found))}
