"""The versions of streams in memory, in the order in which they changed."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection
from itertools import islice
from typing import Final

from ceramic_protocol.cid import Cid

_STALE_SHARE: Final = 2
_FEW: Final = 100
"""The list of changes is made anew when it has so many entries per stream, and so many beside."""


class Changes:
    """Draws versions for streams from one counter."""

    def __init__(self) -> None:
        self.last = 0
        self._versions: dict[Cid, int] = {}
        self._changes: list[tuple[int, Cid]] = []

    def version(self, stream: Cid) -> int:
        """Version of a stream; 0 if nothing is known of it."""
        return self._versions.get(stream, 0)

    def note(self, streams: Collection[Cid]) -> dict[Cid, int]:
        """Give new versions to these streams, in order."""
        for stream in streams:
            self.last += 1
            self._versions[stream] = self.last
            self._changes.append((self.last, stream))
        if len(self._changes) > _STALE_SHARE * len(self._versions) + _FEW:
            self._changes = [change for change in self._changes if self._is_latest(change)]
        return {stream: self._versions[stream] for stream in streams}

    def after(self, version: int, limit: int) -> list[tuple[Cid, int]]:
        """Streams whose version is higher than that, lowest first."""
        start = bisect_right(self._changes, version, key=_version_of)
        latest = filter(self._is_latest, islice(self._changes, start, None))
        return [(stream, number) for number, stream in islice(latest, limit)]

    def _is_latest(self, change: tuple[int, Cid]) -> bool:
        return self._versions[change[1]] == change[0]


def _version_of(change: tuple[int, Cid]) -> int:
    return change[0]
