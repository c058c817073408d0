"""Operations on single events."""

from __future__ import annotations

from typing import Any, Final

from ceramic_node.http.v1 import problems as wrong
from ceramic_node.http.v1.api.operations import Answer, Content, Operation
from ceramic_node.http.v1.events import bodies, getting, posting, shapes
from ceramic_node.http.v1.examples import EXAMPLES

BODY_PROBLEMS: Final = (wrong.BAD_BODY, wrong.TYPE_REFUSED, wrong.TOO_LARGE)
EVENT_BODIES: Final = (
    Content(bodies.CAR),
    Content(bodies.JSON, shapes.OneEvent | shapes.ManyEvents),
    Content(bodies.LINES),
)

_POST: Final = f"""Hand in an event, or many.

One event is a CAR as the body, or `{{"car": "m…"}}`; if it isn't kept, the answer is a problem. Many are
`{{"cars": […]}}`, or a line of `{{"car": "m…"}}` each ({bodies.LINES}); each has an outcome of its own,
in the order of the events, and the answer has the form of the request. When it comes, all that is kept is
on disk.
"""

OPERATIONS: Final[tuple[Operation[Any], ...]] = (
    Operation(
        "POST",
        "/events",
        "postEvents",
        _POST,
        posting.PostEvents,
        posting.post_events,
        (
            Answer(
                "What became of the event, or of each of them.",
                (Content(bodies.JSON, shapes.EventOutcome | shapes.EventOutcomes), Content(bodies.LINES)),
            ),
        ),
        (
            *BODY_PROBLEMS,
            wrong.OVERLOADED,
            wrong.STOPPING,
            wrong.EVENT_REFUSED,
            wrong.EVENT_NOT_WANTED,
            wrong.NO_ROOM,
        ),
        EVENT_BODIES,
        EXAMPLES["postEvents"],
    ),
    Operation(
        "GET",
        "/events/{cid}",
        "getEvent",
        "An event: what it says, its verdicts and the state after it, or its CAR.",
        getting.GetEvent,
        getting.get_event,
        (Answer("The event.", (Content(bodies.JSON, shapes.EventView), Content(bodies.CAR))),),
        (wrong.EVENT_UNKNOWN, wrong.EVENT_PRUNED),
        examples=EXAMPLES["getEvent"],
    ),
)
