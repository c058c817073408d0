"""Questions to a node of others, with answers that are bounded and errors that are ours."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from http.client import HTTPException
from typing import Any, Final

import orjson

from ceramic_connectors.endpoint import Endpoint
from ceramic_connectors.http_post import Poster, TooLargeError
from ceramic_connectors.source.errors import NodeRefusedError, NodeUnreachableError
from ceramic_protocol.limits import ORIGIN_ANSWER_SECONDS
from ceramic_protocol.plain_text import plain

_LATER: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT})
_SAYING: Final = ("message", "detail", "title")


class Asker:
    """Asks one node, for several threads at once."""

    def __init__(self, endpoint: Endpoint, token: str | None = None) -> None:
        """Ask nothing yet; `token` is a bearer token, for what may stand before the node."""
        self.name: Final = f"the node at {endpoint.name}"
        self._endpoint: Final = endpoint
        self._poster: Final = Poster(endpoint, ORIGIN_ANSWER_SECONDS)
        self._headers: Final = {} if token is None else {"Authorization": f"Bearer {token}"}

    def ask(self, path: str, max_bytes: int) -> tuple[int, bytes]:
        """Status and body of the answer to GET.

        Raises:
            TooLargeError: a good answer has more bytes than that.
            NodeUnreachableError: there is no answer.
        """
        target = self._endpoint.target.rstrip("/") + path
        try:
            return self._poster.ask("GET", target, None, self._headers, max_bytes)
        except TooLargeError:
            raise
        except (OSError, HTTPException) as error:
            said = self._endpoint.clean(str(error)) or type(error).__name__
            raise NodeUnreachableError(f"{self.name} doesn't answer: {said}") from error

    def ask_json(self, path: str, max_bytes: int) -> Mapping[str, Any]:
        """A JSON object.

        Raises:
            NodeUnreachableError: there is none now.
            NodeRefusedError: the node won't give any.
        """
        try:
            status, body = self.ask(path, max_bytes)
        except TooLargeError:
            raise NodeRefusedError(f"{self.name} answers with more than {max_bytes:,} bytes") from None
        return self.json_of(status, body)

    def json_of(self, status: int, body: bytes) -> Mapping[str, Any]:
        """The JSON object in an answer; see `ask_json` for errors."""
        found = _json(body)
        if status == HTTPStatus.OK and isinstance(found, dict):
            return found
        raise self.error(status, body)

    def error(self, status: int, body: bytes) -> NodeUnreachableError | NodeRefusedError:
        """What an answer means that isn't the one that was hoped for."""
        detail = self._endpoint.clean(plain(_said(body), 1000))
        if status == HTTPStatus.OK:
            # Something before the node may say so for a while.
            return NodeUnreachableError(f"{self.name} can't answer now: it says nothing that makes sense")
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _LATER:
            return NodeUnreachableError(f"{self.name} can't answer now: {detail or status}")
        return NodeRefusedError(f"{self.name} refuses: {detail or status}")

    def close(self) -> None:
        """Close its connections."""
        self._poster.close()


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def _said(body: bytes) -> str:
    """What an answer says in words: ceramic-one has JSON for some errors and plain text for others."""
    found = _json(body)
    if isinstance(found, dict):
        return next((str(found[name]) for name in _SAYING if found.get(name)), "")
    return body[:1000].decode("utf-8", "replace")
