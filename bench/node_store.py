"""Folders with so many events stored, filled once for a run and copied for what changes them."""

from __future__ import annotations

import atexit
import shutil
import sys
from contextlib import closing
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final, NamedTuple

from bench.node_events import LENGTH, Coming, Tip, stored_streams
from bench.stored import stored
from bench.streams import model_event
from ceramic_node.clock import SystemClock
from ceramic_node.config.node import NodeConfig
from ceramic_node.operation.building import STATES_FILE, rules_of
from ceramic_node.states.follower import StateFollower
from ceramic_node.states.sqlite import SqliteStates
from ceramic_node.store.sqlite import open_store
from ceramic_protocol.limits import MAX_BATCH_EVENTS

_STREAMS_AT_ONCE: Final = MAX_BATCH_EVENTS // LENGTH
_TOLD_EVERY: Final = 50_000
_LOCKS: Final = "*.lock"


class Filled(NamedTuple):
    """A folder with `size` events in streams of ten and their model, whose ends are `tips`."""

    folder: Path
    size: int
    tips: list[Tip]

    def copy(self, name: str) -> Path:
        """The folder once more."""
        target = _root() / name
        shutil.rmtree(target, ignore_errors=True)
        return Path(shutil.copytree(self.folder, target, ignore=shutil.ignore_patterns(_LOCKS)))

    def coming(self) -> Coming:
        """Events that such a folder hasn't got."""
        return Coming(self.tips)


@lru_cache
def filled(count: int, base: int = 0) -> Filled:
    """A folder with so many events and their states; changing it is up to who asks for a copy.

    Args:
        count: how many, a multiple of `LENGTH`.
        base: how many are taken from another such folder; less work if there is one.
    """
    folder = _root() / f"stored-{count}"
    tips: list[Tip] = []
    if base:
        source = filled(base)
        source.copy(folder.name)
        tips += source.tips
    _fill(folder, tips, count)
    return Filled(folder, count, tips)


@lru_cache
def _root() -> Path:
    """Where all folders of this run are."""
    root = TemporaryDirectory(prefix="ceramic-streams-bench-")
    atexit.register(root.cleanup)
    return Path(root.name)


def _fill(folder: Path, tips: list[Tip], count: int) -> None:
    clock, config = SystemClock(), NodeConfig()
    events = open_store(folder, clock=clock, network=config.network)
    with events, closing(SqliteStates(folder / STATES_FILE)) as states:
        follower = StateFollower(events, states, rules_of(config, clock))
        if not tips:
            events.put([stored(model_event())])
        started, first = perf_counter(), len(tips)
        while len(tips) * LENGTH < count:
            missing = count // LENGTH - len(tips)
            made, ends = stored_streams(len(tips), min(missing, _STREAMS_AT_ONCE))
            events.put(list(map(stored, made)))
            tips += ends
            while follower.run_once():
                pass
            if len(tips) * LENGTH % _TOLD_EVERY == 0:
                seconds = perf_counter() - started
                rate = (len(tips) - first) * LENGTH / seconds
                _tell(f"{len(tips) * LENGTH:,} of {count:,} events stored, {rate:,.0f}/s")
        follower.stop()
        # Few events stored and many are measured alike: neither begins with keys of Recon to be made.
        events.recon.range_hash(b"", b"\xff")


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
