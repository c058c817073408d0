"""Taking requests of ceramic-one's API apart (api.md 1.1)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote_to_bytes

import orjson
from aiohttp import web

from ceramic_node.http.one.errors import Unreadable
from ceramic_node.http.one.rust import I32, NoNumber, integer
from ceramic_protocol import strict_json
from ceramic_protocol.limits import BODY_SECONDS, MAX_ECHOED_CHARS

_MAX_NAMED: Final = 8
_MAX_NAME_CHARS: Final = 64


def segments(request: web.Request, count: int) -> list[str]:
    """The last segments of the path, decoded.

    Raises:
        Unreadable: one is not UTF-8.
    """
    found = []
    for raw in request.rel_url.raw_path.split("/")[-count:]:
        try:
            found.append(unquote_to_bytes(raw).decode("utf-8"))
        except UnicodeDecodeError:
            detail = f"Couldn't percent-decode path parameter as UTF-8: {raw[:MAX_ECHOED_CHARS]}"
            raise Unreadable(detail) from None
    return found


def small_number(request: web.Request, name: str) -> int | None:
    """A member of the query that is a number of 32 bits; None if it isn't there.

    Raises:
        Unreadable: it is something else.
    """
    text = request.query.get(name)
    if text is None:
        return None
    try:
        return integer(text, I32)
    except NoNumber as error:
        detail = f"Couldn't parse query parameter {name} - doesn't match schema: {error}"
        raise Unreadable(detail) from None


async def body_of(request: web.Request, name: str) -> bytes:
    """The body of a request, which has to arrive in time.

    Args:
        request: the request.
        name: what the API calls the body.

    Raises:
        Unreadable: it is too large, comes too slowly, or ends early.
    """
    try:
        if request.content.is_eof():
            return await request.read()
        async with asyncio.timeout(BODY_SECONDS):
            return await request.read()
    except web.HTTPRequestEntityTooLarge as error:
        detail, status = f"more than {request.client_max_size} bytes", error.status
    except TimeoutError:
        detail, status = "it did not arrive in time", HTTPStatus.REQUEST_TIMEOUT
    except (web.RequestPayloadError, ConnectionError) as error:
        detail, status = str(error), HTTPStatus.BAD_REQUEST
    raise Unreadable(f"Couldn't read body parameter {name}: {detail}", status)


class JsonBody:
    """The members of a JSON object that somebody sent.

    Attributes:
        members: all of them.
        ignored: a `Warning` for members that mean nothing, ready to be put into the answer's headers.
    """

    def __init__(self, name: str, members: Mapping[str, object], body: bytes, known: frozenset[str]) -> None:
        self._name = name
        self._body = body
        self.members: Final = members
        self.ignored: Final = _warning([member for member in members if member not in known])

    def text(self, member: str) -> str:
        """A member that has to be there.

        Raises:
            Unreadable: it isn't, or is no text.
        """
        if member not in self.members:
            raise self._wrong(f"missing field `{member}`")
        return self._checked(member)

    def text_or_none(self, member: str) -> str | None:
        """A member that may be missing or null.

        Raises:
            Unreadable: it is something else than text.
        """
        return None if self.members.get(member) is None else self._checked(member)

    def _checked(self, member: str) -> str:
        value = self.members[member]
        if not isinstance(value, str):
            raise self._wrong(f"invalid type: {_kind(value)}, expected a string")
        return value

    def _wrong(self, detail: str) -> Unreadable:
        return mismatch(self._name, f"{detail} at {_ending(self._body)}")


def mismatch(name: str, detail: str) -> Unreadable:
    """A body that isn't what it should be."""
    return Unreadable(f"Couldn't parse body parameter {name} - doesn't match schema: {detail}")


async def json_body(request: web.Request, name: str, known: frozenset[str]) -> JsonBody:
    """The JSON object in the body of a request, whatever it says it is.

    Args:
        request: the request.
        name: what the API calls the body.
        known: the members that mean something.

    Raises:
        Unreadable: there is no such object, or a member stands in it twice.
    """
    body = await body_of(request, name)
    if not body:
        raise Unreadable(f"Missing required body parameter {name}")
    plain = _only_text(body)
    if plain is not None:
        return JsonBody(name, plain, body, known)
    try:
        value = strict_json.load(body)
    except (ValueError, RecursionError) as error:
        raise mismatch(name, str(error)) from None
    if value is None:
        raise Unreadable(f"Missing required body parameter {name}")
    if not isinstance(value, dict):
        raise mismatch(name, f"invalid type: {_kind(value)}, expected struct {name} at {_ending(body)}")
    return JsonBody(name, value, body, known)


def _only_text(body: bytes) -> dict[str, object] | None:
    """An object with one member, which is text: what almost everybody sends. None for anything else.

    Four quotation marks are just enough for that, so that no member can stand there twice.
    """
    if body.count(b'"') != 4:
        return None
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if isinstance(value, dict) and len(value) == 1 and all(isinstance(item, str) for item in value.values()):
        return value
    return None


def _ending(body: bytes) -> str:
    """Where the value in a text ends, which is where Rust's reader notices what is missing."""
    lines = body.rstrip().split(b"\n")
    return f"line {len(lines)} column {len(lines[-1])}"


def _kind(value: object) -> str:
    """What Rust's reader calls a value of JSON."""
    match value:
        case None:
            return "null"
        case bool():
            return f"boolean `{str(value).lower()}`"
        case int():
            return f"integer `{value}`" if abs(value) < 1 << 64 else "a large number"
        case float():
            return f"floating point `{value}`"
        case str():
            return "string"
        case list():
            return "sequence"
        case _:
            return "map"


def _warning(names: list[str]) -> dict[str, str]:
    if not names:
        return {}
    shown = (name[:_MAX_NAME_CHARS].encode("unicode_escape").decode("ascii") for name in names[:_MAX_NAMED])
    quoted = ", ".join('"' + name.replace('"', '\\"') + '"' for name in shown)
    return {"Warning": f"Ignoring unknown fields in body: [{quoted}]"}
