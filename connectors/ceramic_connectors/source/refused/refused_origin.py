"""A node as origin, with one feed more: what was refused on its way into it."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from ceramic_connectors.source.entries import unloadable
from ceramic_connectors.source.errors import ForeignPositionError
from ceramic_connectors.source.origin import About, Feed, Origin, Page, Place
from ceramic_connectors.source.refused.keeping import Kept, RefusedEvents
from ceramic_protocol.limits import FOREIGN_POLL_SECONDS


class RefusedOrigin:
    """See `origin.Origin`."""

    def __init__(self, node: Origin, path: Path) -> None:
        """Add the file at `path` to a node.

        Raises:
            OutsideError: it can't be used.
        """
        self._node: Final = node
        self._refused: Final = RefusedEvents(path)

    def about(self) -> About:
        """See `Origin.about`."""
        found = self._node.about()
        begin, end = Place(None, 0, self._refused.epoch), self._place(self._refused.end())
        return About(found.network, {**found.begins, Feed.REFUSED: begin}, {**found.ends, Feed.REFUSED: end})

    def page(self, feed: Feed, after: Place, limit: int, wait: float) -> Page:
        """See `Origin.page`."""
        if feed is not Feed.REFUSED:
            return self._node.page(feed, after, limit, wait)
        if after.counter != self._refused.epoch:
            raise ForeignPositionError(
                "what was refused is counted anew: the work folder isn't the one that was read before. Give"
                " the source another --name to read all of it"
            )
        until = time.monotonic() + wait
        while not (found := self._refused.page(after.position, limit)) and time.monotonic() < until:
            time.sleep(FOREIGN_POLL_SECONDS)
        place = self._place(found[-1].number) if found else after
        return Page([_entry(each) for each in found], place, is_end=not found)

    def states(
        self, model: str, resume: str | None, limit: int
    ) -> tuple[Sequence[Mapping[str, Any]], str | None]:
        """See `Origin.states`."""
        return self._node.states(model, resume, limit)

    def close(self) -> None:
        """See `Origin.close`."""
        self._refused.close()
        self._node.close()

    def _place(self, number: int) -> Place:
        return Place(str(number), number, self._refused.epoch)


def _entry(kept: Kept) -> dict[str, Any]:
    """As the feed of events has one that was rejected, as far as anything is known."""
    cid, reason, detail, raw = kept.refused
    return {
        "position": kept.number,
        "received": kept.received,
        "cid": cid or "",
        "stream_id": unloadable(cid or raw.hex()[:128]),
        "model": None,
        "check": {"verdict": "rejected", "reason": reason, "detail": detail},
        "judged": None,
        "car": "m" + base64.b64encode(raw).rstrip(b"=").decode(),
    }
