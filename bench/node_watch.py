"""Following a node's feeds live: when was an event seen in the feed, and when the state after it?"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from time import perf_counter
from typing import Final

from bench.node_client import get

EVENTS: Final = ("/v1/feed/stream?since=now", re.compile(rb'"cid":"([a-z2-7]+)"'))
CHANGES: Final = ("/v1/states/feed/stream?fromNow=true", re.compile(rb'"applied":\[([^\]]*)\]'))
"""Paths, and where an entry names its events."""

_CID: Final = re.compile(rb"[a-z2-7]+")
_LIVE: Final = b"event: live"
_READ: Final = 1 << 20
_KEPT: Final = 4096


class Watch:
    """When each event was seen first, by its CID."""

    def __init__(self, pattern: re.Pattern[bytes]) -> None:
        """Look for this; its first group is a CID, or several."""
        self.seen: Final[dict[bytes, float]] = {}
        self._pattern: Final = pattern
        self._rest = b""
        self._wanted = 0
        self._enough = asyncio.Event()

    def take(self, data: bytes) -> None:
        """Look through what has come."""
        now, end = perf_counter(), 0
        text = self._rest + data
        for found in self._pattern.finditer(text):
            for cid in _CID.findall(found[1]):
                self.seen.setdefault(cid, now)
            end = found.end()
        # What isn't whole yet is looked at again.
        self._rest = text[max(end, len(text) - _KEPT) :]

        if len(self.seen) >= self._wanted:
            self._enough.set()

    async def wait(self, count: int) -> None:
        """Wait until so many events have been seen."""
        self._wanted = count
        if len(self.seen) < count:
            self._enough.clear()
            await self._enough.wait()

    def latencies(self, due: Mapping[bytes, float]) -> list[float]:
        """Seconds until events were seen, from when each was due to be sent."""
        return [self.seen[cid] - moment for cid, moment in due.items()]


@asynccontextmanager
async def watching(port: int, kind: tuple[str, re.Pattern[bytes]]) -> AsyncIterator[Watch]:
    """Follow a feed from now on."""
    path, pattern = kind
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=_READ)
    writer.write(get(path))
    await reader.readuntil(_LIVE)
    watch = Watch(pattern)

    async def follow() -> None:
        while data := await reader.read(_READ):
            watch.take(data)

    following = asyncio.create_task(follow())
    try:
        yield watch
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
        writer.close()
