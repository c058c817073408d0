"""What is seen of each request: its id, route, status and time, and the errors that nobody expected."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from random import getrandbits
from typing import Final

from aiohttp import web

from ceramic_connectors.watching.logs import REQUEST_ID, fields
from ceramic_node import metrics
from ceramic_node.http.guard.refusals import refusal
from ceramic_node.http.guard.scopes import route_of
from ceramic_node.http.handlers import Handler, Middleware
from ceramic_node.http.keys import FAILURE
from ceramic_node.watching.meter import Meter
from ceramic_node.watching.tracing import Tracer
from ceramic_protocol.errors import StoreCorruption
from ceramic_protocol.limits import MAX_REQUEST_ID_CHARS

OTHER: Final = "other"
"""Route and method of requests for which there is none."""

REQUEST_ID_HEADER: Final = "X-Request-ID"

_LOG: Final = logging.getLogger(__name__)
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})
_ID: Final = re.compile(rf"[A-Za-z0-9._-]{{1,{MAX_REQUEST_ID_CHARS}}}", re.ASCII)
_LEFT: Final = 499
_SUBSCRIPTION: Final = web.RequestKey("subscription", str)
_REQUEST_ID: Final = web.RequestKey("request_id", str)


class RequestWatch:
    """Sees every request, as the outermost middleware.

    Attributes:
        under_way: requests that are being worked on.
        subscribers: those of them that stay open, by kind.
    """

    def __init__(
        self, meter: Meter, tracer: Tracer, on_corruption: Callable[[StoreCorruption], object]
    ) -> None:
        """Begin with nothing.

        Args:
            meter: counts.
            tracer: makes spans.
            on_corruption: told when the store turns out to be broken.
        """
        self._meter = meter
        self._tracer = tracer
        self._on_corruption = on_corruption
        self._idle = asyncio.Event()
        self._is_draining = False
        self.under_way = 0
        self.subscribers: Final[Counter[str]] = Counter()
        meter.read_value(metrics.UNDER_WAY, lambda: self.under_way)
        meter.read_by(metrics.SUBSCRIBERS, lambda: {(kind,): n for kind, n in self.subscribers.items()})

    async def drain(self, seconds: float) -> None:
        """Wait until nothing but subscriptions is being worked on, but not longer than that.

        From now on each answer is the last one of its connection.
        """
        self._is_draining = True
        self._check_idle()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), seconds)

    def _check_idle(self) -> None:
        if self._is_draining and self.under_way <= self.subscribers.total():
            self._idle.set()

    def add_to(self, app: web.Application) -> None:
        """See the answers of an application before they are sent."""
        app.on_response_prepare.append(self._prepare)

    @property
    def middleware(self) -> Middleware:
        """What `make_app` takes."""

        @web.middleware
        async def watch(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self._see(request, handler)

        return watch

    async def _see(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.headers.get(REQUEST_ID_HEADER, "")
        request[_REQUEST_ID] = name = given if _ID.fullmatch(given) else _new_id()
        REQUEST_ID.set(name)  # each request has a task, and with it a context, of its own
        route = route_of(request) or OTHER
        method = request.method if request.method in _METHODS else OTHER
        start, status = time.perf_counter(), _LEFT
        self.under_way += 1
        facts = {"http.request.method": method, "http.route": route}
        try:
            with self._tracer.span(f"{method} {route}", facts, request.headers):
                answer = await self._handle(request, handler, route)
        except web.HTTPException as raised:
            status = raised.status
            raise
        else:
            status = answer.status
            return answer
        finally:
            self.under_way -= 1
            self._note(request, route, method, status, time.perf_counter() - start)
            self._check_idle()

    async def _handle(self, request: web.Request, handler: Handler, route: str) -> web.StreamResponse:
        try:
            answer = await handler(request)
        except (web.HTTPException, asyncio.CancelledError, ConnectionError):
            raise
        except Exception as error:
            _LOG.exception("a request failed", extra=fields(route=route, method=request.method))
            self._fail(route, error)
            if request.writer.output_size:
                raise ConnectionError("the answer had begun") from error
            return refusal(500, "internal", "the node failed; its log has more under the request's id")
        if FAILURE in request:
            self._fail(route, request[FAILURE])
        return answer

    def _fail(self, route: str, error: Exception) -> None:
        self._meter.count(metrics.FAILURES, route)
        if isinstance(error, StoreCorruption):
            self._on_corruption(error)

    def _note(self, request: web.Request, route: str, method: str, status: int, seconds: float) -> None:
        self._meter.count(metrics.REQUESTS, route, method, str(status))
        kind = request.get(_SUBSCRIPTION)
        if kind is None:
            self._meter.observe(metrics.DURATION, seconds, route, method)
        else:
            self.subscribers[kind] -= 1
        if _LOG.isEnabledFor(logging.DEBUG):
            facts = fields(method=method, route=route, status=status, seconds=round(seconds, 6))
            _LOG.debug("request", extra=facts)

    async def _prepare(self, request: web.Request, response: web.StreamResponse) -> None:
        headers = response.headers
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers["Server"] = "ceramic-streams"  # and not which versions of what
        if self._is_draining:
            response.force_close()
        name = request.get(_REQUEST_ID)
        if name is not None:
            headers[REQUEST_ID_HEADER] = name
        if isinstance(response, web.WebSocketResponse):
            self._subscribe(request, "websocket")
        elif response.content_type == "text/event-stream":
            self._subscribe(request, "sse")

    def _subscribe(self, request: web.Request, kind: str) -> None:
        request[_SUBSCRIPTION] = kind
        self.subscribers[kind] += 1
        self._check_idle()


def _new_id() -> str:
    """Only tells requests apart: what nobody may guess costs a call of the system."""
    return f"{getrandbits(64):016x}"
