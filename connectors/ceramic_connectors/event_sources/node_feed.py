"""The feed of a node of ours as a source: `http://HOST:PORT` (docs/node-api.md)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Self

from ceramic_connectors.endpoint import Endpoint
from ceramic_connectors.event_sources.patience import believing, patiently
from ceramic_connectors.event_sources.tokens import token_at
from ceramic_connectors.event_text import maybe_cid, read_event_text
from ceramic_connectors.source.node_origin import NodeOrigin, Wanted
from ceramic_connectors.source.origin import Feed, Page, Place
from ceramic_protocol.errors import OutsideError, UsageError
from ceramic_protocol.limits import GUESSED_EVENT_BYTES, MAX_BATCH_EVENTS
from ceramic_protocol.ports import Damage, RawEvent, SourceItem, SourcePage

ALL_CARS = Wanted(include="car", settled=False)
"""Every event with its bytes, judged or not."""


@dataclass(frozen=True, slots=True)
class NodeFeed:
    """The events that a node had when this was opened.

    Ordinals are positions of its feed, counted from where it begins.

    Attributes:
        url: of the node.
        token: place of its token, `file:PATH` or `env:NAME`; None without one.
        wanted: which events.
        tokens: what places of this feed begin with; the position follows.
        begin: position behind which it begins.
        count: see `EventSource.count`.
    """

    url: str
    token: str | None
    wanted: Wanted
    tokens: str
    begin: int
    count: int

    @classmethod
    def open(
        cls,
        url: str,
        token: str | None = None,
        *,
        wanted: Wanted = ALL_CARS,
        resume: str | None = None,
        since: int | None = None,
    ) -> Self:
        """Ask the node how far it is.

        Args:
            url: of the node.
            token: place of its token.
            wanted: which events.
            resume: place to begin behind, as the node has told it; the beginning if None.
            since: unix milliseconds; begin with what the node got then or later.

        Raises:
            UsageError: both `resume` and `since` are given, or `resume` is no place of this node's feed.
            OutsideError: the node doesn't answer, or refuses.
        """
        if resume is not None and since is not None:
            raise UsageError("give a place or a time to begin with, not both")
        name = Endpoint.parse(url).name
        with closing(_origin(url, token, wanted)) as origin, believing(f"the node at {name}"):
            end = origin.about().ends[Feed.EVENTS]
            tokens = _tokens(name, end)
            begin = 0
            if resume is not None:
                begin = _position(resume, tokens)
            elif since is not None:
                begin = _position(origin.place_before(since), tokens)
        return cls(url, token, wanted, tokens, begin, max(end.position - begin, 0))

    @property
    def size(self) -> int:
        """See `EventSource.size`."""
        return self.count * GUESSED_EVENT_BYTES

    def read(self, start: int, stop: int) -> Iterator[SourcePage]:
        """See `EventSource.read`. A connection that breaks is made again, for a while.

        Raises:
            OutsideError: the node doesn't answer any more, or has another store than before.
        """
        position, end = self.begin + max(start, 0), self.begin + min(stop, self.count)
        name = Endpoint.parse(self.url).name
        with closing(_origin(self.url, self.token, self.wanted)) as origin:
            while position < end:
                with believing(f"the node at {name}"):
                    page = self._page(origin, position, end)
                    items = [_item(each, name) for each in page.entries if each["position"] <= end]
                    position = self._behind(page, position, end)
                yield SourcePage(items, position - self.begin)

    def _page(self, origin: NodeOrigin, position: int, end: int) -> Page:
        place = Place(f"{self.tokens}{position}" if position else None, position, "")
        limit = min(end - position, MAX_BATCH_EVENTS)
        return patiently(lambda: origin.page(Feed.EVENTS, place, limit, 0.0))

    def _behind(self, page: Page, position: int, end: int) -> int:
        """How far a page goes, also where the last events of the feed aren't wanted."""
        behind = position if page.place.resume is None else _position(page.place.resume, self.tokens)
        if behind <= position:
            if not page.is_end:
                raise OutsideError("the node doesn't go on with its feed; start again")
            return end
        return min(behind, end)


def _origin(url: str, token: str | None, wanted: Wanted) -> NodeOrigin:
    return NodeOrigin(Endpoint.parse(url), wanted, token_at(token))


def _tokens(name: str, end: Place) -> str:
    """What places begin with. They are the node's own affair, so that a later release may have others."""
    position = str(end.position)
    if end.resume is None or not end.resume.endswith(f"-{position}"):
        raise OutsideError(f"the node at {name} tells places that this release doesn't know")
    return end.resume.removesuffix(position)


def _position(resume: str, tokens: str) -> int:
    position = resume.removeprefix(tokens)
    if position == resume or not (position.isascii() and position.isdigit()):
        raise UsageError(f"{resume[:100]!r} is no place of this node's feed")
    return int(position)


def _item(entry: Mapping[str, Any], source: str) -> SourceItem:
    cid, car, position = entry["cid"], entry.get("car"), entry["position"]
    if car is None:
        told = f"the node has given up the bytes of {cid}"
        return Damage(told, source, position, 0, b"", cid=maybe_cid(cid))
    found = read_event_text(car, cid)
    if isinstance(found, str):
        return Damage(found, source, position, len(car), b"")
    return RawEvent(*found, source, position)
