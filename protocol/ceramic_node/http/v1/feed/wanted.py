"""Which entries of the feed somebody wants, where several models, streams or controllers may be named."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import product
from typing import Final

from ceramic_node.feed_window import FeedEntry, FeedWindow, WindowPage
from ceramic_node.http.v1.problems import BAD_PARAMETER, Problem
from ceramic_protocol.checked import Kind
from ceramic_protocol.ids import StreamId
from ceramic_protocol.limits import MAX_FEED_VALUES, PUSH_PAGE
from ceramic_protocol.stored import FeedFilter, StreamFacts

_LOOK: Final = 4 * PUSH_PAGE
"""Entries of the window that are looked at in one go."""


class Wanted:
    """A filter: entries that have one of the values of every kind of which some are named.

    Raises:
        Problem: there are too many combinations.
    """

    def __init__(
        self,
        models: Sequence[StreamId] = (),
        streams: Sequence[StreamId] = (),
        controllers: Sequence[str] = (),
        kinds: Sequence[Kind] = (),
    ) -> None:
        self._models = frozenset(models)
        self._streams = frozenset(stream.cid for stream in streams)
        self._controllers = frozenset(controllers)
        self._kinds = frozenset(kinds) or None
        of_models = [None, *self._models][bool(self._models) :]
        of_streams = [None, *self._streams][bool(self._streams) :]
        of_controllers = [None, *self._controllers][bool(self._controllers) :]
        count = len(of_models) * len(of_streams) * len(of_controllers)
        if count > MAX_FEED_VALUES:
            told = f"{count} combinations of model, stream and controller; at most {MAX_FEED_VALUES}"
            raise Problem(BAD_PARAMETER, told)
        # No event is of two of these at once.
        self._filters = [
            FeedFilter(model, stream, controller, self._kinds)
            for model, stream, controller in product(of_models, of_streams, of_controllers)
        ]
        self._is_all = self._filters == [FeedFilter()]

    def fits(self, entry: FeedEntry) -> bool:
        """Whether an entry is wanted."""
        delivered = entry.delivered
        if self._kinds is not None and delivered.checked.kind not in self._kinds:
            return False
        return self.fits_stream(delivered.facts)

    def fits_stream(self, facts: StreamFacts) -> bool:
        """Whether entries of a stream may be wanted."""
        return (
            (not self._models or facts.model in self._models)
            and (not self._streams or facts.stream in self._streams)
            and (not self._controllers or facts.controller in self._controllers)
        )

    async def page(self, window: FeedWindow, after: int, limit: int) -> WindowPage:
        """The wanted entries behind a place, see `Source.page`."""
        if self._is_all:
            return await window.page(after, limit)
        if window.has(after):
            return self._sifted(await window.page(after, _LOOK), limit)
        if len(self._filters) == 1:
            return await window.page(after, limit, self._filters[0])
        pages = await asyncio.gather(*(window.page(after, limit, one) for one in self._filters))
        return _merged(pages, limit)

    def _sifted(self, page: WindowPage, limit: int) -> WindowPage:
        return _cut(list(filter(self.fits, page.entries)), page.looked_to, limit)


def _merged(pages: Sequence[WindowPage], limit: int) -> WindowPage:
    """What several filters find, as far as all of them have looked."""
    looked_to = min(page.looked_to for page in pages)
    entries = [entry for page in pages for entry in page.entries if entry.delivered.position <= looked_to]
    entries.sort(key=lambda entry: entry.delivered.position)
    return _cut(entries, looked_to, limit)


def _cut(entries: list[FeedEntry], looked_to: int, limit: int) -> WindowPage:
    if len(entries) <= limit:
        return WindowPage(entries, looked_to)
    return WindowPage(entries[:limit], entries[limit - 1].delivered.position)
