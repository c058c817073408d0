"""Asks one HTTP(S) server, on connections that are kept for the next question.

The standard library speaks HTTP; the reads of an answer together end by a deadline and at a number of bytes.
"""

from __future__ import annotations

import ssl
import time
from collections import deque
from collections.abc import Mapping
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Final, NamedTuple

from ceramic_connectors.bounded_socket import BoundedSocket
from ceramic_connectors.endpoint import Endpoint
from ceramic_protocol.limits import MAX_RPC_HEAD_BYTES, MAX_RPC_IDLE_CONNECTIONS, MAX_RPC_IDLE_SECONDS

_HEADERS: Final = {
    "Content-Type": "application/json",
    "Accept": "application/json",
    "User-Agent": "ceramic-streams",  # some providers refuse clients without a name
}


class TooLargeError(HTTPException):
    """A successful answer has more bytes than it may have."""


class Poster:
    """Asks one endpoint, for several threads at once. `timeout` is that of a whole exchange, in seconds."""

    def __init__(self, endpoint: Endpoint, timeout: float) -> None:
        self._idle: deque[_Connection] = deque()
        self._endpoint = endpoint
        self._timeout = timeout
        self._headers = {**_HEADERS, **endpoint.headers}
        self._context = ssl.create_default_context() if endpoint.secure else None

    def post(self, body: bytes, max_bytes: int) -> tuple[int, bytes]:
        """Status and body of the answer to a post of JSON. See `ask`."""
        return self.ask("POST", self._endpoint.target, body, {}, max_bytes)

    def ask(
        self, method: str, target: str, body: bytes | None, headers: Mapping[str, str], max_bytes: int
    ) -> tuple[int, bytes]:
        """Status and body of the answer. Redirections are answers like any other.

        A request may arrive twice: a kept connection that breaks is replaced once.

        Args:
            method: of HTTP.
            target: path and query, in place of the endpoint's own.
            body: what is sent along, if anything.
            headers: beside those of the endpoint, or instead of them.
            max_bytes: of the answer.

        Raises:
            TooLargeError: the status is 200 and the body has more than `max_bytes`. Others are cut off.
            TimeoutError: the answer isn't there in time.
            OSError: there is no connection, or it breaks.
            HTTPException: the answer isn't HTTP.
        """
        deadline = time.monotonic() + self._timeout
        question = _Question(method, target, body, {**self._headers, **headers})
        kept = self._kept()
        if kept is not None:
            try:
                return self._exchange(kept, question, max_bytes, deadline)
            except ConnectionError:
                pass  # the server has closed it meanwhile
        return self._exchange(self._connect(), question, max_bytes, deadline)

    def close(self) -> None:
        """Close the connections that are kept."""
        while self._idle:
            self._idle.pop().close()

    def __del__(self) -> None:
        self.close()

    def _kept(self) -> _Connection | None:
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return None
            if time.monotonic() < connection.idle_since + MAX_RPC_IDLE_SECONDS:
                return connection
            connection.close()

    def _connect(self) -> _Connection:
        host, port = self._endpoint.host, self._endpoint.port
        if self._context is None:
            return _Connection(HTTPConnection(host, port, timeout=self._timeout))
        return _Connection(HTTPSConnection(host, port, timeout=self._timeout, context=self._context))

    def _exchange(
        self, connection: _Connection, question: _Question, max_bytes: int, deadline: float
    ) -> tuple[int, bytes]:
        try:
            connection.send(question, max_bytes, deadline)
            status, answer = connection.receive(max_bytes)
        except BaseException:
            connection.close()
            raise
        if connection.reusable and len(self._idle) < MAX_RPC_IDLE_CONNECTIONS:
            self._idle.append(connection)
        else:
            connection.close()
        return status, answer


class _Question(NamedTuple):
    """What is sent."""

    method: str
    target: str
    body: bytes | None
    headers: Mapping[str, str]


class _Connection:
    """One connection, made when something is sent."""

    def __init__(self, http: HTTPConnection) -> None:
        self.reusable = False
        self.idle_since = 0.0
        self._http = http
        self._bounds: BoundedSocket | None = None

    def send(self, question: _Question, max_bytes: int, deadline: float) -> None:
        """Begin an exchange that ends by `deadline`."""
        if self._bounds is None:
            self._http.connect()
            self._bounds = self._http.sock = BoundedSocket(self._http.sock)
        self._bounds.start(deadline, MAX_RPC_HEAD_BYTES + 2 * max_bytes)
        self._http.request(*question)

    def receive(self, max_bytes: int) -> tuple[int, bytes]:
        """Status and body of the answer."""
        with closing(self._http.getresponse()) as response:
            try:
                # Without a number the library would allocate as much as the server says that there is.
                answer = response.read(max_bytes + 1)
            except ValueError as error:
                raise HTTPException("nonsensical chunks") from error
            self.reusable = response.isclosed() and not response.will_close
        if len(answer) > max_bytes and response.status == HTTPStatus.OK:
            raise TooLargeError
        self.idle_since = time.monotonic()
        return response.status, answer

    def close(self) -> None:
        """Close it."""
        self._http.close()
