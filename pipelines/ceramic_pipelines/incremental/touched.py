"""Which groups of shards an increment may change; where that is hard to tell, more of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from ceramic_pipelines.incremental.around import models_of, streams_of_models
from ceramic_pipelines.incremental.kept import Kept, by_shard, shards_in
from ceramic_pipelines.incremental.together import Together
from ceramic_protocol.accounts.grant import Grant
from ceramic_protocol.collect_models import Models
from ceramic_protocol.ids import StreamId
from ceramic_protocol.models.definition import ModelDefinition
from ceramic_protocol.reasons import Layer, Reason
from ceramic_protocol.rules import Rules
from ceramic_transforms.batches import CHECKED_EVENTS, to_rows
from ceramic_transforms.references import cid_array
from ceramic_transforms.shards import shards_of_refusals
from ceramic_transforms.spill import read_spill

_LARGE: Final = ("car", "payload")
_TOLD: Final = tuple(name for name in CHECKED_EVENTS.names if name not in _LARGE)
_REFERS: Final = ("event_cid", "stream_cid", "prev")
_SECOND: Final = 1000


def changed_by_events(events: Together) -> set[int]:
    """The groups where something is new, or whose events looked at again are told of something else."""
    return {
        group
        for group in range(events.kept.files)
        if not _same_events(events, group) or not _same_letters(events, group)
    }


def _same_events(events: Together, group: int) -> bool:
    paths = [
        path for shard in shards_in(group, events.kept.files) for path in events.fresh.events.get(shard, ())
    ]
    fresh = sum(batch.num_rows for path in paths for batch in read_spill(path, ("kind",)))
    before = list(_looked_at_again(events, group))
    if fresh != sum(batch.num_rows for batch in before):
        return False
    after = (batch.select(_TOLD) for path in paths for batch in read_spill(path, _TOLD))
    return _counted(before) == _counted(after)


def _looked_at_again(events: Together, group: int) -> Iterator[pa.RecordBatch]:
    if events.reopened is not None:
        for batch in events.kept.events(group, _TOLD):
            found = batch.filter(events.reopened.all(batch))
            if found.num_rows:
                yield found


def _counted(batches: Iterable[pa.RecordBatch]) -> Counter[tuple[Any, ...]]:
    return Counter(row for batch in batches for row in to_rows(batch))


def _same_letters(events: Together, group: int) -> bool:
    paths = [
        path for shard in shards_in(group, events.kept.files) for path in events.fresh.letters.get(shard, ())
    ]
    if not paths:
        return True
    new = {_letter(row) for path in paths for batch in read_spill(path) for row in to_rows(batch)}
    for _shard, batches in by_shard(events.kept.letters(group), shards_of_refusals):
        new.difference_update(_letter(row) for batch in batches for row in to_rows(batch))
    return not new


def _letter(row: tuple[Any, ...]) -> bytes:
    return blake2b(repr(row).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def changed_by_time(kept: Kept, before: int, now: int, rules: Rules) -> set[int]:
    """The groups with a capability that begins or runs out between two times, in unix milliseconds."""
    if before == now:
        return set()
    first, last = sorted((before, now))
    seen: dict[bytes, bool] = {}

    def turns(grant: bytes) -> bool:
        if grant not in seen:
            seen[grant] = any(first <= moment <= last for moment in _moments(Grant.from_bytes(grant), rules))
        return seen[grant]

    def is_changed(group: int) -> bool:
        grants = (pc.unique(batch.column("grant")).to_pylist() for batch in kept.events(group, ("grant",)))
        return any(grant is not None and turns(grant) for several in grants for grant in several)

    return {group for group in range(kept.files) if is_changed(group)}


def _moments(grant: Grant, rules: Rules) -> Iterator[int]:
    """When the word on a grant may change, under any profile."""
    skew, grace = rules.skew * _SECOND, rules.grace * _SECOND
    if grant.not_before is not None:
        yield from (grant.not_before - skew, grant.not_before)
    if grant.expires is not None:
        yield from (grant.expires + more for more in (0, skew, grace, grace + skew))


def changed_by_models(events: Together, before: Models, now: Models) -> set[int]:
    """The groups with streams that depend on a model of which something else is known than before."""
    every = set(range(events.kept.files))
    changed = {model for model in now.keys() | before.keys() if _word(before, model) != _word(now, model)}
    if not changed:
        return set()
    if changed & before.keys():
        return every
    return _with_models(events.kept, changed) | _refused(events.kept, "layer", {Layer.STATE.value})


def _word(models: Models, model: StreamId) -> Any:
    """What counts of a model: that it stands, as its definition is one with its id, or what is wrong."""
    found = models.get(model)
    return True if isinstance(found, ModelDefinition) else found


def _with_models(kept: Kept, models: set[StreamId]) -> set[int]:
    wanted = cid_array(bytes(model) for model in models)
    return {
        group
        for group in range(kept.files)
        if any(
            pc.any(pc.is_in(batch.column("model"), value_set=wanted), min_count=0).as_py()
            for batch in kept.events(group, ("model",))
        )
    }


def _refused(kept: Kept, column: str, values: set[str]) -> set[int]:
    """The groups where a row of `rejected` has one of the values."""
    wanted = pa.array(sorted(values), pa.utf8())
    return {
        group
        for group in range(kept.files)
        if any(
            pc.any(pc.is_in(batch.column(column), value_set=wanted), min_count=0).as_py()
            for batch in kept.rejected(group, (column,))
        )
    }


def changed_by_references(events: Together, changed: set[int]) -> set[int]:
    """The groups with events that refer to one which came in, as far as they are of another stream."""
    new = _new_cids(events, changed)
    if not len(new):
        return set()
    waiting = _refused(events.kept, "reason", {Reason.RELATION_MISSING.value})
    return waiting | {
        group
        for group in range(events.kept.files)
        if any(_refers(batch, new) for batch in events.kept.events(group, _REFERS))
    }


def _new_cids(events: Together, changed: set[int]) -> pa.Array:
    shards = [shard for group in changed for shard in shards_in(group, events.kept.files)]
    paths = [path for shard in shards for path in events.fresh.events.get(shard, ())]
    return cid_array(
        {cid for path in paths for batch in read_spill(path, ("event_cid",)) for cid in _cids(batch)}
    )


def _cids(batch: pa.RecordBatch) -> list[bytes]:
    found: list[bytes] = batch.column("event_cid").to_pylist()
    return found


def _refers(batch: pa.RecordBatch, new: pa.Array) -> bool:
    hits = pc.or_(
        pc.is_in(batch.column("prev"), value_set=new), pc.is_in(batch.column("stream_cid"), value_set=new)
    )
    return bool(pc.any(hits, min_count=0).as_py())


def touched_groups(events: Together, before: Rules, now: Rules) -> tuple[set[int], Models]:
    """The groups to resolve again, and what is known of models now.

    Args:
        events: kept and fresh ones.
        before: the rules of the version before.
        now: those of this run; they differ in the time that counts as now.
    """
    kept = events.kept
    streams = streams_of_models(events)
    models = models_of(events, streams, now)
    if kept.version is None:
        return set(range(kept.files)), models
    as_before = Together(kept, type(events.fresh)(), None)
    changed = changed_by_events(events)
    changed |= changed_by_references(events, changed)
    changed |= changed_by_time(kept, before.at, now.at, now)
    known_before = models_of(as_before, streams_of_models(as_before), before)
    return changed | changed_by_models(events, known_before, models), models
