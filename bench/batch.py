"""Verifying a long batch in one process with one thread and with two, beside the bare check on one thread."""

from __future__ import annotations

from typing import Final

from bench.ceiling import call, checks
from bench.corpus import data_events
from bench.effort import Effort
from bench.figure import Figure, Series
from bench.measure import spread, time_batch
from ceramic_protocol.accounts.did import KeyType
from ceramic_protocol.batch import SignaturePool
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.ports import RawEvent
from ceramic_protocol.verify import Verifier

_VERIFIER: Final = Verifier()
_BATCH: Final = 1000
_BARE: Final = "bare Ed25519 check, PyNaCl, one thread"
_MICROS: Final = 1e6


def figures(effort: Effort) -> list[Figure]:
    """Events per second with two threads, beside one thread and beside the bare check."""
    sample = data_events(KeyType.ED25519, 1000)
    events = (sample * (effort.batch_events // len(sample) + 1))[: effort.batch_events]
    bare = checks(KeyType.ED25519, sample)["PyNaCl"]
    seconds: dict[str, list[float]] = {"one": [], "two": [], "bare": []}
    for _ in range(effort.batch_rounds):
        seconds["bare"].append(time_batch(call, bare) / _MICROS)
        seconds["one"].append(time_batch(lambda pool: _verify(pool, events), [1]) / _MICROS / len(events))
        seconds["two"].append(time_batch(lambda pool: _verify(pool, events), [2]) / _MICROS / len(events))
    per_second = {name: [1 / value for value in values] for name, values in seconds.items()}
    note = f"{effort.batch_rounds} × {len(events):,} events, {spread(per_second['two'])}"
    two, name = per_second["two"], "verify a batch, two threads"
    return [
        Figure.of(Series(f"{name} for one", two), Series("one thread", per_second["one"]), "events/s", note),
        Figure.of(Series(f"{name} at all", two), Series(_BARE, per_second["bare"]), "events/s", note),
    ]


def _verify(threads: int, events: list[RawEvent]) -> None:
    batches = (events[start : start + _BATCH] for start in range(0, len(events), _BATCH))
    with SignaturePool(threads) as pool:
        for _items, answers in pool.verify_batches(batches, _VERIFIER):
            assert all(isinstance(answer, CheckedEvent) and answer.reason is None for answer in answers)
