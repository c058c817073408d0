"""Events that arrive bit by bit in a random order, and what a reader learns of each stream on the way."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ceramic_connectors.apps import AppStore, StreamState, events_version
from ceramic_protocol.checked import CheckedEvent, Kind
from ceramic_protocol.cid import Cid
from ceramic_protocol.corrections import CorrectionCause, correction
from ceramic_protocol.eventset import EventSet
from ceramic_protocol.history import StreamHistory
from ceramic_protocol.ids import METAMODEL
from ceramic_protocol.ports import Chain, NoChain
from tests.support import pipeline
from tests.support.apps import expected_rows, same_json

DELIVERIES: Final = 8


@dataclass(slots=True)
class Replay:
    """What a reader went through: every state of every stream, in a random order, and how tips moved."""

    states: list[StreamState]
    causes: Counter[CorrectionCause] = field(default_factory=Counter)
    undone_tips: int = 0
    """How often a tip left the canonical log."""


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Events that can be replayed, after their own checks: with their chain at hand, and without any."""

    anchored: Sequence[CheckedEvent]
    pending: Sequence[CheckedEvent]

    @classmethod
    def of(cls, cars: Mapping[str, bytes], chain: Chain) -> Arrivals:
        """Those in CARs, which come with the CID that their source claims."""
        return cls(*(tuple(pipeline.read(cars, known).events.values()) for known in (chain, NoChain())))

    def replay(self, seed: int, *, late: float = 0.0) -> Replay:
        """Deliver the events in a random order, a tenth of them twice.

        After each of several deliveries every stream is judged anew, as a model that came late concerns
        streams without a new event of their own. The chain is known from the middle on.

        Args:
            seed: for the order.
            late: the probability that a time event or a model comes after all else.
        """
        chance = random.Random(seed)
        order = self._order(chance, late)
        states: dict[tuple[str, int], StreamState] = {}
        found = Replay([])
        before: dict[Cid, StreamHistory] = {}
        for delivery in range(1, DELIVERIES + 1):
            events = self.anchored if delivery > DELIVERIES // 2 else self.pending
            known = [events[index] for index in order[: len(order) * delivery // DELIVERIES]]
            after = _judge(known)
            for stream, history in after.items():
                state = StreamState.of_history(history, events_version(history))
                # Two states of one version are one state: what `StreamState` asks for.
                assert states.setdefault((state.stream_id, state.version), state) == state
                _note(found, before.get(stream), history)
            before = after
        found.states = list(states.values())
        chance.shuffle(found.states)
        return found

    def _order(self, chance: random.Random, late: float) -> list[int]:
        order = list(range(len(self.anchored)))
        order += chance.sample(order, len(order) // 10)
        places = [chance.random() + (self._may_be_late(index) and chance.random() < late) for index in order]
        return [index for _place, index in sorted(zip(places, order, strict=True))]

    def _may_be_late(self, index: int) -> bool:
        event = self.anchored[index]
        return event.kind is Kind.TIME or event.model == METAMODEL


def _note(found: Replay, before: StreamHistory | None, after: StreamHistory) -> None:
    moved = None if before is None else correction(before, after)
    if moved is not None and moved.old_tip is not None:
        found.causes[moved.cause] += 1
        found.undone_tips += moved.old_tip in moved.undone


def _judge(events: Iterable[CheckedEvent]) -> dict[Cid, StreamHistory]:
    decoded = pipeline.Decoded()
    for event in events:
        assert event.stream is not None
        decoded.streams.setdefault(event.stream, EventSet()).add(event)
    return pipeline.histories(decoded)


def apply_in_parts(store: AppStore, states: Sequence[StreamState], size: int = 50) -> None:
    """Bring states into a store, as from writers that race: the first ones come once more at the end."""
    changes = [*states, *states[:200]]
    for start in range(0, len(changes), size):
        store.apply(changes[start : start + size])


def check_against_states(store: AppStore, states: Iterable[StreamState]) -> int:
    """Every document has its row with the same content, tip and controller, and there are no others.

    Returns:
        How many there are.
    """
    known, compared = list(states), 0
    expected = expected_rows(known)
    assert set(store.tables()) == {state.stream_id for state in known if state.is_model and state.tip}
    for of, rows in expected.items():
        found = {row["stream_id"]: row for row in store.rows(of)}
        assert found.keys() == rows.keys()
        for stream, wanted in rows.items():
            assert {name: found[stream][name] for name in wanted} == wanted
            assert same_json(found[stream]["content"], wanted["content"])
            _check_columns(store, of, found[stream])
            compared += 1
    assert not any(list(store.rows(of)) for of in store.tables() if of not in expected)
    assert store.waiting() == {}
    return compared


def _check_columns(store: AppStore, of: str, row: dict[str, Any]) -> None:
    """A column has what the content says, unless it is named as unfit."""
    for column in store.table(of).fields:
        value = (row["content"] or {}).get(column.field)
        if column.name in (row["unfit"] or ()):
            assert row[column.name] is None
            assert value is not None
        else:
            assert row[column.name] == value
