"""Keeping the keys of Recon up: before they are read, and by a thread of its own when many are missing.

Putting an event would change a few random pages of them, and most of the time nobody reads them. So they
follow later, many at once and in their order: when somebody reads them, or when few events come.
Nobody who uses the events waits for that.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import suppress
from threading import Event, Lock, Thread
from time import monotonic, thread_time
from typing import Final, TypeVar

from ceramic_node.store.sqlite.readers import Readers
from ceramic_node.store.sqlite.recon_events import Offer, ReconEvents
from ceramic_node.store.sqlite.recon_file import ReconDamaged, ReconFile
from ceramic_node.store.sqlite.recon_tree import ReconTree, has_key
from ceramic_protocol.errors import CeramicError, OutsideError
from ceramic_protocol.limits import (
    RECON_FOLD_EVENTS,
    RECON_PRESSING_EVENTS,
    RECON_QUIET_SECONDS,
    RECON_SLICE_EVENTS,
)
from ceramic_protocol.stored import StoreHead

T = TypeVar("T")

# A quarter of a core at most: those who put events have to get in between, and it has to keep up with them.
_RESTS: Final = 3.0
_SECONDS_AFTER_FAILURE: Final = 30.0


class ReconUpkeep:
    """For several threads.

    Attributes:
        path: where the keys are.
        events: what they are made from.
    """

    def __init__(self, file: ReconFile, readers: Readers, events: ReconEvents, head: StoreHead) -> None:
        """Begin; `head` is how far the store has come."""
        self.path: Final = file.path
        self.events: Final = events
        self._file = file
        self._readers = readers
        self._head = head
        self._mark = head, monotonic()
        self._tree = ReconTree()
        self._lock = Lock()
        self._is_wanted = Event()
        self._is_closed = Event()
        self._thread = Thread(target=self._run, name="recon keys", daemon=True)
        self._thread.start()
        self.note(head)

    def note(self, head: StoreHead) -> None:
        """Learn how far the store has come, which costs next to nothing."""
        self._head = head
        if self._lacks(RECON_FOLD_EVENTS) and not self._is_wanted.is_set():
            self._is_wanted.set()

    def ask(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """Read from keys that have all that was put before this call.

        Raises:
            StoreCorruption: the store is damaged.
            OutsideError: a file can't be used, or is closed.
        """
        with self._lock:
            try:
                return self._answer(question)
            except ReconDamaged:
                self._tree.clear()
                return self._answer(question)

    def close(self) -> None:
        """End, and close the file; a second time does nothing. Calls under way fail."""
        self._is_closed.set()
        self._is_wanted.set()
        self._thread.join()
        with self._lock:
            self._file.close()

    def _answer(self, question: Callable[[sqlite3.Connection], T]) -> T:
        head = self._head
        while not _has(self._file.cursor, head):
            if self._is_closed.is_set():
                raise OutsideError("the store is closed")
            self._step()
        with self._file.reading() as db:
            return question(db)

    def _lacks(self, events: int) -> bool:
        """Whether so many events, or replaced reports, are missing."""
        return _changes_between(self._file.cursor, self._head) >= events

    def _step(self) -> None:
        with self._readers.reading() as db:
            found = self.events.after(db, self._file.cursor)
        try:
            with self._file.changing(found.cursor) as db:
                added, removed = _changes(db, found.revised)
                added += [offer.key for offer in found.fresh if offer.is_offered]
                # In order, so that each page is touched once.
                self._tree.change(db, sorted(added), sorted(removed))
        except BaseException:
            self._tree.clear()
            raise

    def _run(self) -> None:
        while not self._is_closed.is_set():
            self._is_wanted.wait()
            self._is_wanted.clear()
            while self._lacks(RECON_SLICE_EVENTS) and not self._is_closed.is_set():
                self._is_closed.wait(self._until_quiet() or self._work())

    def _until_quiet(self) -> float:
        """Seconds until keys may be made, as far as is known now; called by the thread alone."""
        if self._lacks(RECON_PRESSING_EVENTS):
            return 0.0
        head, now = self._head, monotonic()
        if _changes_between(self._mark[0], head) >= RECON_SLICE_EVENTS:
            self._mark = head, now
        return max(0.0, self._mark[1] + RECON_QUIET_SECONDS - now)

    def _work(self) -> float:
        """Make some keys; gives for how many seconds to rest after that."""
        # Whoever asks for keys is told, if it fails again then.
        with suppress(CeramicError), self._lock:
            started = thread_time()
            self._step()
            return _RESTS * (thread_time() - started)
        return _SECONDS_AFTER_FAILURE


def _changes(db: sqlite3.Connection, revised: Iterable[Offer]) -> tuple[list[bytes], list[bytes]]:
    """The keys that have to come and to go where reports were replaced, which most leave as they are."""
    added, removed = list[bytes](), list[bytes]()
    for key, is_offered, _revised in revised:
        is_there = has_key(db, key)
        if is_offered is not is_there:
            (added if is_offered else removed).append(key)
    return added, removed


def _changes_between(earlier: StoreHead, later: StoreHead) -> int:
    """How many events came, or reports were replaced, at most: each of these may have drawn a version."""
    return max(later.position - earlier.position, later.version - earlier.version)


def _has(cursor: StoreHead, head: StoreHead) -> bool:
    return cursor.position >= head.position and cursor.version >= head.version
