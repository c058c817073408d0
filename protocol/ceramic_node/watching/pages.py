"""Pages on the node itself: whether it lives, whether it is ready, and how it fares."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Final, TypeAlias

from aiohttp import web

from ceramic_node.node import Node
from ceramic_node.watching.figures import FigureReader
from ceramic_node.watching.history import History
from ceramic_node.watching.requests import RequestWatch
from ceramic_node.watching.status_page import PAGE, POLICY
from ceramic_protocol.errors import CeramicError

PeerNames: TypeAlias = Callable[[], Sequence[str]]
"""Tells which peers a node has."""


class Pages:
    """Answers at `/health`, `/ready`, `/status` and `/status.json`."""

    def __init__(
        self,
        node: Node,
        figures: FigureReader,
        history: History,
        requests: RequestWatch,
        *,
        peers: PeerNames,
        max_lag: int,
    ) -> None:
        """Tell of a node; with states that are more than `max_lag` changes behind it isn't ready."""
        self._node = node
        self._figures = figures
        self._history = history
        self._requests = requests
        self._peers = peers
        self._max_lag = max_lag
        self._started = time.time()
        self.is_stopping = False

    def add_to(self, app: web.Application) -> None:
        """Add the routes."""
        app.router.add_get("/health", self._health)
        app.router.add_get("/ready", self._ready)
        app.router.add_get("/", self._page)
        app.router.add_get("/status", self._page)
        app.router.add_get("/status.json", self._status)

    async def _health(self, request: web.Request) -> web.Response:
        """The process answers: that is all that a restart could mend."""
        del request
        return _json({"status": "ok"})

    async def _ready(self, request: web.Request) -> web.Response:
        del request
        if self.is_stopping:
            return _json({"status": "stopping"}, 503)
        try:
            figures = await self._node.read(self._figures.read)
        except CeramicError as error:
            return _json({"status": "store_failed", "code": error.code}, 503)
        if figures.lag > self._max_lag:
            return _json({"status": "behind", "lag": figures.lag, "max_lag": self._max_lag}, 503)
        return _json({"status": "ready", "lag": figures.lag})

    async def _page(self, request: web.Request) -> web.Response:
        del request
        headers = {"Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer"}
        return web.Response(body=PAGE, content_type="text/html", charset="utf-8", headers=headers)

    async def _status(self, request: web.Request) -> web.Response:
        del request
        figures = await self._node.read(self._figures.read)
        return _json(
            {
                "network": self._node.network.name,
                "version": version("ceramic-streams"),
                "started": self._started,
                "now": time.time(),
                "position": figures.position,
                "lag": figures.lag,
                "lag_seconds": round(figures.lag_seconds, 1),
                "requests_under_way": self._requests.under_way,
                "subscribers": dict(self._requests.subscribers),
                "rejects": self._history.rejects(),
                "peers": list(self._peers()),
                "times": list(self._history.times),
                "series": {name: list(values) for name, values in self._history.series.items()},
            }
        )


def _json(value: dict[str, object], status: int = 200) -> web.Response:
    return web.json_response(value, status=status, headers=_FRESH)


_FRESH: Final = {"Cache-Control": "no-store"}
