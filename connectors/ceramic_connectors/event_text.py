"""Events as texts in JSON: the CAR in multibase, and the CID."""

from __future__ import annotations

from typing import Final

from ceramic_protocol import multibase
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import IdentifierError
from ceramic_protocol.limits import MAX_BIG_BASE_CHARS

_SLOW_BASES: Final = ("k", "z")


def read_event_text(car: str, cid: str | None, what: str = "the event") -> tuple[bytes, Cid | None] | str:
    """The bytes of both, or what is wrong with them; `what` is the word for where they stand."""
    if car.startswith(_SLOW_BASES) and len(car) > MAX_BIG_BASE_CHARS:
        return f"car: multibase {car[0]} takes too long for {len(car)} characters; use base64 (m)"
    try:
        return multibase.decode(car), None if cid is None else Cid.parse(cid)
    except IdentifierError as error:
        return f"{what} can't be read: {error}"


def maybe_cid(text: str) -> Cid | None:
    """The CID that a text is; None if it is none."""
    try:
        return Cid.parse(text)
    except IdentifierError:
        return None
