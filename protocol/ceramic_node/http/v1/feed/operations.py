"""Operations on feeds."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from ceramic_node.http.v1 import problems as wrong
from ceramic_node.http.v1.api.operations import Answer, Content, Operation
from ceramic_node.http.v1.examples import EXAMPLES
from ceramic_node.http.v1.feed import asked, handlers, shapes, sse

TOKEN_PROBLEMS: Final = (wrong.TOKEN_MALFORMED, wrong.TOKEN_FOREIGN, wrong.TOKEN_AHEAD)

_JSON: Final = "application/json"
_SSE: Final = (Answer("Messages until one ends it.", (Content(sse.EVENT_STREAM, shapes.ServerSentEvent),)),)
_SOCKET: Final = (Answer("A WebSocket.", (), HTTPStatus.SWITCHING_PROTOCOLS),)
_FOLLOWED: Final = (*TOKEN_PROBLEMS, wrong.CONSUMERS, wrong.STOPPING)

_PAGE: Final = """A page of the feed: every event once, each stream in order.

`resume` of the answer is what to go on with. Filters of one kind add up, those of different kinds have to fit
together.
"""
_STREAM: Final = """Follow the feed by Server-Sent Events.

First what is there, then, after an event named `live`, what comes. The id of each message is the token to go
on with. Who takes too little for too long is sent an event named `lagging`, with such a token, and then the
connection ends; `stopping` says that the node ends.
"""
_WS: Final = """Follow the feed through a WebSocket, with messages in JSON.

The node sends `{"type": "events", "events": […], "resume": "…"}`, and `live`, `quiet`, `lagging`, `stopping`.
With `credit`, so many entries may be on their way: `{"type": "ack", "resume": "…"}` says that those up to
there have been dealt with, `{"type": "credit", "events": 100}` lets more come.
"""
_CHANGES: Final = """A page of the feed of changes: tips that moved, on or back.

Undo what is undone, then apply what is applied. Positions are the states' own; where states are kept anew,
tokens say so (410).
"""

OPERATIONS: Final[tuple[Operation[Any], ...]] = (
    Operation(
        "GET",
        "/feed",
        "getFeed",
        _PAGE,
        asked.EventsByPage,
        handlers.events_page,
        (Answer("The page.", (Content(_JSON, shapes.FeedPage),)),),
        TOKEN_PROBLEMS,
        examples=EXAMPLES["getFeed"],
    ),
    Operation(
        "GET",
        "/feed/stream",
        "followFeed",
        _STREAM,
        asked.EventsFollowed,
        handlers.events_stream,
        _SSE,
        _FOLLOWED,
        examples=EXAMPLES["followFeed"],
        is_endless=True,
    ),
    Operation(
        "GET",
        "/feed/ws",
        "followFeedBySocket",
        _WS,
        asked.EventsBySocket,
        handlers.events_socket,
        _SOCKET,
        (*_FOLLOWED, wrong.UPGRADE),
        is_endless=True,
    ),
    Operation(
        "GET",
        "/states/feed",
        "getChanges",
        _CHANGES,
        asked.ChangesByPage,
        handlers.changes_page,
        (Answer("The page.", (Content(_JSON, shapes.ChangePage),)),),
        TOKEN_PROBLEMS,
        examples=EXAMPLES["getChanges"],
    ),
    Operation(
        "GET",
        "/states/feed/stream",
        "followChanges",
        "Follow the feed of changes by Server-Sent Events, as `/feed/stream`.",
        asked.ChangesFollowed,
        handlers.changes_stream,
        _SSE,
        _FOLLOWED,
        examples=EXAMPLES["followChanges"],
        is_endless=True,
    ),
    Operation(
        "GET",
        "/states/feed/ws",
        "followChangesBySocket",
        "Follow the feed of changes through a WebSocket, as `/feed/ws`, with `changes` instead of `events`.",
        asked.ChangesBySocket,
        handlers.changes_socket,
        _SOCKET,
        (*_FOLLOWED, wrong.UPGRADE),
        is_endless=True,
    ),
)
