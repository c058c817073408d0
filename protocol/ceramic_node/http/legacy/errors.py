"""Errors and answers of js-ceramic's API (api.md 2).

Its daemon says 500 to everything that goes wrong. Its client looks only at whether it did, so that we can say
whose fault it was.
"""

from __future__ import annotations

from http import HTTPStatus

import orjson
from aiohttp import hdrs, web

from ceramic_node.http.handlers import EarlyAnswer
from ceramic_protocol import dagjson

_JSON = "application/json; charset=utf-8"


class LegacyError(EarlyAnswer):
    """What keeps a request from being answered; `answer` is `{"error":"…"}`."""

    code = "legacy_error"

    def __init__(self, message: str, status: int = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(message)
        self.status = status

    def answer(self) -> web.Response:
        """The answer."""
        return as_json({"error": str(self).encode("utf-8", "replace").decode()}, self.status)


def as_json(value: dagjson.Json, status: int = HTTPStatus.OK) -> web.Response:
    """An answer in JSON, members in the order in which they were put."""
    try:
        body = orjson.dumps(value)
    except TypeError:
        # A number that is larger than orjson takes.
        body = dagjson.dump(value)
    return web.Response(status=status, body=body, headers={hdrs.CONTENT_TYPE: _JSON})
