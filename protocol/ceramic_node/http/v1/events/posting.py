"""Handing events in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from aiohttp import web

from ceramic_node.http.keys import NODE
from ceramic_node.http.v1.api import kinds
from ceramic_node.http.v1.api.params import usually
from ceramic_node.http.v1.events.bodies import LINES, posted_events, whole
from ceramic_node.http.v1.events.shapes import EventOutcome, EventOutcomes
from ceramic_node.http.v1.json_text import dumps, lines
from ceramic_node.http.v1.problems import EVENT_NOT_WANTED, EVENT_REFUSED, NO_ROOM, Problem
from ceramic_node.http.v1.texts import maybe_cid
from ceramic_node.intake import Answer, MissingPrev, Overloaded, Stopping
from ceramic_node.node import Node
from ceramic_protocol.errors import OutsideError
from ceramic_protocol.limits import MAX_INTAKE_BATCH, MAX_INTAKE_BYTES, MAX_TOLD_CHARS
from ceramic_protocol.plain_text import plain
from ceramic_protocol.reasons import Reason
from ceramic_protocol.stored import PutOutcome

_MAX_BYTES: Final = MAX_INTAKE_BYTES // 16
_NOT_TEXT: Final = "not_multibase"

Word = Literal["new", "known", "better", "not_wanted", "refused", "missing", "no_room", "failed"]
_WORDS: Final[dict[PutOutcome, Word]] = {
    PutOutcome.NEW: "new",
    PutOutcome.KNOWN: "known",
    PutOutcome.BETTER: "better",
    PutOutcome.NO_ROOM: "no_room",
}


class Interests(StrEnum):
    """What the node's interests have to do with events that are handed in."""

    IGNORE = "ignore"
    APPLY = "apply"


@dataclass(frozen=True, slots=True)
class PostEvents:
    """How events are handed in."""

    needs_prev: bool = usually(
        kinds.TRUTH,
        default=False,
        text="Refuse an event whose prev or init event isn't there; else it is kept and waits.",
    )
    interests: Interests = usually(
        kinds.choice(Interests),
        Interests.IGNORE,
        "`apply` for events that are copied from elsewhere: those that no interest of the node covers aren't"
        " kept (`not_wanted`), and those whose init event isn't there are `missing`; the node remembers some"
        " of these and keeps them if that comes and is wanted. `ignore` keeps everything.",
    )


async def post_events(request: web.Request, asked: PostEvents) -> web.StreamResponse:
    """Keep one event, or many with an outcome each."""
    node, posted = request.config_dict[NODE], await posted_events(request)
    if not posted.is_many:
        answers = await _submit(node, [whole(posted.cars[0])], asked)
        outcome = outcome_of(answers[0])
        _insist(outcome)
        return _answer(dumps(outcome), "application/json")
    outcomes = await _keep_many(node, posted.cars, asked)
    if posted.media_type == LINES:
        return _answer(lines(list(outcomes)), LINES)
    return _answer(dumps(EventOutcomes(events=outcomes)), "application/json")


def outcome_of(answer: Answer) -> EventOutcome:
    """What is told of an event."""
    if isinstance(answer, MissingPrev):
        reason = Reason.INIT_MISSING if answer.is_init else Reason.PREV_MISSING
        return _outcome("missing", str(answer.cid), reason.value, reason.summary, str(answer.missing))
    if answer.is_unwanted:
        return _outcome("not_wanted", maybe_cid(answer.cid), detail=EVENT_NOT_WANTED.summary)
    word: Word = "refused" if answer.outcome is None else _WORDS[answer.outcome]
    if answer.finding is None:
        return _outcome(word, maybe_cid(answer.cid))
    reason, detail = answer.finding
    return _outcome(word, maybe_cid(answer.cid), reason.value, plain(detail, MAX_TOLD_CHARS))


def _outcome(
    word: Word,
    cid: str | None = None,
    reason: str | None = None,
    detail: str | None = None,
    missing: str | None = None,
) -> EventOutcome:
    return EventOutcome(cid=cid, outcome=word, reason=reason, detail=detail, missing=missing)


def _insist(outcome: EventOutcome) -> None:
    """Tell of one event that isn't kept as a problem."""
    if outcome["outcome"] == "no_room":
        raise Problem(NO_ROOM, NO_ROOM.summary)
    if outcome["outcome"] == "not_wanted":
        raise Problem(EVENT_NOT_WANTED, EVENT_NOT_WANTED.summary, {"cid": outcome["cid"]})
    if outcome["outcome"] in {"refused", "missing"}:
        more = {name: outcome[name] for name in ("cid", "reason", "missing")}
        raise Problem(EVENT_REFUSED, f"{outcome['reason']}: {outcome['detail']}", more)


async def _submit(node: Node, cars: list[bytes], asked: PostEvents) -> list[Answer]:
    if asked.interests is Interests.APPLY:
        return await node.intake.submit(cars, needs_prev=asked.needs_prev, by_interests=True)
    return await node.submit(cars, needs_prev=asked.needs_prev)


async def _keep_many(node: Node, cars: list[bytes | str], asked: PostEvents) -> list[EventOutcome]:
    """Keep events in groups, so that others get in between them."""
    outcomes: list[EventOutcome] = []
    for group in _groups(cars):
        good = [car for car in group if isinstance(car, bytes)]
        try:
            answers = iter(map(outcome_of, await _submit(node, good, asked) if good else []))
        except (Overloaded, Stopping, OutsideError) as error:
            if not outcomes:
                raise
            # What was kept before is told; for the rest the client may try again.
            rest = len(cars) - len(outcomes)
            return outcomes + [
                _outcome("failed", reason=error.code, detail=plain(str(error))) for _ in range(rest)
            ]
        outcomes += [
            next(answers) if isinstance(car, bytes) else _outcome("refused", reason=_NOT_TEXT, detail=car)
            for car in group
        ]
    return outcomes


def _groups(cars: list[bytes | str]) -> list[list[bytes | str]]:
    groups: list[list[bytes | str]] = []
    size = 0
    for car in cars:
        if not groups or len(groups[-1]) >= MAX_INTAKE_BATCH or size + len(car) > _MAX_BYTES:
            groups.append([])
            size = 0
        groups[-1].append(car)
        size += len(car)
    return groups


def _answer(body: bytes, media_type: str) -> web.Response:
    return web.Response(body=body, content_type=media_type, headers={"Cache-Control": "no-store"})
