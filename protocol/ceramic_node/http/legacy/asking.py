"""Taking requests of js-ceramic's API apart."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final, TypeAlias

from aiohttp import web

from ceramic_node.http.legacy.errors import LegacyError
from ceramic_protocol import strict_json
from ceramic_protocol.errors import IdentifierError
from ceramic_protocol.ids import CommitId, StreamId
from ceramic_protocol.limits import BODY_SECONDS

StreamRef: TypeAlias = StreamId | CommitId

_SECONDS: Final = re.compile(r"-?[0-9]{1,15}", re.ASCII)


def stream_ref(text: str) -> StreamRef:
    """A StreamID or CommitID.

    Raises:
        LegacyError: it is neither.
    """
    try:
        return StreamId.parse(text)
    except IdentifierError as error:
        try:
            return CommitId.parse(text)
        except IdentifierError:
            raise LegacyError(f"Invalid StreamID: {error}") from None


def at_time(value: object) -> int | None:
    """The unix second that a stream is asked for; None for as it is now.

    Raises:
        LegacyError: no such number.
    """
    if value is None:
        return None
    if isinstance(value, str) and _SECONDS.fullmatch(value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise LegacyError("atTime is not a number of seconds since 1970")
    # As in JavaScript, 0 means that no time was given.
    return value or None


async def json_object(request: web.Request) -> Mapping[str, object]:
    """The JSON object that was sent.

    Raises:
        LegacyError: there is none, or it takes too long to arrive.
    """
    try:
        async with asyncio.timeout(BODY_SECONDS):
            body = await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise LegacyError("request entity too large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE) from None
    except TimeoutError:
        raise LegacyError("the request did not arrive in time", HTTPStatus.REQUEST_TIMEOUT) from None
    except (web.RequestPayloadError, ConnectionError) as error:
        raise LegacyError(f"the request could not be read: {error}") from None
    try:
        value = strict_json.load(body)
    except (ValueError, RecursionError) as error:
        raise LegacyError(f"not JSON: {error}") from None
    if not isinstance(value, dict):
        raise LegacyError("not a JSON object")
    return value


def text_or_none(value: object, name: str) -> str | None:
    """A member that may be missing.

    Raises:
        LegacyError: it is something else than text.
    """
    if value is None or isinstance(value, str):
        return value
    raise LegacyError(f"{name} is not text")
