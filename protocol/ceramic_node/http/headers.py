"""Headers of all answers of the APIs of others: from where browsers may come, and a mark of the request."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import getrandbits
from typing import Final

from aiohttp import hdrs, web
from multidict import CIMultiDict

from ceramic_node.http.one.errors import Untyped

_ONE: Final = "/ceramic/"
_LEGACY: Final = "/api/v0/"
_SPAN: Final = "x-span-id"
_ANYWHERE: Final = "*"
_METHODS: Final = "POST, GET, OPTIONS, DELETE, PUT"
_NAMED_HEADERS: Final = "Authorization, Content-Type"
_PREFLIGHT_SECONDS: Final = "7200"
_PLAIN: Final = re.compile(r"[ -~]{1,128}", re.ASCII)


def add_headers(app: web.Application, cors_origins: Sequence[str]) -> None:
    """Give the answers of ceramic-one's and js-ceramic's API their headers, refusals too (api.md 1.1).

    Args:
        app: the application.
        cors_origins: from where browsers may come, `*` for anywhere. Others are told of the first of them.
    """
    cors = _Cors(cors_origins)

    async def put(request: web.Request, response: web.StreamResponse) -> None:
        path = request.path
        if not path.startswith((_ONE, _LEGACY)):
            return
        headers, origin = response.headers, request.headers.get(hdrs.ORIGIN)
        (cors.put if path.startswith(_ONE) else cors.put_with_credentials)(headers, origin)
        span = request.headers.get(_SPAN, "")
        headers[_SPAN] = span if _PLAIN.fullmatch(span) else _new_span()
        # Nothing that answers repeat of a request is to be taken for a page.
        headers["X-Content-Type-Options"] = "nosniff"
        if isinstance(response, Untyped):
            headers.popall(hdrs.CONTENT_TYPE, None)

    app.on_response_prepare.append(put)


def _new_span() -> str:
    """A UUID that only tells requests apart: those that nobody may guess cost a call of the system each."""
    digits = f"{getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


class _Cors:
    """Says to browsers which pages may read an answer."""

    def __init__(self, origins: Sequence[str]) -> None:
        self._allowed = frozenset(origins)
        self._default = origins[0] if origins else _ANYWHERE

    def put(self, headers: CIMultiDict[str], origin: str | None) -> None:
        """As ceramic-one says it."""
        is_allowed = origin is not None and origin in self._allowed
        headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin if origin and is_allowed else self._default
        headers[hdrs.ACCESS_CONTROL_ALLOW_METHODS] = _METHODS
        headers[hdrs.ACCESS_CONTROL_ALLOW_HEADERS] = _ANYWHERE
        if self._default != _ANYWHERE:
            headers[hdrs.VARY] = hdrs.ORIGIN

    def put_with_credentials(self, headers: CIMultiDict[str], origin: str | None) -> None:
        """As js-ceramic says it, whose client asks with credentials: then an asterisk doesn't count.

        There are no cookies or the like here that a browser would send along by itself.
        """
        self.put(headers, origin)
        if origin is not None and _PLAIN.fullmatch(origin) and _ANYWHERE in self._allowed:
            headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
            headers[hdrs.VARY] = hdrs.ORIGIN
        headers[hdrs.ACCESS_CONTROL_ALLOW_CREDENTIALS] = "true"
        headers[hdrs.ACCESS_CONTROL_ALLOW_HEADERS] = _NAMED_HEADERS
        headers[hdrs.ACCESS_CONTROL_MAX_AGE] = _PREFLIGHT_SECONDS
