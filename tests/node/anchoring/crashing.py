"""Ends a program at any point between two things it does to the world.

Every statement of the book, every call of the anchorer and of the sink is such a thing. `Fuse` counts them
and burns through before or after one of them. What it raises is nobody's to catch, and what was not committed
is lost, as when a process is killed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ceramic_node.anchoring import Anchored, Anchorer, Book
from ceramic_node.anchoring.ports import Batch, Order, Pace, Progress


class Crash(BaseException):
    """The end."""


@dataclass
class Fuse:
    """Burns through at the `at`-th point; never if there is none. Each thing has a point before and after."""

    at: int | None = None
    points: int = 0
    passed: list[str] = field(default_factory=list)

    def around(self, name: str, call: Callable[[], Any]) -> Any:
        self._point(f"before {name}")
        result = call()
        self._point(f"after {name}")
        return result

    def _point(self, name: str) -> None:
        self.points += 1
        self.passed.append(name)
        if self.points == self.at:
            raise Crash(name)


@dataclass
class Statements:
    """A database connection, statement by statement."""

    db: Any
    fuse: Fuse

    def execute(self, statement: str, *parameters: Any) -> Any:
        return self._run(statement, lambda: self.db.execute(statement, *parameters))

    def executemany(self, statement: str, rows: Iterable[Any]) -> Any:
        return self._run(statement, lambda: self.db.executemany(statement, rows))

    @property
    def in_transaction(self) -> bool:
        return bool(self.db.in_transaction)

    def close(self) -> None:
        self.db.close()

    def _run(self, statement: str, call: Callable[[], Any]) -> Any:
        # What only reads, and what is rolled back at the end, makes no difference to the world.
        if statement.lstrip().startswith(("SELECT", "ROLLBACK")):
            return call()
        return self.fuse.around(" ".join(statement.split()[:3]), call)


@dataclass
class Anchoring:
    """An anchorer, call by call."""

    real: Anchorer
    fuse: Fuse

    @property
    def name(self) -> str:
        return self.real.name

    @property
    def pace(self) -> Pace:
        return self.real.pace

    def prepare(self, batch: Batch, mine: Sequence[Order], others: Iterable[Order]) -> Order:
        order: Order = self.fuse.around("prepare", lambda: self.real.prepare(batch, mine, others))
        return order

    def submit(self, order: Order) -> None:
        self.fuse.around("submit", lambda: self.real.submit(order))

    def look(self, batch: Batch, orders: Sequence[Order]) -> Progress:
        progress: Progress = self.fuse.around("look", lambda: self.real.look(batch, orders))
        return progress


@dataclass
class Sinking:
    """A sink, call by call."""

    real: Callable[[Sequence[Anchored]], None]
    fuse: Fuse

    def __call__(self, events: Sequence[Anchored]) -> None:
        self.fuse.around("sink", lambda: self.real(events))


def fused(book: Book, fuse: Fuse) -> Book:
    """The book, on a connection that may end."""
    book._file.db = Statements(book._file.db, fuse)
    return book
