"""What streams have to know of each other, asked of kept and fresh events together."""

from __future__ import annotations

from collections.abc import Iterable

from ceramic_pipelines.incremental.kept import group_of
from ceramic_pipelines.incremental.together import Together
from ceramic_protocol.cid import Cid
from ceramic_protocol.collect_models import Models
from ceramic_protocol.rows import shard_of
from ceramic_protocol.rules import Rules
from ceramic_transforms.batches import EVENT_COLUMNS
from ceramic_transforms.references import (
    KNOWN_COLUMNS,
    Known,
    Surroundings,
    cid_array,
    events_of,
    found_in,
    judge_models,
    link_columns,
    model_streams,
    wanted_by,
)


def streams_of_models(events: Together) -> frozenset[bytes]:
    """The streams of all models."""
    return frozenset().union(*map(model_streams, events.all_rows(KNOWN_COLUMNS)))


def models_of(events: Together, streams: frozenset[bytes], rules: Rules) -> Models:
    """What is known of models, given their streams."""
    if not streams:
        return {}
    asked = cid_array(streams)
    groups = sorted({group_of(shard_of(Cid(stream)), events.kept.files) for stream in streams})
    batches = (batch for group in groups for batch in events.rows(group, EVENT_COLUMNS))
    return judge_models((row for batch in batches for row in events_of(batch, asked)), rules)


def surroundings_of(events: Together, groups: Iterable[int], models: Models) -> Surroundings:
    """What the streams of these groups have to know of all others."""
    columns = link_columns(models)
    by_shard = (
        wanted_by(batches, models) for group in groups for _shard, batches in events.shards(group, columns)
    )
    wanted = cid_array(frozenset().union(*by_shard))
    known: Known = {}
    if len(wanted):
        for batch in events.all_rows(KNOWN_COLUMNS):
            known |= found_in(batch, wanted)
    return Surroundings(models, known)
