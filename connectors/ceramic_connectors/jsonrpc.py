"""JSON-RPC 2.0 over HTTP(S), as Ethereum nodes speak it."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from functools import cached_property
from http.client import HTTPException, IncompleteRead
from typing import Any, Final

import orjson

from ceramic_connectors.endpoint import Endpoint
from ceramic_connectors.http_post import Poster, TooLargeError
from ceramic_protocol.errors import OutsideError
from ceramic_protocol.limits import MAX_RPC_ANSWER_BYTES, RPC_ATTEMPTS, RPC_BACKOFF_SECONDS, RPC_SECONDS

_TOO_MANY_REQUESTS: Final = 429
_LIMIT_EXCEEDED: Final = -32005
"""EIP-1474; some providers use HTTP's number instead."""


class RpcError(OutsideError):
    """An endpoint answers with an error in the form of JSON-RPC.

    `number` is the error's code, `said` its message and `data` what the endpoint added.
    """

    def __init__(self, message: str, number: int = 0, said: str = "", data: object = None) -> None:
        super().__init__(message)
        self.number = number
        self.said = said
        self.data = data


class AnswerTooLargeError(OutsideError):
    """An endpoint answers with more than it was asked for."""


class _BusyError(OutsideError):
    """The same question may well be answered a little later."""


class JsonRpcClient:
    """Questions to one endpoint, for several threads at once. Can be pickled; connections stay behind."""

    def __init__(self, url: str, timeout: float = RPC_SECONDS, backoff: float = RPC_BACKOFF_SECONDS) -> None:
        """Name the endpoint; nothing is connected yet.

        Args:
            url: with scheme `http` or `https`; a user name and password become Basic authentication.
            timeout: of one attempt as a whole, in seconds.
            backoff: seconds before the second attempt; the next wait is twice as long.

        Raises:
            UsageError: the URL is none, or of another scheme.
        """
        self._endpoint = Endpoint.parse(url)
        self._settings = (url, timeout, backoff)
        self._ids = itertools.count(1)

    def __reduce__(self) -> tuple[type[JsonRpcClient], tuple[str, float, float]]:
        return type(self), self._settings

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    @property
    def name(self) -> str:
        """Scheme, host and port, without what may be secret."""
        return self._endpoint.name

    def call(self, method: str, params: Sequence[Any] = (), max_bytes: int = MAX_RPC_ANSWER_BYTES) -> Any:
        """The `result` of calling a method.

        An endpoint that breaks the connection, is busy (HTTP 429 or 5xx) or wants less traffic is asked
        `RPC_ATTEMPTS` times, so a call may arrive there more than once. One that is silent is asked once.

        Raises:
            RpcError: the endpoint answers with an error.
            AnswerTooLargeError: it answers with more than `max_bytes`.
            OutsideError: it can't be reached, is still busy, or its answer makes no sense.
        """
        wait = self._settings[2]
        for _ in range(RPC_ATTEMPTS - 1):
            try:
                return self._ask(method, params, max_bytes)
            except _BusyError:
                time.sleep(wait)
                wait *= 2
        return self._ask(method, params, max_bytes)

    def close(self) -> None:
        """Close what connections there are; the next call makes new ones."""
        self._poster.close()

    @cached_property
    def _poster(self) -> Poster:
        return Poster(self._endpoint, self._settings[1])

    def _ask(self, method: str, params: Sequence[Any], max_bytes: int) -> Any:
        number = next(self._ids)
        body = orjson.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)})
        status, answer = self._post(body, max_bytes)
        if status == _TOO_MANY_REQUESTS or status >= 500:
            raise _BusyError(f"{self.name} answers with HTTP {status}; try again later")
        if 300 <= status < 400:
            raise OutsideError(
                f"{self.name} redirects (HTTP {status}), which isn't followed; name the new address"
            )
        return self._result(status, answer, number)

    def _post(self, body: bytes, max_bytes: int) -> tuple[int, bytes]:
        try:
            return self._poster.post(body, max_bytes)
        except TimeoutError:
            raise OutsideError(f"{self.name} doesn't answer within {self._settings[1]:g} s") from None
        except TooLargeError:
            raise AnswerTooLargeError(f"{self.name} answers with more than {max_bytes} bytes") from None
        except (ConnectionError, IncompleteRead) as error:
            raise _BusyError(f"can't talk to {self.name}: {_cause(error)}") from None
        except OSError as error:
            raise OutsideError(f"can't reach {self.name}: {_cause(error)}; check the address") from None
        except HTTPException as error:
            raise OutsideError(f"{self.name} doesn't speak HTTP: {_cause(error)}") from None

    def _result(self, status: int, answer: bytes, number: int) -> Any:
        """The result in an answer. Errors may come with any status but the busy ones."""
        try:
            value = orjson.loads(answer)
        except orjson.JSONDecodeError:
            value = None
        # An error before the question was understood may have no id.
        if isinstance(value, dict) and value.get("id") in (number, None):
            error = value.get("error")
            if isinstance(error, dict) and type(error.get("code")) is int:
                raise self._error(error)
            if 200 <= status < 300 and error is None and "result" in value and value.get("id") == number:
                return value["result"]
        what = "doesn't speak JSON-RPC" if status < 400 else "refuses to answer"
        said = self._endpoint.clean(answer.decode("utf-8", "replace"))
        raise OutsideError(f"{self.name} {what}: HTTP {status}, {said!r}")

    def _error(self, error: dict[str, Any]) -> OutsideError:
        number, said = error["code"], self._endpoint.clean(str(error.get("message", "")))
        message = f"{self.name} answers with error {number}: {said!r}"
        if number in (_LIMIT_EXCEEDED, _TOO_MANY_REQUESTS):
            return _BusyError(message)
        return RpcError(message, number, said, error.get("data"))


def _cause(error: Exception) -> str:
    """What went wrong, in the system's words; texts of HTTP errors quote what was sent or received."""
    return (isinstance(error, OSError) and error.strerror) or type(error).__name__
