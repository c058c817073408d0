"""Events that a node verifies and keeps, posted one by one and in batches, and the states that follow.

They are on disk when they are acknowledged: every round with few events stored ends with SIGKILL, and all
that was acknowledged has to be in the store.
"""

from __future__ import annotations

import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from bench.ceiling import bare_check
from bench.effort import Effort
from bench.figure import Figure, Series
from bench.node_events import Coming, batch_requests, single_requests
from bench.node_peer import NAME, bare_rate, bare_server
from bench.node_process import running_node
from bench.node_rounds import CONNECTIONS, Measured, flat, note_of, of_states, send, timed, values, warm
from bench.node_store import Filled, filled
from ceramic_node.clock import SystemClock
from ceramic_node.config.node import NodeConfig
from ceramic_node.store.sqlite import open_store

_BATCH: Final = 500
_SAMPLE: Final = 100
_CHECK: Final = "bare Ed25519 check"
_FULL: Final = ("--durability", "FULL")
_CHECK_ROUNDS: Final = 3


class _Round(NamedTuple):
    """One by one, and in batches."""

    single: Measured
    batch: Measured


class _Rounds(NamedTuple):
    """Few events stored, many, few with FULL; and beside them what bare servers and checks do a second."""

    small: list[_Round]
    large: list[_Round]
    full: list[_Round]
    served: list[float]
    checked: list[float]


def figures(effort: Effort) -> list[Figure]:
    """All of it: few events stored, many, and few on a disk that is waited for."""
    few, many = map(filled, effort.node_sizes)
    large_folder, large_coming = many.copy("many"), many.coming()
    rounds = _Rounds([], [], [], [], [])
    sample = few.coming().take(max(_SAMPLE, effort.node_singles))
    with bare_server() as port:
        for _ in range(effort.node_rounds):
            raw = [event.raw for event in sample[:_SAMPLE]]
            rounds.checked.append(1e6 / bare_check(raw, _CHECK_ROUNDS).micros)
            rounds.served.append(bare_rate(port, single_requests(sample), CONNECTIONS))
            rounds.small.append(_killed(few, effort))
            rounds.large.append(_session(large_folder, large_coming, effort))
            rounds.full.append(_killed(few, effort, *_FULL))
    return [
        *_figures("single", effort.node_singles, effort, rounds, Series(NAME, rounds.served)),
        *_figures("batch", effort.node_batched, effort, rounds, Series(_CHECK, rounds.checked)),
        *_states(effort, [each.batch for each in rounds.small], [each.batch for each in rounds.large]),
    ]


def _figures(name: str, events: int, effort: Effort, rounds: _Rounds, bare: Series) -> list[Figure]:
    few, many = (f"{size:,} stored" for size in effort.node_sizes)
    here, there, lasting = ([getattr(each, name) for each in found] for found in rounds[:3])
    normal, said = Series(f"NORMAL, {few}", values(here)), note_of(lasting, events)
    return [
        Figure.of(Series(f"{name} POST, {few}", values(here)), bare, "events/s", note_of(here, events)),
        flat(f"{name} POST, {many}", there, here, few, note_of(there, events)),
        Figure.of(Series(f"{name} POST, FULL", values(lasting)), normal, "events/s", said),
    ]


def _states(effort: Effort, small: Sequence[Measured], large: Sequence[Measured]) -> list[Figure]:
    """From the first POST until all states were there."""
    few, many = (f"{size:,} stored" for size in effort.node_sizes)
    name, posted = "batch POST to states", Series("posted", values(small))
    here, there = of_states(small), of_states(large)
    said = [note_of(rounds, effort.node_batched) for rounds in (here, there)]
    return [
        Figure.of(Series(f"{name}, {few}", values(here)), posted, "events/s", said[0]),
        flat(f"{name}, {many}", there, here, few, said[1]),
    ]


def _killed(few: Filled, effort: Effort, *options: str) -> _Round:
    """A round on a copy of its own that ends with SIGKILL, and a look whether everything is there."""
    folder = few.copy("few")
    found = _session(folder, few.coming(), effort, *options, ending=signal.SIGKILL)
    posted = few.coming().take(effort.node_warm + effort.node_singles + effort.node_batched)
    with open_store(folder, clock=SystemClock(), network=NodeConfig().network) as store:
        assert len(store.streams_of({event.cid for event in posted})) == len(posted)
    return found


def _session(
    folder: Path, coming: Coming, effort: Effort, *options: str, ending: int = signal.SIGTERM
) -> _Round:
    with running_node(folder, *options) as node:
        warm(node, coming, effort.node_warm)
        one_by_one = single_requests(coming.take(effort.node_singles))
        single = timed(node, lambda: send(node, one_by_one, 1))
        batches = batch_requests(coming.take(effort.node_batched), _BATCH)
        batch = timed(node, lambda: send(node, batches, min(_BATCH, effort.node_batched)))
        node.end(ending)
    return _Round(single, batch)
