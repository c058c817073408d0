"""Events in the body of a request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import orjson
from aiohttp import web

from ceramic_node.http.v1.problems import BAD_BODY, TOO_LARGE, TYPE_REFUSED, Problem
from ceramic_protocol import multibase
from ceramic_protocol.errors import IdentifierError
from ceramic_protocol.limits import MAX_EVENT_CAR_BYTES, MAX_POSTED_EVENTS

CAR: Final = "application/vnd.ipld.car"
JSON: Final = "application/json"
LINES: Final = "application/x-ndjson"


class Posted(NamedTuple):
    """What was sent: CARs, or why the text of one is none. `is_many` unless it was one event by itself."""

    cars: list[bytes | str]
    is_many: bool
    media_type: str


async def posted_events(request: web.Request) -> Posted:
    """The events in a body.

    Raises:
        Problem: it holds none, or more than may be, or is of another type.
    """
    read = _READERS.get(request.content_type)
    if read is None:
        raise Problem(TYPE_REFUSED, f"send {', '.join(_READERS)}", headers={"Accept": ", ".join(_READERS)})
    found = read(await request.read())
    if len(found.cars) > MAX_POSTED_EVENTS:
        raise Problem(TOO_LARGE, f"{len(found.cars):,} events; at most {MAX_POSTED_EVENTS:,} at once")
    return found


def whole(car: bytes | str) -> bytes:
    """A CAR that could be read.

    Raises:
        Problem: it couldn't.
    """
    if isinstance(car, str):
        raise Problem(BAD_BODY, car)
    return car


def _raw(body: bytes) -> Posted:
    if not body:
        raise Problem(BAD_BODY, "the body is empty; send a CAR")
    return Posted([body], is_many=False, media_type=CAR)


def _json(body: bytes) -> Posted:
    value = _loads(body)
    if isinstance(value, dict) and value.keys() == {"car"} and _is_text(value["car"]):
        return Posted([_car(value["car"])], is_many=False, media_type=JSON)
    if isinstance(value, dict) and value.keys() == {"cars"}:
        cars = value["cars"]
        if isinstance(cars, list) and cars and all(map(_is_text, cars)):
            return Posted(list(map(_car, cars)), is_many=True, media_type=JSON)
    raise Problem(BAD_BODY, 'send {"car": "m…"} or {"cars": ["m…", …]}')


def _lines(body: bytes) -> Posted:
    lines = [line for line in body.split(b"\n", MAX_POSTED_EVENTS + 1) if line.strip()]
    if not lines:
        raise Problem(BAD_BODY, 'the body has no lines; send {"car": "m…"} in each')
    return Posted(list(map(_line, lines)), is_many=True, media_type=LINES)


def _line(line: bytes) -> bytes | str:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return "the line is no JSON"
    if isinstance(value, dict) and value.keys() == {"car"} and _is_text(value["car"]):
        return _car(value["car"])
    return 'send {"car": "m…"} in each line'


def _loads(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Problem(BAD_BODY, f"the body is no JSON: {error}") from None


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _car(text: str) -> bytes | str:
    if len(text) > 2 * MAX_EVENT_CAR_BYTES + 1:
        return f"an event's CAR has at most {MAX_EVENT_CAR_BYTES:,} bytes"
    try:
        return multibase.decode(text)
    except IdentifierError as error:
        return f"the CAR: {error}"


_READERS: Final[dict[str, Callable[[bytes], Posted]]] = {CAR: _raw, JSON: _json, LINES: _lines}
