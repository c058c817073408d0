"""Values as Ethereum's JSON-RPC writes them: quantities, data, members of objects (execution-apis)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from ceramic_protocol.errors import OutsideError

_QUANTITY: Final = re.compile(r"0x[0-9a-fA-F]{1,64}")
_DATA: Final = re.compile(r"0x(?:[0-9a-fA-F]{2})*")
_INT64: Final = 1 << 63


class NonsenseError(OutsideError):
    """An endpoint's answer isn't of the form that was asked for, or contradicts itself."""


def members(value: object) -> Mapping[str, Any]:
    """A JSON object.

    Raises:
        NonsenseError: it is something else.
    """
    if not isinstance(value, dict):
        raise NonsenseError("an answer is no JSON object")
    return value


def quantity(value: object) -> int:
    """A number below 2^256; some nodes write it with leading zeros.

    Raises:
        NonsenseError: it is something else.
    """
    if not isinstance(value, str) or not _QUANTITY.fullmatch(value):
        raise NonsenseError(f"{str(value)[:80]!r} is no number")
    return int(value, 16)


def count(value: object) -> int:
    """A number below 2^63: of a block, or a time in seconds.

    Raises:
        NonsenseError: it is something else.
    """
    number = quantity(value)
    if number >= _INT64:
        raise NonsenseError(f"{number} is too large for a block or a time")
    return number


def data(value: object, length: int | None = None) -> bytes:
    """Bytes, perhaps of a certain number.

    Raises:
        NonsenseError: it is something else.
    """
    if not isinstance(value, str) or not _DATA.fullmatch(value):
        raise NonsenseError(f"{str(value)[:80]!r} is no data")
    found = bytes.fromhex(value[2:])
    if length is not None and len(found) != length:
        raise NonsenseError(f"{len(found)} bytes instead of {length}")
    return found
