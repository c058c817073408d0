"""From the streams of models to their definitions: the first pass of every host."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import TypeAlias

from ceramic_protocol import dagcbor
from ceramic_protocol.cid import Cid
from ceramic_protocol.dagcbor import IpldValue
from ceramic_protocol.history import Judged, StreamHistory
from ceramic_protocol.ids import MODEL, StreamId
from ceramic_protocol.models.context import Context
from ceramic_protocol.models.context_needs import interfaces
from ceramic_protocol.models.definition import ModelDefinition, parse_model
from ceramic_protocol.reasons import Finding, Outcome, Reason

Models: TypeAlias = dict[StreamId, ModelDefinition | Finding]


def collect_models(
    payloads: Mapping[Cid, bytes], evaluate: Callable[[Cid, Context], StreamHistory]
) -> Models:
    """What is known of models: definitions, or what is wrong with them; each is judged once.

    Interfaces come first. That order exists, as a model names its interfaces by hash.

    Args:
        payloads: payload blocks of the models' init events, by CID.
        evaluate: evaluates a stream, given what is known of its interfaces.
    """
    named = {cid: {stream.cid for stream in interfaces(content_of(block))} for cid, block in payloads.items()}
    waiting = {cid: len(wanted & payloads.keys()) for cid, wanted in named.items()}
    followers: dict[Cid, list[Cid]] = {}
    for cid, wanted in named.items():
        for interface in wanted & payloads.keys():
            followers.setdefault(interface, []).append(cid)
    queue = deque(cid for cid, number in waiting.items() if number == 0)
    models: Models = {}
    while queue:
        cid = queue.popleft()
        found = _of(evaluate(cid, Context(models)))
        if found is not None:
            models[StreamId.of(MODEL, cid)] = found
        for follower in followers.get(cid, ()):
            waiting[follower] -= 1
            if waiting[follower] == 0:
                queue.append(follower)
    return models


def content_of(payload: bytes) -> IpldValue:
    """What an init event's payload block has as `data`."""
    value = dagcbor.decode(payload)
    return value.get("data") if isinstance(value, dict) else None


def _of(history: StreamHistory) -> ModelDefinition | Finding | None:
    init = history.judged.get(history.stream)
    if init is None:
        return None
    if init.reason is None:
        return parse_model(content_of(init.event.payload))
    return Finding(_reason(init), f"{init.reason.value}: {init.detail}")


def _reason(init: Judged) -> Reason:
    return Reason.MODEL_INVALID if init.outcome is Outcome.REJECTED else Reason.MODEL_MISSING
