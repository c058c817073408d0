"""Filling a source's node with what comes, in a process of its own, as long as the source runs."""

from __future__ import annotations

import os
import signal
import time
from contextlib import closing, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Thread
from typing import Any, Final, NamedTuple

from ceramic_connectors.kafka.errors import KafkaUnreachableError
from ceramic_connectors.records.errors import SchemasUnreachableError
from ceramic_connectors.source.apart import sendable
from ceramic_connectors.source.errors import NodeUnreachableError
from ceramic_connectors.source.refused.keeping import RefusedEvents
from ceramic_pipelines.importing.importing import Watch, hand_in
from ceramic_pipelines.importing.into_node import NodeTarget
from ceramic_pipelines.importing.target import Target
from ceramic_pipelines.private_node.cursor import keep_cursor, load_cursor
from ceramic_pipelines.private_node.following.port import Followable, Followed, Parcel
from ceramic_pipelines.private_node.process import has_ended
from ceramic_protocol.errors import CeramicError
from ceramic_protocol.limits import FOREIGN_JOIN_SECONDS, ORIGIN_RETRY_SECONDS

_FAILED: Final = 1
_LATER: Final = (NodeUnreachableError, KafkaUnreachableError, SchemasUnreachableError)


class Following(NamedTuple):
    """What is followed, and where it goes; can be pickled.

    Attributes:
        followable: what is followed.
        node: address of the node.
        node_token: with the scope write.
        refused: file for what the node refuses.
        cursor: file for how far it is.
        epoch: of the node's store, to which the cursor belongs.
    """

    followable: Followable
    node: str
    node_token: str | None
    refused: Path
    cursor: Path
    epoch: str


class CaughtUp(NamedTuple):
    """All that was there at the start is in the node: so many events."""

    events: int


def fill(following: Following, line: Connection) -> None:
    """Hand on what is there, and then what comes, until the line ends.

    Texts are sent on how it goes, `CaughtUp` once, and the error that ends it.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)  # who has started it tells it when to end
    Thread(target=_end_with, args=(line,), daemon=True).start()
    try:
        with (
            NodeTarget(following.node, following.node_token) as target,
            RefusedEvents(following.refused) as refused,
        ):
            Filler(following, target, Watch(refused.add), line).run()
    except CeramicError as error:
        with suppress(OSError):
            line.send(sendable(error))
        raise SystemExit(_FAILED) from None


def _end_with(line: Connection) -> None:
    """End the process some time after its line: a node that is gone too would be waited for long."""
    line.poll(None)
    time.sleep(FOREIGN_JOIN_SECONDS)
    os._exit(_FAILED)


class Filler:
    """Reads parcels, hands them in, and keeps the place behind them."""

    def __init__(self, following: Following, target: Target, watch: Watch, line: Connection) -> None:
        """Read nothing yet.

        Args:
            following: what is followed, and the cursor.
            target: where events go.
            watch: what keeps what is refused.
            line: is told how it goes, see `fill`.
        """
        self._following: Final = following
        self._target: Final = target
        self._watch: Final = watch
        self._line: Final = line
        self._kept = load_cursor(following.cursor, following.epoch)
        self._is_lost = False
        self._events: int | None = 0
        self._new = 0
        self._no_room = 0

    def run(self) -> None:
        """Follow until the line ends; see `Followed.next` and `hand_in` for errors."""
        while not has_ended(self._line):
            with closing(self._following.followable.open(self._kept, self._tell)) as followed:
                self._new = self._no_room = 0
                while not has_ended(self._line) and not self._has_to_go_back(self._turn(followed)):
                    pass

    def _turn(self, followed: Followed) -> Parcel | None:
        try:
            parcel = followed.next()
        except _LATER as error:
            self._lose(error)
            return None
        if self._is_lost:
            self._is_lost = False
            self._tell(f"{self._following.followable.name} can be read again")
        if parcel.items:
            self._hand_on(parcel)
        self._keep(parcel)
        return parcel

    def _hand_on(self, parcel: Parcel) -> None:
        tally = hand_in([parcel.items], self._target, self._watch)
        self._new += tally.new
        if tally.no_room and not self._no_room:
            self._tell("too many events wait for others that aren't there: the rest is read again later")
        self._no_room += tally.no_room
        if self._events is not None:
            self._events += tally.new + tally.known

    def _keep(self, parcel: Parcel) -> None:
        # Only when the node has all that lies before it does a place count.
        if not self._no_room and parcel.place is not None and parcel.place != self._kept:
            keep_cursor(self._following.cursor, parcel.place, self._following.epoch)
            self._kept = parcel.place

    def _has_to_go_back(self, parcel: Parcel | None) -> bool:
        """Whether what found no room may find some now, as others have come for which it may have waited."""
        if parcel is None or not parcel.is_end:
            return False
        if self._events is not None:
            self._tell(CaughtUp(self._events))
            self._events = None
        return bool(self._no_room and self._new)

    def _lose(self, error: CeramicError) -> None:
        if not self._is_lost:
            self._is_lost = True
            self._tell(f"{error}; trying again")
        time.sleep(ORIGIN_RETRY_SECONDS)

    def _tell(self, said: Any) -> None:
        with suppress(OSError):  # nobody is left who could want to know
            self._line.send(said)
