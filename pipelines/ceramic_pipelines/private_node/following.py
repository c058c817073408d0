"""Filling a source's node from a ceramic-one, in a process of its own, as long as the source runs."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final, NamedTuple

from ceramic_connectors.endpoint import Endpoint
from ceramic_connectors.source.apart import sendable
from ceramic_connectors.source.errors import ForeignPositionError, NodeUnreachableError
from ceramic_connectors.source.foreign.client import OneClient, Row, Rows
from ceramic_connectors.source.foreign.places import After, check_place, first_mark, follow
from ceramic_connectors.source.foreign.threads import later
from ceramic_connectors.source.origin import Place
from ceramic_connectors.source.refused.keeping import Refused, RefusedEvents
from ceramic_pipelines.importing.into_node import NodeTarget
from ceramic_pipelines.importing.outcomes import Outcome
from ceramic_pipelines.private_node.cursor import BEGINNING, keep_cursor, load_cursor
from ceramic_pipelines.private_node.process import has_ended
from ceramic_protocol import multibase
from ceramic_protocol.errors import CeramicError, IdentifierError
from ceramic_protocol.limits import (
    FOREIGN_POLL_SECONDS,
    MAX_IMPORT_CHUNK_BYTES,
    MAX_INTAKE_BATCH,
    ORIGIN_RETRY_SECONDS,
    ORIGIN_WAIT_SECONDS,
)
from ceramic_protocol.reasons import Reason

_FAILED: Final = 1


class Following(NamedTuple):
    """What is followed, and where it goes; can be pickled.

    Attributes:
        one: address of the ceramic-one.
        token: for what may stand before it.
        node: address of the node.
        node_token: with the scope write.
        refused: file for what the node refuses.
        cursor: file for how far it is.
        epoch: of the node's store, to which the cursor belongs.
    """

    one: str
    token: str | None
    node: str
    node_token: str | None
    refused: Path
    cursor: Path
    epoch: str


class CaughtUp(NamedTuple):
    """All that the ceramic-one had when it was asked is in the node."""

    events: int


def fill(following: Following, line: Connection) -> None:
    """Hand on what a ceramic-one has, and then what comes, until the line ends.

    Texts are sent on how it goes, `CaughtUp` once, and the error that ends it.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)  # who has started it tells it when to end
    try:
        with (
            NodeTarget(following.node, following.node_token) as target,
            RefusedEvents(following.refused) as refused,
        ):
            _Filler(following, target, refused, line).run()
    except CeramicError as error:
        with suppress(OSError):
            line.send(sendable(error))
        raise SystemExit(_FAILED) from None


class _Filler:
    """Reads pages, hands them in, and keeps the place behind them."""

    def __init__(
        self, following: Following, target: NodeTarget, refused: RefusedEvents, line: Connection
    ) -> None:
        self._client: Final = OneClient(Endpoint.parse(following.one), following.token)
        self._cursor: Final = following.cursor
        self._epoch: Final = following.epoch
        self._target: Final = target
        self._refused: Final = refused
        self._line: Final = line
        self._place = load_cursor(following.cursor, following.epoch)
        self._ahead: Future[Rows] | None = None
        self._is_checked = False
        self._checked = 0.0
        self._is_lost = False
        self._events: int | None = 0

    def run(self) -> None:
        while not has_ended(self._line):
            try:
                self._turn()
            except ForeignPositionError:
                self._begin_anew()
            except NodeUnreachableError as error:
                self._lose(error)

    def _turn(self) -> None:
        if not self._is_checked:
            check_place(self._client, self._place)
            self._is_checked, self._checked = True, time.monotonic()
        rows = self._next()
        if self._is_lost:
            self._is_lost = False
            self._tell("the ceramic-one answers again")
        if rows.rows:
            self._hand_on(rows)
            return
        if self._events is not None:
            self._tell(CaughtUp(self._events))
            self._events = None
        time.sleep(FOREIGN_POLL_SECONDS)
        # A store that was restored may have given a number to another event, and tell nothing behind it.
        self._is_checked = time.monotonic() < self._checked + ORIGIN_WAIT_SECONDS

    def _next(self) -> Rows:
        """The next page, which may have been asked for while the last one was handed in."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            found = ahead.result()
            if found.rows:
                return found
        return follow(self._client, _after(self._place), MAX_INTAKE_BATCH)

    def _hand_on(self, rows: Rows) -> None:
        behind = After.behind(rows)
        if len(rows.rows) == MAX_INTAKE_BATCH:
            self._ahead = later(lambda: follow(self._client, behind, MAX_INTAKE_BATCH), "read-ahead")
        good, refused = _sorted_out(rows.rows)
        for chunk in _chunks(good):
            outcomes = self._target.submit([car for _row, car in chunk]).result()
            refused += [
                _refusal(row, car, outcome)
                for (row, car), outcome in zip(chunk, outcomes, strict=True)
                if not outcome.is_kept
            ]
        self._refused.add(refused)
        counter = self._place.counter or first_mark(self._client)
        # The node has them: only now may they count as read.
        self._place = Place(str(behind), behind.token, counter)
        keep_cursor(self._cursor, self._place, self._epoch)
        if self._events is not None:
            self._events += len(rows.rows)

    def _begin_anew(self) -> None:
        self._tell(
            "the ceramic-one has another store than before, or was restored: all of it is read again, and"
            " what is known isn't written again"
        )
        self._place, self._ahead = BEGINNING, None

    def _lose(self, error: NodeUnreachableError) -> None:
        if not self._is_lost:
            self._tell(f"{error}; trying again")
        # When it answers again it may be another one.
        self._is_lost, self._is_checked, self._ahead = True, False, None
        time.sleep(ORIGIN_RETRY_SECONDS)

    def _tell(self, text: Any) -> None:
        with suppress(OSError):  # nobody is left who could want to know
            self._line.send(text)


def _after(place: Place) -> After | None:
    return None if place.resume is None else After.parse(place.resume)


def _sorted_out(rows: Sequence[Row]) -> tuple[list[tuple[Row, bytes]], list[Refused]]:
    """Events with their CARs, and what has none."""
    good: list[tuple[Row, bytes]] = []
    bad: list[Refused] = []
    for row in rows:
        try:
            good.append((row, multibase.decode(row.data or "")))
        except IdentifierError as error:
            detail = "the node tells no bytes" if row.data is None else str(error)
            bad.append(Refused(row.cid, Reason.CAR_MALFORMED.value, detail, (row.data or "").encode()))
    return good, bad


def _refusal(row: Row, car: bytes, outcome: Outcome) -> Refused:
    return Refused(outcome.cid or row.cid, outcome.reason or outcome.word, outcome.detail or "", car)


def _chunks(events: Sequence[tuple[Row, bytes]]) -> Iterator[Sequence[tuple[Row, bytes]]]:
    """Events in parcels that a node takes."""
    start = size = 0
    for index, (_row, car) in enumerate(events):
        if index > start and size + len(car) > MAX_IMPORT_CHUNK_BYTES:
            yield events[start:index]
            start, size = index, 0
        size += len(car)
    if events[start:]:
        yield events[start:]
