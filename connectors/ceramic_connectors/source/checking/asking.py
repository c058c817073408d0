"""Questions over HTTP whose answers say whether a service is there and lets us in."""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from http.client import HTTPException
from typing import Any, NamedTuple
from urllib.parse import urlencode

import orjson

from ceramic_connectors.endpoint import Endpoint
from ceramic_connectors.http_post import Poster, TooLargeError
from ceramic_protocol.errors import OutsideError
from ceramic_protocol.limits import MAX_RPC_ANSWER_BYTES, RPC_SECONDS


class UnreachableError(OutsideError):
    """A service doesn't answer, or isn't the one that was meant."""

    code = "service_unreachable"


class NoEntryError(OutsideError):
    """A service wants to know who asks, or doesn't allow it."""

    code = "service_authentication"


class RefusedError(OutsideError):
    """A service doesn't do what was asked."""

    code = "service_refused"


class Answer(NamedTuple):
    """Status of HTTP, and the JSON that came; None if none did."""

    status: int
    value: Any

    @property
    def said(self) -> str:
        """What it says on an error."""
        found = self.value if isinstance(self.value, dict) else {}
        return str(found.get("detail") or found.get("message") or found.get("title") or "")


class Service:
    """A service at an address."""

    def __init__(self, endpoint: Endpoint, flag: str, headers: Mapping[str, str]) -> None:
        """Ask nothing yet.

        Args:
            endpoint: where it is.
            flag: the setting that says so, for messages.
            headers: of each request.
        """
        self.name = endpoint.name
        self._endpoint = endpoint
        self._flag = flag
        self._headers = headers

    def ask(self, path: str, parameters: Sequence[tuple[str, str]] = ()) -> Answer:
        """What it answers to GET, whatever the status.

        Raises:
            UnreachableError: nothing, or too much.
        """
        target = self._endpoint.target.partition("?")[0].rstrip("/") + path
        target += f"?{urlencode(parameters)}" if parameters else ""
        poster = Poster(self._endpoint, RPC_SECONDS)
        try:
            status, body = poster.ask("GET", target, None, self._headers, MAX_RPC_ANSWER_BYTES)
        except (OSError, HTTPException) as error:
            raise UnreachableError(f"{self.name} doesn't answer: {self._cause(error)}") from None
        finally:
            poster.close()
        try:
            return Answer(status, orjson.loads(body))
        except orjson.JSONDecodeError:
            return Answer(status, None)

    def _cause(self, error: Exception) -> str:
        if isinstance(error, ssl.SSLCertVerificationError):
            way_out = "add the authority that signed it to those of the system (or set SSL_CERT_FILE)"
            return f"its certificate isn't trusted: {error.verify_message}; {way_out}"
        if isinstance(error, ssl.SSLError):
            return f"it speaks no TLS; check {self._flag}, and whether it has to begin with http://"
        if isinstance(error, TooLargeError):
            return f"too much comes; check {self._flag}"
        if isinstance(error, HTTPException):
            return f"that is no HTTP; check {self._flag}, and whether it has to begin with https://"
        words = getattr(error, "strerror", None) or str(error) or "no answer in time"
        return f"{words}; check {self._flag}, and whether it runs"
