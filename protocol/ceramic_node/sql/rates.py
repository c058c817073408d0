"""How often SQL may be asked: so many calls a second of an address, and of a token, as over HTTP."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final
from urllib.parse import unquote

from ceramic_connectors.config.values import is_loopback
from ceramic_node.http.guard.rates import Rates, address_key
from ceramic_node.http.guard.tokens import Token
from ceramic_node.sql.failures import SqlBusy
from ceramic_protocol.limits import MAX_ADDRESS_RATE, MAX_TOKEN_RATE, MAX_TOKENS


class CallRates:
    """Counts calls, from any thread. A query is two: one for its schema, one for its rows."""

    def __init__(
        self,
        address_rate: float = MAX_ADDRESS_RATE,
        token_rate: float = MAX_TOKEN_RATE,
        *,
        limit_loopback: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Say how many calls a second there may be; 0 for any number.

        Args:
            address_rate: of one address.
            token_rate: of one token, unless it has a rate of its own.
            limit_loopback: whether this machine's own calls count.
            clock: tells seconds.
        """
        self._address_rate: Final = address_rate
        self._token_rate: Final = token_rate
        self._limit_loopback: Final = limit_loopback
        self._lock: Final = threading.Lock()
        self._addresses: Final[Rates[str]] = Rates(clock)
        self._tokens: Final[Rates[bytes]] = Rates(clock, MAX_TOKENS)

    def take(self, peer: str) -> None:
        """Count a call of a peer, as gRPC names it: `ipv4:127.0.0.1:4711`.

        Raises:
            SqlBusy: there are too many of that address.
        """
        host = _host(peer)
        if self._address_rate and (self._limit_loopback or not is_loopback(host)):
            with self._lock:
                wait = self._addresses.take(address_key(host), self._address_rate)
            _check(wait, "from this address")

    def take_of(self, token: Token) -> None:
        """Count a call with a token.

        Raises:
            SqlBusy: there are too many with it.
        """
        rate = self._token_rate if token.rate is None else token.rate
        if rate:
            with self._lock:
                wait = self._tokens.take(token.digest, rate)
            _check(wait, "with this token")


def _check(wait: float, whose: str) -> None:
    if wait:
        raise SqlBusy(f"too many calls {whose}: go on in {wait:.1f} s")


def _host(peer: str) -> str:
    """The address of a peer without its port; of IPv6 without brackets."""
    place = unquote(peer.partition(":")[2])
    return place.rpartition(":")[0].strip("[]")
