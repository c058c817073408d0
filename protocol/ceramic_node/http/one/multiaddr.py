"""Reading multiaddrs: where a peer is to be found, as `/ip4/10.0.0.1/tcp/4101/p2p/12D3Koo…`."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import Final

from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import IdentifierError
from ceramic_protocol.interests import PeerId
from ceramic_protocol.limits import MAX_IDENTIFIER_CHARS

_HOST: Final = re.compile(r"[A-Za-z0-9_.-]{1,253}", re.ASCII)
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,4}", re.ASCII)
_LIBP2P_KEY: Final = 0x72


def peers_in(text: str) -> list[PeerId]:
    """The peers that an address names, each once, in its order.

    Raises:
        IdentifierError: it is no multiaddr, or has a part that isn't known here.
    """
    if len(text) > MAX_IDENTIFIER_CHARS:
        raise IdentifierError(f"{len(text)} characters are too many")
    if not text.startswith("/"):
        raise IdentifierError("invalid multiaddr")
    found: dict[PeerId, None] = {}
    parts = iter(text[1:].split("/"))
    for name in parts:
        if name in _ALONE:
            continue
        reader = _READERS.get(name)
        if reader is None:
            raise IdentifierError(f"unknown protocol string: {name}")
        value = next(parts, None)
        if value is None:
            raise IdentifierError(f"no value for {name}")
        peer = reader(value)
        if peer is not None:
            found[peer] = None
    return list(found)


def _host(text: str) -> None:
    if not _HOST.fullmatch(text):
        raise IdentifierError("not the name of a host")


def _ip4(text: str) -> None:
    _address(ipaddress.IPv4Address, text)


def _ip6(text: str) -> None:
    _address(ipaddress.IPv6Address, text)


def _address(kind: Callable[[str], object], text: str) -> None:
    try:
        kind(text)
    except ValueError:
        raise IdentifierError("invalid IP address syntax") from None


def _port(text: str) -> None:
    if not _NUMBER.fullmatch(text) or int(text) > 65_535:
        raise IdentifierError("not the number of a port")


def _peer(text: str) -> PeerId:
    if not text.startswith(("b", "k", "z", "f")):
        return PeerId.parse(text)
    cid = Cid.parse(text)
    if cid.codec != _LIBP2P_KEY:
        raise IdentifierError("a CID that is no peer's")
    return PeerId.from_bytes(cid.multihash)


_ALONE: Final = frozenset(
    {"quic", "quic-v1", "tls", "noise", "ws", "wss", "http", "https", "webtransport", "p2p-circuit"}
)
"""Protocols that have no value."""

_READERS: Final[dict[str, Callable[[str], PeerId | None]]] = {
    "ip4": _ip4,
    "ip6": _ip6,
    "dns": _host,
    "dns4": _host,
    "dns6": _host,
    "dnsaddr": _host,
    "tcp": _port,
    "udp": _port,
    "p2p": _peer,
    "ipfs": _peer,
}
