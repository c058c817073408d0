"""Seeing to it that a source ends when one of its helpers has died."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Thread

from ceramic_pipelines.private_node.process import Helper
from ceramic_protocol.errors import CeramicError
from ceramic_protocol.limits import PRIVATE_NODE_POLL_SECONDS


@contextmanager
def watched(helpers: Sequence[Helper], stopping: Event, heard: Callable[[object], object]) -> Iterator[None]:
    """Watch helpers until the block ends; if one dies the block is told to stop.

    Args:
        helpers: that run.
        stopping: set if one of them ends; whoever sets it otherwise wants no more.
        heard: is told what they say.

    Raises:
        CeramicError: one has ended, and why.
    """
    failed: list[CeramicError] = []
    is_over = Event()

    def watch() -> None:
        try:
            while not is_over.is_set():
                for helper in helpers:
                    found = helper.heard(PRIVATE_NODE_POLL_SECONDS)
                    if found is not None:
                        heard(found)
        except CeramicError as error:
            failed.append(error)
            stopping.set()

    thread = Thread(target=watch, name="watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
    if failed:
        raise failed[0]
