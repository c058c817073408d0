"""What feeds are asked for: the parameters that pages, event streams and sockets have in common."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from aiohttp import web

from ceramic_node.http.keys import NODE
from ceramic_node.http.v1.api import kinds
from ceramic_node.http.v1.api.params import Where, maybe, several, usually
from ceramic_node.http.v1.feed.changes_source import ChangesSource, IncludeState
from ceramic_node.http.v1.feed.events_source import EventsSource
from ceramic_node.http.v1.feed.forms import IncludeData
from ceramic_node.http.v1.feed.judging import Judging
from ceramic_node.http.v1.feed.wanted import Wanted
from ceramic_node.http.v1.keys import EPOCHS, SHARED
from ceramic_node.http.v1.problems import BAD_PARAMETER, Problem
from ceramic_node.http.v1.tokens import TOKEN, Feed, Token
from ceramic_protocol.checked import Kind
from ceramic_protocol.ids import StreamId
from ceramic_protocol.limits import (
    MAX_FEED_VALUES,
    MAX_IDENTIFIER_CHARS,
    MAX_PUSH_CREDIT,
    MAX_STORE_PAGE,
    MAX_WAIT_SECONDS,
)

USUAL_PAGE: Final = 100
_LONG: Final = 86_400.0
_TICKET: Final = "In place of a token, from `/tickets`; it counts once."


class KindOf(StrEnum):
    """Kinds of events by name."""

    INIT = "init"
    DATA = "data"
    TIME = "time"


DID: Final = kinds.text(MAX_IDENTIFIER_CHARS)


@dataclass(frozen=True)
class AskedEvents:
    """Which events of the feed, from where on, and how much of each."""

    model: tuple[StreamId, ...] = several(kinds.STREAM, MAX_FEED_VALUES, "Streams of this model.")
    stream: tuple[StreamId, ...] = several(kinds.STREAM, MAX_FEED_VALUES, "This stream.")
    controller: tuple[str, ...] = several(
        DID, MAX_FEED_VALUES, "Streams whose first controller is this DID, letter by letter."
    )
    kind: tuple[KindOf, ...] = several(kinds.choice(KindOf), len(KindOf), "Events of this kind.")
    include_data: IncludeData = usually(
        kinds.choice(IncludeData),
        IncludeData.NONE,
        "How much of each event comes along: `none`, the signed `payload`, its `car`, or both (`full`).",
        "includeData",
    )
    judged: bool = usually(
        kinds.TRUTH,
        default=False,
        text="Tell what each event is worth within its stream, as far as is known.",
    )
    settled: bool = usually(
        kinds.TRUTH,
        default=False,
        text="Tell that of every event: the feed ends, for now, before the first one that isn't judged yet.",
    )
    resume: Token | None = maybe(TOKEN, "Go on behind this, as an earlier answer of this feed said.")
    since: int | kinds.Now | None = maybe(
        kinds.MOMENT,
        "Begin with what came into the feed at or after a time: RFC 3339, unix milliseconds, or `now`.",
    )

    async def source(self, request: web.Request, last: Token | None = None) -> tuple[EventsSource, int]:
        """The feed, and the place behind which to begin: behind `last`, if there is one."""
        node, epochs = request.config_dict[NODE], request.app[EPOCHS]
        kinds_of = [Kind[kind.name] for kind in self.kind]
        wanted = Wanted(self.model, self.stream, self.controller, kinds_of)
        after = await self._after(request, last)
        start = str(await epochs.token(Feed.EVENTS, 0))[:-1]
        shared = request.app[SHARED]
        source = EventsSource(
            node, shared, wanted, self.include_data, judging=self._judging, token_start=start
        )
        return source, after

    @property
    def _judging(self) -> Judging:
        if self.settled:
            return Judging.SETTLED
        return Judging.KNOWN if self.judged else Judging.NONE

    async def _after(self, request: web.Request, last: Token | None) -> int:
        node, epochs = request.config_dict[NODE], request.app[EPOCHS]
        token = last or self.resume
        if self.resume is not None and self.since is not None:
            raise Problem(BAD_PARAMETER, "give a token or a time to begin with, not both")
        if token is not None:
            head = await node.read(node.events.head)
            return await epochs.place(Feed.EVENTS, token, head.position)
        if isinstance(self.since, kinds.Now):
            return (await node.read(node.events.head)).position
        return 0 if self.since is None else await node.read(node.events.position_at, self.since)


@dataclass(frozen=True)
class AskedChanges:
    """Which changes, from where on, and how much of each."""

    model: tuple[StreamId, ...] = several(kinds.STREAM, MAX_FEED_VALUES, "Streams of this model.")
    stream: tuple[StreamId, ...] = several(kinds.STREAM, MAX_FEED_VALUES, "This stream.")
    controller: tuple[str, ...] = several(
        DID, MAX_FEED_VALUES, "Streams whose first controller is this DID, letter by letter."
    )
    include_data: IncludeState = usually(
        kinds.choice(IncludeState),
        IncludeState.NONE,
        "Whether the state after each change comes along.",
        "includeData",
    )
    resume: Token | None = maybe(TOKEN, "Go on behind this, as an earlier answer of this feed said.")
    from_now: bool = usually(
        kinds.TRUTH, default=False, text="Begin with what comes from now on.", name="fromNow"
    )

    async def source(self, request: web.Request, last: Token | None = None) -> tuple[ChangesSource, int]:
        """The feed, and the place behind which to begin: behind `last`, if there is one."""
        node, epochs = request.config_dict[NODE], request.app[EPOCHS]
        if self.resume is not None and self.from_now:
            raise Problem(BAD_PARAMETER, "give a token or fromNow, not both")
        head = await node.read(node.states.head)
        after = head.number if self.from_now else 0
        token = last or self.resume
        if token is not None:
            after = await epochs.place(Feed.CHANGES, token, head.number)
        start = str(Token(Feed.CHANGES.value, head.generation, 0))[:-1]
        source = ChangesSource(
            node, self.stream, self.model, self.controller, self.include_data, token_start=start
        )
        return source, after


@dataclass(frozen=True)
class Paged:
    """How much a page has, and how long it may be waited for."""

    limit: int = usually(
        kinds.whole(1, MAX_STORE_PAGE),
        USUAL_PAGE,
        "How many entries at most. There may be fewer although there are more.",
    )
    wait: float = usually(
        kinds.seconds(MAX_WAIT_SECONDS), 0.0, "How many seconds to wait for an entry if there is none."
    )


@dataclass(frozen=True)
class Followed:
    """How long a feed is followed by Server-Sent Events."""

    seconds: float | None = maybe(kinds.seconds(_LONG), "End after so many seconds; never if it isn't given.")
    last_event_id: Token | None = maybe(
        TOKEN, "Go on behind this; browsers send it by themselves.", "Last-Event-ID", Where.HEADER
    )
    ticket: str | None = maybe(kinds.TICKET, _TICKET)


@dataclass(frozen=True)
class Socket:
    """How a feed is followed through a WebSocket."""

    seconds: float | None = maybe(kinds.seconds(_LONG), "End after so many seconds; never if it isn't given.")
    credit: int | None = maybe(
        kinds.whole(1, MAX_PUSH_CREDIT),
        "How many entries may be on their way unacknowledged; any number if it isn't given.",
    )
    ticket: str | None = maybe(kinds.TICKET, _TICKET)


@dataclass(frozen=True)
class EventsByPage(Paged, AskedEvents):
    """A page of events."""


@dataclass(frozen=True)
class EventsFollowed(Followed, AskedEvents):
    """Events, followed by Server-Sent Events."""


@dataclass(frozen=True)
class EventsBySocket(Socket, AskedEvents):
    """Events, followed through a WebSocket."""


@dataclass(frozen=True)
class ChangesByPage(Paged, AskedChanges):
    """A page of changes."""


@dataclass(frozen=True)
class ChangesFollowed(Followed, AskedChanges):
    """Changes, followed by Server-Sent Events."""


@dataclass(frozen=True)
class ChangesBySocket(Socket, AskedChanges):
    """Changes, followed through a WebSocket."""
