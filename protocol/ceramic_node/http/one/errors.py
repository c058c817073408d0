"""What ends a request of ceramic-one's API early, and how that is said (api.md 1.1)."""

from __future__ import annotations

from http import HTTPStatus

import orjson
from aiohttp import hdrs, web

from ceramic_node.http.handlers import EarlyAnswer


class Untyped(web.Response):
    """An answer that doesn't say what it is, as ceramic-one's framework gives them."""


class Refused(EarlyAnswer):
    """A request that a handler refuses; `answer` says so in JSON."""

    code = "refused"

    def __init__(self, message: str, status: int = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(message)
        self.status = status

    def answer(self) -> web.Response:
        """`{"message":"…"}`."""
        return said(self.status, str(self))


class Unreadable(EarlyAnswer):
    """A request that can't be taken apart; `answer` says so in plain text, without a content type."""

    code = "unreadable"

    def __init__(self, message: str, status: int = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(message)
        self.status = status

    def answer(self) -> web.Response:
        """The message alone."""
        return Untyped(status=self.status, body=as_utf8(str(self)))


def said(status: int, message: str) -> web.Response:
    """`{"message":"…"}`, the body of every error that a handler finds."""
    return as_json({"message": as_utf8(message).decode()}, status)


def as_json(value: object, status: int = HTTPStatus.OK) -> web.Response:
    """An answer in compact JSON."""
    return json_bytes(orjson.dumps(value), status)


def json_bytes(body: bytes, status: int = HTTPStatus.OK) -> web.Response:
    """An answer whose JSON has been made already."""
    return web.Response(status=status, body=body, headers={hdrs.CONTENT_TYPE: "application/json"})


def not_found(text: str) -> web.Response:
    """What is not there, in plain text."""
    headers = {hdrs.CONTENT_TYPE: "text/plain"}
    return web.Response(status=HTTPStatus.NOT_FOUND, body=as_utf8(text), headers=headers)


def nothing() -> web.Response:
    """Done, and nothing to say."""
    return web.Response(status=HTTPStatus.NO_CONTENT)


def as_utf8(text: str) -> bytes:
    """The text, with question marks for halves of surrogate pairs."""
    return text.encode("utf-8", "replace")
