"""What a store of states in memory consists of, written through a journal."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from ceramic_protocol.cid import Cid

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Journal:
    """How to take back what was done in a transaction."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], object]] = []

    def note(self, undo: Callable[[], object]) -> None:
        """Note how to take back what is about to be done."""
        self._undo.append(undo)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Take everything back that is done within, unless it ends well."""
        self._undo.clear()
        try:
            yield
        except BaseException:
            while self._undo:
                self._undo.pop()()
            raise
        self._undo.clear()


class Table(Generic[_Key, _Value]):
    """A dict."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.rows: dict[_Key, _Value] = {}

    def put(self, key: _Key, value: _Value) -> None:
        """Set an entry."""
        rows = self.rows
        if key in rows:
            old = rows[key]
            self._journal.note(lambda: rows.__setitem__(key, old))
        else:
            self._journal.note(lambda: rows.pop(key))
        rows[key] = value

    def drop(self, key: _Key) -> None:
        """Remove an entry, if it is there."""
        rows = self.rows
        if key in rows:
            old = rows.pop(key)
            self._journal.note(lambda: rows.__setitem__(key, old))

    def clear(self) -> None:
        """Remove all entries."""
        old, self.rows = self.rows, {}
        self._journal.note(lambda: setattr(self, "rows", old))


class Numbered:
    """CIDs by numbers that grow; a CID that gets another number is found by that alone."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._number: Table[Cid, int] = Table(journal)
        self._order: list[tuple[int, Cid]] = []

    def put(self, cid: Cid, number: int) -> None:
        """Give a CID a number."""
        old = self._number.rows.get(cid)
        if old is not None:
            self._remove((old, cid))
        self._number.put(cid, number)
        self._insert((number, cid))

    def drop(self, cid: Cid) -> None:
        """Forget a CID, if it is there."""
        old = self._number.rows.get(cid)
        if old is not None:
            self._remove((old, cid))
            self._number.drop(cid)

    def after(self, number: int, limit: int) -> list[Cid]:
        """The CIDs with the next larger numbers."""
        start = bisect_right(self._order, number, key=_number_of)
        return [cid for _number, cid in self._order[start : start + limit]]

    def to(self, number: int, limit: int) -> list[Cid]:
        """The CIDs with the lowest numbers up to one."""
        stop = min(limit, bisect_right(self._order, number, key=_number_of))
        return [cid for _number, cid in self._order[:stop]]

    @property
    def first(self) -> int:
        """The lowest number; 0 if there is none."""
        return self._order[0][0] if self._order else 0

    def __len__(self) -> int:
        return len(self._order)

    def clear(self) -> None:
        """Forget all."""
        old, self._order = self._order, []
        self._number.clear()
        self._journal.note(lambda: setattr(self, "_order", old))

    def _insert(self, entry: tuple[int, Cid]) -> None:
        order = self._order
        insort(order, entry)
        self._journal.note(lambda: order.remove(entry))

    def _remove(self, entry: tuple[int, Cid]) -> None:
        order = self._order
        order.remove(entry)
        self._journal.note(lambda: insort(order, entry))


def _number_of(entry: tuple[int, Cid]) -> int:
    return entry[0]
