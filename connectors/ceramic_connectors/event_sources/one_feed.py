"""The feed of a ceramic-one as a source: `http://HOST:PORT` (api.md 1.4 and 6.1)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Self

from ceramic_connectors.endpoint import Endpoint
from ceramic_connectors.event_sources.patience import believing, patiently
from ceramic_connectors.event_sources.tokens import token_at
from ceramic_connectors.event_text import maybe_cid, read_event_text
from ceramic_connectors.source.foreign.client import OneClient, Row, Rows
from ceramic_connectors.source.foreign.places import end_of, mark_of
from ceramic_protocol.errors import OutsideError, UsageError
from ceramic_protocol.limits import GUESSED_EVENT_BYTES, MAX_BATCH_BYTES, MAX_BATCH_EVENTS
from ceramic_protocol.ports import Damage, RawEvent, SourceItem, SourcePage


@dataclass(frozen=True, slots=True)
class OneFeed:
    """The events that a ceramic-one had when this was opened.

    Ordinals are the numbers that it gives to events, counted from where it begins. It doesn't tell the number
    of each event, so that the position of all events of a page is the number behind them.

    Attributes:
        url: of the node.
        token: place of a bearer token for what stands before it; None without one.
        begin: the first number.
        count: see `EventSource.count`.
        last: by what the last event is known, which tells a store apart that was restored meanwhile.
    """

    url: str
    token: str | None
    begin: int
    count: int
    last: str

    @classmethod
    def open(cls, url: str, token: str | None = None, *, resume: str | None = None) -> Self:
        """Ask the node how far it is.

        Args:
            url: of the node.
            token: place of a bearer token.
            resume: `resumeToken` of the page behind which to begin; the beginning if None.

        Raises:
            UsageError: `resume` is no such token.
            OutsideError: the node doesn't answer, or refuses.
        """
        if resume is not None and not (resume.isascii() and resume.isdigit() and len(resume) < 20):
            raise UsageError(f"{resume[:100]!r} is no resumeToken of a ceramic-one")
        begin = int(resume or 0)
        with closing(_client(url, token)) as client:
            end = end_of(client)
        if end is None:
            return cls(url, token, begin, 0, "")
        return cls(url, token, begin, max(end.token - begin, 0), end.mark)

    @property
    def size(self) -> int:
        """See `EventSource.size`."""
        return self.count * GUESSED_EVENT_BYTES

    def read(self, start: int, stop: int) -> Iterator[SourcePage]:
        """See `EventSource.read`. A connection that breaks is made again, for a while.

        Raises:
            OutsideError: the node doesn't answer any more, or has another store than before.
        """
        number, end = self.begin + max(start, 0), self.begin + min(stop, self.count)
        if number >= end:
            return
        with closing(_client(self.url, self.token)) as client:
            while number < end:
                with believing(client.name):
                    found = patiently(lambda at=number: _rows(client, at, end))  # type: ignore[misc]
                number = min(found.token, end)
                source = client.name.removeprefix("the node at ")
                yield SourcePage([_item(row, source, number) for row in found.rows], number - self.begin)
            self._check(client)

    def _check(self, client: OneClient) -> None:
        """See to it that what was read is what was there when this was opened."""
        rows = patiently(lambda: client.ids(self.begin + self.count - 1, 1)).rows
        if not rows or mark_of(rows[0]) != self.last:
            raise OutsideError(
                f"{client.name} was set up or restored anew while it was being read; start again"
            )


def _client(url: str, token: str | None) -> OneClient:
    return OneClient(Endpoint.parse(url), token_at(token))


def _rows(client: OneClient, number: int, end: int) -> Rows:
    """Events from a number on and before an end: of one page, no more than fit into a batch."""
    limit = min(end - number, MAX_BATCH_EVENTS)
    rows = client.events(number, limit)
    while len(rows.rows) > 1 and sum(len(row.data or "") for row in rows.rows) > 2 * MAX_BATCH_BYTES:
        rows = client.events(number, len(rows.rows) // 2)
    if not rows.rows:
        return Rows([], end)
    return rows if rows.token <= end else _cut(client, rows, end)


def _cut(client: OneClient, rows: Rows, end: int) -> Rows:
    """The events of a page before a number, by the first event that has this number or a later one."""
    behind = client.ids(end, 1).rows
    cids = [row.cid for row in rows.rows]
    if not behind or behind[0].cid not in cids:
        raise OutsideError(f"{client.name} tells its feed in two ways; start again")
    return Rows(rows.rows[: cids.index(behind[0].cid)], end)


def _item(row: Row, source: str, position: int) -> SourceItem:
    if row.data is None:
        told = f"the node doesn't tell the bytes of {row.cid[:100]}"
        return Damage(told, source, position, 0, b"", cid=maybe_cid(row.cid))
    found = read_event_text(row.data, row.cid)
    if isinstance(found, str):
        return Damage(found, source, position, len(row.data), b"")
    return RawEvent(*found, source, position)
