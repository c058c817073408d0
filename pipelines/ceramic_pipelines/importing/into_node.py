"""Into a node that runs, over its HTTP API `/v1` (docs/node-api.md)."""

from __future__ import annotations

import base64
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from http import HTTPStatus
from http.client import HTTPException
from types import TracebackType
from typing import Any, Final, Self

import orjson

from ceramic_connectors.endpoint import Endpoint
from ceramic_connectors.http_post import Poster
from ceramic_pipelines.importing.outcomes import FAILED, REFUSED, Outcome
from ceramic_protocol.errors import CeramicError, OutsideError
from ceramic_protocol.limits import IMPORT_RETRY_SECONDS, IMPORT_SECONDS, MAX_IMPORT_ANSWER_BYTES
from ceramic_protocol.plain_text import plain

_LATER: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT})
_MAX_SAID_CHARS: Final = 1000


class _LaterError(CeramicError):
    """The node can't take anything now."""


class NodeTarget:
    """See `target.Target`. A context manager; a node is waited for, but not longer than `IMPORT_SECONDS`."""

    def __init__(self, url: str, token: str | None = None) -> None:
        """Send nothing yet.

        Args:
            url: of the node.
            token: with the scope write, if the node wants one.

        Raises:
            UsageError: that is no address.
        """
        self._endpoint: Final = Endpoint.parse(url)
        self._poster: Final = Poster(self._endpoint, IMPORT_SECONDS)
        self._headers: Final = {} if token is None else {"Authorization": f"Bearer {token}"}
        # One thread, so that what builds on something comes behind it.
        self._thread: Final = ThreadPoolExecutor(1, "import")
        self._is_closed = False

    def submit(self, cars: Sequence[bytes]) -> Future[list[Outcome]]:
        """See `Target.submit`."""
        return self._thread.submit(self._patiently, cars)

    def close(self) -> None:
        """Send nothing more."""
        self._is_closed = True
        self._thread.shutdown(cancel_futures=True)
        self._poster.close()

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def _patiently(self, cars: Sequence[bytes]) -> list[Outcome]:
        until = time.monotonic() + IMPORT_SECONDS
        while True:
            try:
                return self._post(cars)
            except _LaterError as error:
                if time.monotonic() > until or self._is_closed:
                    raise OutsideError(str(error)) from None
                time.sleep(IMPORT_RETRY_SECONDS)

    def _post(self, cars: Sequence[bytes]) -> list[Outcome]:
        status, body = self._ask(cars)
        if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            if len(cars) == 1:
                return [Outcome(REFUSED, None, "too_large", _said(_loads(body)))]
            half = len(cars) // 2
            return [*self._post(cars[:half]), *self._post(cars[half:])]
        found = _loads(body)
        events = found.get("events")
        if status != HTTPStatus.OK or not isinstance(events, list) or len(events) != len(cars):
            raise self._error(status, found)
        outcomes = [Outcome.of(each) for each in events]
        failed = next((each for each in outcomes if each.word == FAILED), None)
        if failed is not None:
            # Those before it are known when all are sent again.
            raise _LaterError(f"{self._name} can't keep events now: {failed.detail}")
        return outcomes

    def _ask(self, cars: Sequence[bytes]) -> tuple[int, bytes]:
        body = orjson.dumps({"cars": ["m" + base64.b64encode(car).rstrip(b"=").decode() for car in cars]})
        target = self._endpoint.target.rstrip("/") + "/v1/events"
        try:
            return self._poster.ask("POST", target, body, self._headers, MAX_IMPORT_ANSWER_BYTES)
        except (OSError, HTTPException) as error:
            told = self._endpoint.clean(str(error)) or type(error).__name__
            raise _LaterError(f"{self._name} doesn't answer: {told}") from None

    def _error(self, status: int, found: dict[str, Any]) -> CeramicError:
        said = self._endpoint.clean(_said(found)) or str(status)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _LATER:
            return _LaterError(f"{self._name} can't answer now: {said}")
        return OutsideError(f"{self._name} refuses: {said}")

    @property
    def _name(self) -> str:
        return f"the node at {self._endpoint.name}"


def _loads(body: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _said(found: dict[str, Any]) -> str:
    return plain(str(found.get("detail") or found.get("title") or ""), _MAX_SAID_CHARS)
