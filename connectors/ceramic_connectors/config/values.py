"""Values of settings that programs have in common."""

from __future__ import annotations

import ipaddress
import re
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple, Self

from ceramic_protocol.errors import UsageError
from ceramic_protocol.limits import MAX_QUOTED_CHARS
from ceramic_protocol.plain_text import plain

_ADDRESS: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+)):([0-9]{1,5})", re.ASCII)
_MAX_PORT: Final = 65_535
_KNOWN: Final = 4_096
"""Hosts that are remembered: every request asks about its own."""


def ip_of(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The IP address that a text is, with the IPv4 address for one that is mapped into IPv6; else None."""
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


@lru_cache(_KNOWN)
def is_loopback(host: str) -> bool:
    """Whether a name or address is this machine's own, seen from nowhere else."""
    lower = host.lower().removesuffix(".")
    if lower == "localhost" or lower.endswith(".localhost"):
        return True
    found = ip_of(lower)
    return found is not None and found.is_loopback


class Address(NamedTuple):
    """Where to listen; port 0 is one that is free."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """An address from `HOST:PORT`; one of IPv6 stands in brackets.

        Raises:
            UsageError: it is none.
        """
        found = _ADDRESS.fullmatch(text.strip())
        if found is None or int(found[3]) > _MAX_PORT or (found[1] and ip_of(found[1]) is None):
            quoted = plain(text, MAX_QUOTED_CHARS)
            raise UsageError(f"{quoted!r} is no address; give HOST:PORT such as 127.0.0.1:5101")
        return cls(found[1] or found[2], int(found[3]))

    def behind(self, count: int) -> Self:
        """The address so many ports behind it."""
        return self._replace(port=self.port + count if self.port else 0)

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return is_loopback(self.host)

    def __str__(self) -> str:
        """As it is parsed."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class LogFormat(StrEnum):
    """How a line of the log looks."""

    TEXT = "text"
    JSON = "json"


class LogLevel(StrEnum):
    """From which weight on something stands in the log."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
