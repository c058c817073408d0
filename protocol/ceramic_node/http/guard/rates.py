"""Token buckets: so many requests a second, with room for a burst."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import lru_cache
from typing import Final, Generic, TypeVar

from ceramic_connectors.config.values import ip_of
from ceramic_protocol.limits import BURST_SECONDS, MAX_RATED_ADDRESSES

_K = TypeVar("_K", bound=Hashable)
_HOME_PREFIX: Final = 64
_KNOWN: Final = 4_096
"""Addresses whose key is remembered."""


class Rates(Generic[_K]):
    """A bucket for each key. Those that were asked for longest ago are forgotten when there are too many.

    Args:
        clock: tells seconds.
        most: how many keys are known at once.
    """

    def __init__(self, clock: Callable[[], float], most: int = MAX_RATED_ADDRESSES) -> None:
        self._clock = clock
        self._most = most
        # What is left in the bucket, and when that was so.
        self._buckets: OrderedDict[_K, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: _K, rate: float) -> float:
        """Take one request out of a bucket that fills with `rate` a second.

        Returns:
            0 if there was one, else the seconds until there is.
        """
        now = self._clock()
        most = max(1.0, rate * BURST_SECONDS)
        left, since = self._buckets.pop(key, (most, now))
        left = min(most, left + (now - since) * rate)
        granted = left >= 1.0
        self._buckets[key] = (left - 1.0 if granted else left, now)
        if len(self._buckets) > self._most:
            self._buckets.popitem(last=False)
        return 0.0 if granted else (1.0 - left) / rate


@lru_cache(_KNOWN)
def address_key(host: str) -> str:
    """What counts as one address: of IPv6, the network of a home, which has as many as it likes."""
    found = ip_of(host.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((int(found), _HOME_PREFIX), strict=False).network_address)
    return host if found is None else str(found)
