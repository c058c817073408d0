"""Browsers as unwitting helpers: pages of others that make them ask a node on their machine.

A page may send what it likes wherever it likes; the browser says where the page is from (`Origin`), and
only keeps the answer to itself. And a page whose name suddenly means 127.0.0.1 (DNS rebinding) counts as the
node's own for the browser; the name then stands in `Host`.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from ceramic_connectors.config.values import ip_of, is_loopback

_AUTHORITY: Final = re.compile(
    r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]{1,253}))(?::([0-9]{1,5}))?", re.ASCII
)
_OWN_SITES: Final = frozenset({"same-origin", "none"})


def host_name(authority: str) -> str | None:
    """Name or address in a `Host` header, in lower case; None if the header makes no sense."""
    found = _AUTHORITY.fullmatch(authority)
    return None if found is None else (found[1] or found[2]).lower().removesuffix(".")


class HostCheck:
    """Under which names a node may be asked.

    IP addresses and localhost always count: nobody can make them mean another machine.

    Args:
        allowed: further names.
        any_name: let every name pass.
    """

    def __init__(self, allowed: Collection[str], *, any_name: bool) -> None:
        self._allowed = frozenset(name.lower().removesuffix(".") for name in allowed)
        self._any_name = any_name and not allowed
        self._known: set[str] = set()

    def refusal(self, request: web.Request) -> str | None:
        """Why a request isn't answered; None if it is."""
        hosts = request.headers.getall("Host", ())
        if len(hosts) == 1 and hosts[0] in self._known and request.raw_path.startswith("/"):
            return None
        if len(hosts) != 1:
            return "a request has one Host header" if hosts or request.version >= (1, 1) else None
        return self._refusal(hosts[0], request)

    def _refusal(self, authority: str, request: web.Request) -> str | None:
        target = request.raw_path
        if not target.startswith(("/", "*")) and urlsplit(target).netloc.lower() != authority.lower():
            return "the Host header isn't the host that is asked for"
        name = host_name(authority)
        if name is None:
            return "the Host header makes no sense"
        if not (self._any_name or is_loopback(name) or ip_of(name) is not None or name in self._allowed):
            return "the node isn't known under this name; --allowed-hosts lets one in"
        if len(self._known) < 64:
            self._known.add(authority)
        return None


class OriginCheck:
    """From which pages writing without a token is taken.

    Pages of the node itself, of this machine, and of the origins that are named. A program that is no browser
    names no origin.
    """

    def __init__(self, origins: Collection[str]) -> None:
        self._origins = frozenset(origins) - {"*"}

    def allows(self, request: web.Request) -> bool:
        """Whether a request that writes is taken."""
        origin = request.headers.get("Origin")
        if origin is None:
            return request.headers.get("Sec-Fetch-Site", "none") in _OWN_SITES
        if origin.lower() in self._origins:
            return True
        try:
            parts = urlsplit(origin)
            name = parts.hostname
        except ValueError:
            return False
        if parts.scheme not in {"http", "https"} or not name:
            return False
        return is_loopback(name) or parts.netloc.lower() == request.headers.get("Host", "").lower()
