"""A store that takes events in while no node runs on it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any, TypeAlias, TypeVar

from ceramic_node.clock import SystemClock
from ceramic_node.config.node import NodeConfig
from ceramic_node.intake import Intake
from ceramic_node.intake_answers import Answer
from ceramic_node.operation.building import kept_chain, make_chain, make_verifier
from ceramic_node.store.sqlite import open_store
from ceramic_protocol.limits import MAX_WAITING_EVENTS
from ceramic_protocol.verify import Verifier

_T = TypeVar("_T")

TakeIn: TypeAlias = Callable[[Sequence[bytes]], "Future[list[Answer]]"]
"""Hands in CARs; what will become of them is told by the future, which raises as `Intake.submit` does."""


@contextmanager
def taking_in(
    folder: Path,
    config: NodeConfig,
    max_waiting: int = MAX_WAITING_EVENTS,
    verifier: Verifier | None = None,
) -> Iterator[TakeIn]:
    """What hands events to the store in a folder, which is made if there is none, until the block ends.

    They are verified and kept as a node does it. States follow when a node runs.

    Args:
        folder: of the store.
        config: whose network, chains and rules on accounts apply.
        max_waiting: how many events may wait for others.
        verifier: checks events in place of the one that follows from `config`.

    Raises:
        UsageError: the store is of another network, or a setting makes no sense.
        CeramicError: it is in use, damaged, or of a later release.
    """
    chain = make_chain(config) if verifier is None else verifier.chain
    store = open_store(
        folder,
        clock=SystemClock(),
        synchronous=config.durability.value,
        network=config.network,
        max_waiting=max_waiting,
    )
    with store, _running_loop() as run:
        kept = kept_chain(chain, store.proofs)
        checks = make_verifier(config, kept) if verifier is None else replace(verifier, chain=kept)
        intake = Intake(store, checks, _nothing)
        run(intake.start()).result()
        try:
            yield lambda cars: run(intake.submit(cars))
        finally:
            run(intake.stop()).result()


@contextmanager
def _running_loop() -> Iterator[Callable[[Coroutine[Any, Any, _T]], Future[_T]]]:
    """What runs something in an event loop in a thread of its own, which ends with the block."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, name="taking-in", daemon=True)
    thread.start()
    try:
        yield lambda work: asyncio.run_coroutine_threadsafe(work, loop)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def _nothing() -> None:
    """Nobody waits for news."""
