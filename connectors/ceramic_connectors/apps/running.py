"""Parts of the sandbox: the clock of a query, what it gives, and DuckDB's errors in one line."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any


@dataclass(frozen=True, slots=True)
class Result:
    """What a query gives: names of columns, each once, their types in DuckDB's words, and rows."""

    columns: list[str]
    types: list[str]
    rows: Iterator[tuple[Any, ...]]


class Clock:
    """Counts the time in which DuckDB works, and interrupts it when the limit is reached."""

    def __init__(self, connection: Any, seconds: float) -> None:
        self.seconds = seconds
        self._left = seconds
        self._connection = connection

    def __enter__(self) -> None:
        self._timer = threading.Timer(max(self._left, 0), self._connection.interrupt)
        self._timer.daemon = True
        self._started = time.monotonic()
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        self._left -= time.monotonic() - self._started


def unique_names(names: list[str]) -> list[str]:
    """Names of which each is there once: a second `a` becomes `a_1`."""
    found: list[str] = []
    for name in names:
        tried = (name if number == 0 else f"{name}_{number}" for number in count())
        found.append(next(each for each in tried if each not in found))
    return found


def error_words(error: BaseException) -> str:
    """What DuckDB says of a query in one line, with its proposals for names and where it stumbled."""
    lines = [line.strip() for line in str(error).split("\n") if line.strip() and line.strip(" ^")]
    return " ".join(lines[:3])
