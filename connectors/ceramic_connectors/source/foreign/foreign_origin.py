"""A ceramic-one as origin: its feed, verified by ourselves."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any, Final, NamedTuple

from ceramic_connectors.source.errors import NodeUnreachableError
from ceramic_connectors.source.foreign.client import OneClient, Rows
from ceramic_connectors.source.foreign.entries import Batch, EntryMaker
from ceramic_connectors.source.foreign.inspecting import Found
from ceramic_connectors.source.foreign.judging import Judge
from ceramic_connectors.source.foreign.places import After, check_place, end_of, first_mark, follow, mark_of
from ceramic_connectors.source.foreign.streams import Streams
from ceramic_connectors.source.foreign.threads import later
from ceramic_connectors.source.foreign.workers import Workers
from ceramic_connectors.source.node_origin import Wanted
from ceramic_connectors.source.origin import About, Feed, Page, Place
from ceramic_protocol.errors import UsageError
from ceramic_protocol.limits import FOREIGN_POLL_SECONDS, MAX_FOREIGN_PAGE


class _Ahead(NamedTuple):
    """What was asked for, and is verified, before it is needed."""

    after: After
    limit: int
    rows: Future[Rows]
    found: Future[list[Found]]


class ForeignOrigin:
    """See `origin.Origin`; it has the feed of events only.

    A page's entries all have its token as position: there are no places between. While a page is verified the
    next one is asked for, and while its entries are made that one is verified.
    """

    def __init__(
        self, client: OneClient, workers: Workers, wanted: Wanted, judge: Judge | None = None
    ) -> None:
        """An origin that has asked nothing yet. `client` is its own, `workers` somebody else's."""
        judge = judge or Judge(workers.profile)
        self._client: Final = client
        self._workers: Final = workers
        streams = Streams(client.event, workers.inspect, judge.refuses)
        self._maker: Final = EntryMaker(streams, judge, wanted)
        self._ahead: _Ahead | None = None
        self._is_checked = False

    def about(self) -> About:
        """See `Origin.about`."""
        network, counter = self._client.network().name, first_mark(self._client)
        begin = end = Place(None, 0, counter)
        last = end_of(self._client) if counter else None
        if last is not None:
            end = Place(str(last), last.token, counter)
        return About(network, {Feed.EVENTS: begin}, {Feed.EVENTS: end})

    def page(self, feed: Feed, after: Place, limit: int, wait: float) -> Page:
        """See `Origin.page`."""
        if feed is not Feed.EVENTS:
            raise UsageError(f"{self._client.name} is a ceramic-one, which has no feed of {feed}")
        try:
            if not self._is_checked:
                check_place(self._client, after)
            self._is_checked = True
            return self._page(after, limit, wait)
        except NodeUnreachableError:
            # When it answers again it may be another one.
            self._is_checked = False
            self._ahead = None
            raise

    def states(
        self, model: str, resume: str | None, limit: int
    ) -> tuple[Sequence[Mapping[str, Any]], str | None]:
        """See `Origin.states`: a ceramic-one has none that could be relied on."""
        del model, resume, limit
        return (), None

    def close(self) -> None:
        """See `Origin.close`."""
        self._client.close()

    def _page(self, place: Place, limit: int, wait: float) -> Page:
        after = None if place.resume is None else After.parse(place.resume)
        rows, found = self._rows(after, limit, wait)
        if not rows.rows:
            if wait:
                check_place(self._client, place)
            # The token of a page without events isn't a safe place.
            return Page((), place, is_end=True)
        received = time.time_ns() // 1_000_000
        behind = After.behind(rows)
        if 2 * len(rows.rows) >= min(limit, MAX_FOREIGN_PAGE):
            self._ahead = self._begin(behind, limit)
        # A store that was empty when it was first asked is known by the event that came first.
        counter = place.counter or (mark_of(rows.rows[0]) if after is None else first_mark(self._client))
        entries = self._maker.entries(rows.rows, found(), Batch(rows.token, str(behind), received))
        return Page(list(entries), Place(str(behind), rows.token, counter), is_end=False)

    def _begin(self, after: After, limit: int) -> _Ahead:
        rows = later(lambda: follow(self._client, after, limit), "read-ahead")
        found = later(lambda: self._workers.inspect(rows.result().rows), "verify-ahead")
        return _Ahead(after, limit, rows, found)

    def _rows(self, after: After | None, limit: int, wait: float) -> tuple[Rows, Callable[[], list[Found]]]:
        """What follows, and what verifies it; without anything there it is asked for again, so long."""
        until = time.monotonic() + wait
        ahead, self._ahead = self._ahead, None
        if ahead is not None and (ahead.after, ahead.limit) == (after, limit):
            rows = ahead.rows.result()
            if rows.rows:
                return rows, ahead.found.result
        while True:
            rows = follow(self._client, after, limit)
            left = until - time.monotonic()
            if rows.rows or left <= 0:
                return rows, partial(self._workers.inspect, rows.rows)
            time.sleep(min(left, FOREIGN_POLL_SECONDS))
