"""Short keys of CIDs, and lists of numbers as a parameter of a statement."""

from __future__ import annotations

from collections.abc import Iterable

ANY_OF = "json_each(?)"
"""A table of the numbers in `number_list`, in a column `value`."""


def short_key(cid: bytes) -> int:
    """The last eight bytes of a CID's hash as a signed number, which SQLite compares quickly.

    Two CIDs may share one: that is up to whoever makes them. A row that is found by it has the CID too.
    """
    return int.from_bytes(cid[-8:], "big", signed=True)


def number_list(numbers: Iterable[int]) -> str:
    """Numbers as JSON: one parameter, and one statement to be prepared, however many there are."""
    return f"[{','.join(map(str, numbers))}]"
