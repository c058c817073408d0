"""Writing and reading single events (api.md 1.2, 1.3)."""

from __future__ import annotations

import asyncio
import logging
from http import HTTPStatus
from typing import Final

from aiohttp import web

from ceramic_node.http.keys import NODE
from ceramic_node.http.one.asking import json_body, segments
from ceramic_node.http.one.errors import Refused, as_json, not_found, nothing
from ceramic_node.http.one.identifiers import as_cid, as_event_id
from ceramic_node.http.one.rust import decode_multibase
from ceramic_node.intake import Answer, MissingPrev, Overloaded, Stopping
from ceramic_node.node import Node
from ceramic_protocol import multibase
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import IdentifierError, OutsideError
from ceramic_protocol.event_ids import EventId
from ceramic_protocol.limits import INTAKE_SECONDS, MAX_ECHOED_CHARS
from ceramic_protocol.reasons import Finding, Layer
from ceramic_protocol.stored import PutOutcome, StoredEvent, home_of

CAR_BASE: Final = "m"
"""Base64: the only one that the SDK reads (api.md 1.6)."""

_NAME: Final = "EventData"
_MEMBERS: Final = frozenset({"data"})
_PREV_MISSING: Final = "Failed to insert event as `prev` event was missing"

_log = logging.getLogger(__name__)


async def post_event(request: web.Request) -> web.Response:
    """POST `/events`: 204 once the event is kept, or was there; 400 with the reason why it can't be."""
    body = await json_body(request, _NAME, _MEMBERS)
    try:
        car = decode_multibase(body.text("data"))
    except IdentifierError as error:
        raise Refused(f"Invalid event data: multibase error: {error}") from None
    _check(await _submitted(request.app[NODE], car))
    answer = nothing()
    answer.headers.update(body.ignored)
    return answer


async def _submitted(node: Node, car: bytes) -> Answer:
    """What becomes of an event.

    Raises:
        Refused: it isn't known, or nothing could be kept.
    """
    try:
        async with asyncio.timeout(INTAKE_SECONDS):
            (answer,) = await node.submit([car], needs_prev=True)
    except TimeoutError:
        detail = "Timeout waiting for database service response, error: deadline has elapsed"
    except Overloaded as error:
        detail = f"Database service queue is too full to accept requests, error: {error}"
    except Stopping as error:
        detail = f"Database service not available, error: {error}"
    except OutsideError:
        _log.exception("an event could not be kept")
        detail = "Failed to insert event: the store failed"
    else:
        return answer
    raise Refused(detail, HTTPStatus.INTERNAL_SERVER_ERROR)


def _check(answer: Answer) -> None:
    """Let pass what was kept.

    Raises:
        Refused: it wasn't.
    """
    if isinstance(answer, MissingPrev):
        raise Refused(_no_init(str(answer.missing)) if answer.is_init else _PREV_MISSING)
    if answer.outcome is PutOutcome.NO_ROOM:
        raise Refused(_PREV_MISSING)
    if answer.outcome is None:
        raise Refused(_words(answer.finding))


def _no_init(cid: str) -> str:
    return f"Failed to parse EventID from event CAR file data: cannot find init event block {cid}"


def _words(finding: Finding | None) -> str:
    """What ceramic-one says, and our reason behind it."""
    if finding is None:
        return "Event data could not be parsed: it is no event"
    match finding.reason.layer:
        case Layer.WIRE:
            said = "Failed to parse EventID from event CAR file data"
        case Layer.AUTH:
            said = "Event had invalid signature"
        case Layer.ANCHOR:
            said = "Failed to validate time event inclusion proof"
        case _:
            said = "Event data could not be parsed"
    return f"{said}: {finding.reason.value}: {finding.detail}"


async def get_event(request: web.Request) -> web.Response:
    """GET `/events/{event_id}`: an event by its CID or, for debugging, by its EventID."""
    (text,) = segments(request, 1)
    node = request.app[NODE]
    try:
        stored = await node.read(node.events.event, as_cid(text))
    except Refused:
        event_id = as_event_id(text)
        if event_id is None:
            raise
        stored = await node.read(_by_event_id, node, event_id)
    # What was pruned is as good as not there: an SDK knows what to do then.
    if stored is None or stored.is_pruned:
        return not_found(f"Event not found : {text[:MAX_ECHOED_CHARS]}")
    return as_json({"id": str(stored.checked.cid), "data": multibase.encode(stored.car, CAR_BASE)})


def _by_event_id(node: Node, event_id: EventId) -> StoredEvent | None:
    cid = event_id.cid
    stored = None if cid is None else node.events.event(cid)
    if stored is None or stored.position is None:
        return None
    entry = node.events.entry(home_of(stored.checked))
    try:
        is_it = entry is not None and entry.facts.event_id(stored.checked.cid, node.network) == event_id
    except IdentifierError:
        return None
    return stored if is_it else None


def event_json(cid: Cid, car: bytes | None) -> bytes:
    """An event as it stands in lists, `data` left out without bytes."""
    if not car:
        return b'{"id":"%b"}' % cid.text()
    return b'{"id":"%b","data":"m%b"}' % (cid.text(), multibase.base64_ascii(car))
