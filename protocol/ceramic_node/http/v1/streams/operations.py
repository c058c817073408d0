"""Operations on streams."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from ceramic_node.http.v1 import problems as wrong
from ceramic_node.http.v1.api.operations import Answer, Content, Operation
from ceramic_node.http.v1.events.operations import BODY_PROBLEMS, EVENT_BODIES
from ceramic_node.http.v1.examples import EXAMPLES
from ceramic_node.http.v1.feed.operations import TOKEN_PROBLEMS
from ceramic_node.http.v1.streams import explaining, listing, reading, shapes, writing

_JSON: Final = "application/json"
_STREAM: Final = (wrong.STREAM_UNKNOWN, wrong.BEHIND, wrong.USAGE, wrong.BAD_IDENTIFIER)
_STATE: Final = (*_STREAM, wrong.EVENT_UNKNOWN, wrong.NO_STATE, wrong.TOO_LONG)

_GET: Final = """A stream with its state: at its tip, after an event (CommitID), or at a time.

For a time it is what anchors prove: the state after the last anchored event before it.
"""
_WRITE: Final = """Write on a tip that was seen, or not at all (compare and set).

The events are kept only if the stream still has that tip, and if they are valid and the last one becomes the
tip; else nothing is kept, and a conflict (409) tells the present tip. Several events build on each other.
"""


def _told(text: str, shape: Any) -> tuple[Answer, ...]:
    return (Answer(text, (Content(_JSON, shape),)),)


_READ: Final[tuple[Operation[Any], ...]] = (
    Operation(
        "GET",
        "/streams/{stream}",
        "getStream",
        _GET,
        reading.GetState,
        reading.get_state,
        _told("The stream.", shapes.StreamView),
        _STATE,
        examples=EXAMPLES["getStream"],
    ),
    Operation(
        "GET",
        "/streams/{stream}/content",
        "getContent",
        "The content alone, as JSON; its ETag is the CID of the event after which it is.",
        reading.GetState,
        reading.get_content,
        (
            *_told("The content.", Any),
            Answer("It is the one that `If-None-Match` names.", (), HTTPStatus.NOT_MODIFIED),
        ),
        _STATE,
        examples=EXAMPLES["getContent"],
    ),
    Operation(
        "GET",
        "/streams/{stream}/log",
        "getLog",
        "The canonical log, page by page.",
        reading.GetLog,
        reading.get_log,
        _told("The page.", shapes.StreamLog),
        (*_STREAM, wrong.TOO_LONG),
        examples=EXAMPLES["getLog"],
    ),
    Operation(
        "GET",
        "/streams/{stream}/tips",
        "getTips",
        "The canonical tip, and all valid events that nothing valid builds on.",
        reading.GetStream,
        reading.get_tips,
        _told("The tips.", shapes.StreamTips),
        (*_STREAM, wrong.TOO_LONG),
        examples=EXAMPLES["getTips"],
    ),
    Operation(
        "GET",
        "/streams/{stream}/explain",
        "explainStream",
        "All events of a stream with their verdicts, and why branches won: as JSON, chart, picture or text.",
        explaining.Explain,
        explaining.explain,
        (
            Answer(
                "The tree.",
                (
                    Content(_JSON, shapes.StreamTree),
                    *(Content(name) for name in explaining.MEDIA_TYPES.values() if name != _JSON),
                ),
            ),
        ),
        (*_STREAM, wrong.TOO_LONG),
        examples=EXAMPLES["explainStream"],
    ),
)

OPERATIONS: Final[tuple[Operation[Any], ...]] = (
    Operation(
        "GET",
        "/streams",
        "listStreams",
        "A page of streams by type, model and controller, in the order in which they came.",
        listing.ListStreams,
        listing.list_streams,
        _told("The page.", shapes.StreamPage),
        TOKEN_PROBLEMS,
        examples=EXAMPLES["listStreams"],
    ),
    *_READ,
    Operation(
        "POST",
        "/streams/{stream}/events",
        "writeOnTip",
        _WRITE,
        writing.WriteOn,
        writing.write_on,
        _told("It was written.", shapes.Written),
        (*BODY_PROBLEMS, *_STREAM, wrong.TIP_MOVED, wrong.WRITE_REFUSED, wrong.TOO_LONG, wrong.BUSY),
        EVENT_BODIES,
        EXAMPLES["writeOnTip"],
    ),
    Operation(
        "GET",
        "/models",
        "listModels",
        "A page of models: names and definitions.",
        listing.ListModels,
        listing.list_models,
        _told("The page.", shapes.ModelPage),
        TOKEN_PROBLEMS,
        examples=EXAMPLES["listModels"],
    ),
)
