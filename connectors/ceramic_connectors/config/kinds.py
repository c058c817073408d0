"""Kinds of settings: how a text becomes a value, and what of it may be shown."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, Generic, TypeVar
from urllib.parse import urlsplit

from ceramic_connectors.config.values import Address
from ceramic_connectors.endpoint import Endpoint
from ceramic_protocol.errors import CeramicError, UsageError
from ceramic_protocol.ids import StreamId
from ceramic_protocol.limits import MAX_IDENTIFIER_CHARS, MAX_QUOTED_CHARS, MAX_RETENTION_SECONDS
from ceramic_protocol.networks import Network
from ceramic_protocol.plain_text import plain

_T = TypeVar("_T")
_E = TypeVar("_E", bound=StrEnum)

_SIZE: Final = re.compile(r"([0-9]{1,15})\s*(|K|M|G|Ki|Mi|Gi)B?", re.ASCII)
_UNITS: Final = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}
_FOREVER: Final = "forever"
_RETENTION: Final = re.compile(r"([0-9]{1,12})([smhd])", re.ASCII)
_SPANS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_DID: Final = re.compile(r"did:[a-z0-9]+:\S+")
_PLACES: Final = ("env:", "file:")
_CONTRACT: Final = re.compile(r"(eip155:(?:0|[1-9][0-9]{0,31}))=(0x[0-9a-fA-F]{40})", re.ASCII)
_TRUE: Final = frozenset({"true", "yes", "on", "1"})
_FALSE: Final = frozenset({"false", "no", "off", "0"})


@dataclass(frozen=True, slots=True)
class Kind(Generic[_T]):
    """How values of a setting are written.

    Attributes:
        word: stands for a value in help texts.
        parse: makes a value of a text; raises `CeramicError` if it is none.
        is_plain: whether it is written without quotes in a file.
        mask: what may be shown of a text; None if all of it.
    """

    word: str
    parse: Callable[[str], _T]
    is_plain: bool = False
    mask: Callable[[str], str] | None = None

    def shown(self, text: str) -> str:
        """What may be shown of a text."""
        return text if self.mask is None else self.mask(text)


def refusal(text: str, what: str) -> UsageError:
    """The error on a text that is `what`: no size, for example."""
    return UsageError(f"{plain(text, MAX_QUOTED_CHARS)!r} is {what}")


def _text(text: str) -> str:
    if not text.strip():
        raise UsageError("it is empty")
    return text.strip()


def _size(text: str) -> int:
    found = _SIZE.fullmatch(text.strip())
    if found is None or not int(found[1]):
        raise refusal(text, "no size; give bytes, or a number with KiB, MiB or GiB")
    return int(found[1]) * _UNITS[found[2]]


def _retention(text: str) -> int | None:
    """Seconds, None for ever."""
    lower = text.strip().lower()
    found = _RETENTION.fullmatch(lower)
    value = None if found is None else int(found[1]) * _SPANS[found[2]]
    if lower != _FOREVER and (value is None or value > MAX_RETENTION_SECONDS):
        raise refusal(text, "no retention; give forever, or a number with d, h, m or s such as 30d")
    return value


def _truth(text: str) -> bool:
    lower = text.strip().lower()
    if lower not in _TRUE | _FALSE:
        raise refusal(text, "neither true nor false")
    return lower in _TRUE


def _path(text: str) -> Path:
    try:
        return Path(_text(text)).expanduser()
    except RuntimeError:
        raise refusal(text, "no path: there is no such home") from None


def _place(text: str) -> str:
    """An address of an endpoint that may hold a key, or where such an address stands."""
    if not text.strip().startswith(_PLACES):
        Endpoint.parse(text.strip())  # whose errors don't repeat it
    return text.strip()


def mask_address(text: str) -> str:
    """An address without what may be a key in it: user, path and query."""
    if text.startswith(_PLACES):
        return text
    try:
        parts = urlsplit(text)
        name = Endpoint.parse(text).name
    except (UsageError, ValueError):
        return "***"
    secret = parts.username or parts.password or parts.query or parts.path not in {"", "/"}
    return f"{name}/***" if secret else text


def _did(text: str) -> str:
    if _DID.fullmatch(text) is None or len(text) > MAX_IDENTIFIER_CHARS:
        raise refusal(text, "no DID; give one such as did:key:z6Mk…")
    return text


def _stream(text: str) -> str:
    try:
        return str(StreamId.parse(text.strip()))
    except CeramicError:
        raise refusal(text, "no StreamID; give one such as kjzl6…") from None


def _contract(text: str) -> tuple[str, str]:
    found = _CONTRACT.fullmatch(text.strip())
    if found is None:
        raise refusal(text, "no contract; give CHAIN=ADDRESS such as eip155:1337=0x…")
    return found[1], found[2].lower()


def whole(low: int, high: int) -> Kind[int]:
    """Whole numbers from `low` to `high`."""

    def parse(text: str) -> int:
        stripped = text.strip().replace("_", "")
        if re.fullmatch(r"[0-9]{1,18}", stripped, re.ASCII) is None or not low <= int(stripped) <= high:
            raise refusal(text, f"no whole number from {low} to {high}")
        return int(stripped)

    return Kind("NUMBER", parse, is_plain=True)


def seconds(low: float, high: float) -> Kind[float]:
    """Seconds, with or without decimals, from `low` to `high`."""

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            raise refusal(text, f"no number of seconds from {low:g} to {high:g}")
        return value

    return Kind("SECONDS", parse, is_plain=True)


def choice(kind: type[_E]) -> Kind[_E]:
    """One of the members of an enumeration, by its value; upper and lower case are the same."""
    known = {member.value.lower(): member for member in kind}

    def parse(text: str) -> _E:
        if text.strip().lower() not in known:
            raise refusal(text, f"none of {', '.join(member.value for member in kind)}")
        return known[text.strip().lower()]

    return Kind("|".join(member.value for member in kind), parse)


TEXT: Final = Kind("TEXT", _text)
PATH: Final = Kind("PATH", _path)
TRUTH: Final = Kind("true|false", _truth, is_plain=True)
SIZE: Final = Kind("SIZE", _size)
RETENTION: Final = Kind("forever|SPAN", _retention)
ADDRESS: Final = Kind("HOST:PORT", Address.parse)
STREAM_ID: Final = Kind("STREAMID", _stream)
DID: Final = Kind("DID", _did)
NETWORK: Final = Kind("NAME", lambda text: Network.parse(text.strip()))
CONTRACT: Final = Kind("CHAIN=ADDRESS", _contract)
ENDPOINT: Final = Kind("URL", _place, mask=mask_address)
