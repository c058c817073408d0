"""What all who read the feed share: forms that were made, and turns at reading what lies far back."""

from __future__ import annotations

import asyncio
from typing import Final, NamedTuple

from ceramic_node.feed_window import FeedEntry
from ceramic_node.http.v1.feed.entry_text import entry_text
from ceramic_node.http.v1.feed.forms import IncludeData
from ceramic_protocol.limits import MAX_FORM_BYTES, NODE_BACKLOG_READERS
from ceramic_protocol.reasons import Reason


class _Form(NamedTuple):
    """A form, and what of the entry may change: what its own checks say."""

    text: bytes
    reason: Reason | None
    timestamp: int | None


class Forms:
    """JSON texts of entries, those that were used last; up to a number of bytes."""

    def __init__(self, most: int = MAX_FORM_BYTES) -> None:
        self._most_young = most // 2
        self._size = 0
        # What isn't asked for while as much again is made is let go of.
        self._young: dict[tuple[int, IncludeData], _Form] = {}
        self._old: dict[tuple[int, IncludeData], _Form] = {}

    def form(self, entry: FeedEntry, include: IncludeData, token_start: str) -> bytes:
        """The text of a `FeedEvent`, always with the same beginning of tokens."""
        delivered = entry.delivered
        key, checked = (delivered.position, include), delivered.checked
        found = self._young.get(key)
        if found is None or found.reason is not checked.reason or found.timestamp != checked.timestamp:
            found = self._old.get(key)
            if found is None or found.reason is not checked.reason or found.timestamp != checked.timestamp:
                text = entry_text(delivered, include, token_start.encode())
                found = _Form(text, checked.reason, checked.timestamp)
            self._keep(key, found)
        return found.text

    def _keep(self, key: tuple[int, IncludeData], form: _Form) -> None:
        self._young[key] = form
        self._size += len(form.text)
        if self._size > self._most_young:
            self._old, self._young, self._size = self._young, {}, 0


class SharedReading:
    """What readers of one node's feed share.

    Attributes:
        forms: of entries.
        turns: lets a few read at once what isn't in memory. Many at once would be no quicker, and whoever
            writes, or follows what comes, would have to wait for all of them.
    """

    def __init__(self) -> None:
        self.forms: Final = Forms()
        self.turns: Final = asyncio.Semaphore(NODE_BACKLOG_READERS)
