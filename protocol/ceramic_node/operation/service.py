"""A node as a service: everything that runs, begun in order and ended in the opposite one."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aiohttp import web

from ceramic_connectors.keys import read_address
from ceramic_node import metrics
from ceramic_node.config.node import NodeConfig
from ceramic_node.http.app import HttpSettings, make_app
from ceramic_node.http.connections import ConnectionLimits, Connections
from ceramic_node.http.guard import Guard, TokenFile
from ceramic_node.neighbourhood import Neighbourhood
from ceramic_node.node import Node
from ceramic_node.operation.building import make_node
from ceramic_node.operation.doors import Door, limits_of
from ceramic_node.operation.holding import prune_now_and_then, start_holding
from ceramic_node.operation.tls import tls_context
from ceramic_node.watching.figures import FigureReader, page_of
from ceramic_node.watching.history import History
from ceramic_node.watching.intake_meter import IntakeMeter
from ceramic_node.watching.meter import Meter
from ceramic_node.watching.pages import Pages
from ceramic_node.watching.requests import RequestWatch
from ceramic_node.watching.tracing import make_tracer
from ceramic_protocol.errors import StoreCorruption
from ceramic_protocol.limits import MAX_METRICS_CONNECTIONS, TICK_SECONDS, TOKENS_CHECK_SECONDS

if TYPE_CHECKING:
    from ceramic_node.sql.service import SqlService

_LOG: Final = logging.getLogger(__name__)
_METRICS_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


class Service:
    """A node that listens. Used from one event loop.

    Attributes:
        meter: its figures.
        connections: those of its HTTP API.
        app: its application.
        sql: SQL over it.
        peer_names: tells which peers it has.
        before_listening: told the application before it is run, to add to it.
        ended: set when it can't go on, or is asked to end.
        broken: why it can't go on, if that is so.
    """

    def __init__(self, config: NodeConfig) -> None:
        """Take a configuration; nothing happens yet."""
        self._config = config
        self._neighbourhood = Neighbourhood()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing = AsyncExitStack()
        self._tokens: TokenFile | None = None
        self._pages: Pages | None = None
        self._door: Door | None = None
        self._metrics_door: Door | None = None
        self.meter: Final = Meter()
        self.ended: Final = asyncio.Event()
        self.broken: StoreCorruption | None = None
        self.connections: Connections | None = None
        self.app: web.Application | None = None
        self.sql: SqlService | None = None
        self.peer_names: Callable[[], Sequence[str]] = self._connected
        self.before_listening: Callable[[web.Application], object] = lambda _app: None

    async def start(self) -> None:
        """Open the stores, and listen.

        Raises:
            CeramicError: something can't be had; what was begun is ended again.
        """
        self._loop = asyncio.get_running_loop()
        try:
            await self._start()
        except BaseException:
            await self._closing.aclose()
            raise

    async def stop(self) -> None:
        """Take no more requests, wait for those under way, keep what they brought, and close everything."""
        if self._pages is not None:
            self._pages.is_stopping = True
        await self._closing.aclose()

    @property
    def url(self) -> str:
        """Of the HTTP API."""
        return "" if self._door is None else self._door.url

    @property
    def metrics_url(self) -> str | None:
        """Of the metrics."""
        return None if self._metrics_door is None else f"{self._metrics_door.url}/metrics"

    def reload(self) -> None:
        """Read the file of tokens again."""
        if self._tokens is not None:
            self._tokens.reload()

    async def _start(self) -> None:
        config, closing = self._config, self._closing
        tls = tls_context(config)
        if config.tokens is not None:
            self._tokens = TokenFile(config.tokens)
        tracer = make_tracer(_endpoint(config), config.network.name)
        closing.push_async_callback(asyncio.to_thread, tracer.stop)
        stores = closing.enter_context(ExitStack())
        watcher = IntakeMeter(self.meter, tracer, self._on_corruption)
        node, self._neighbourhood = await asyncio.to_thread(make_node, config, stores, watcher)
        await node.start()
        closing.push_async_callback(node.stop)
        await self._hold(node)
        await self._open_sql(node)
        figures = FigureReader(node, config.folder)
        self._count(node, figures)
        history = History(self.meter)
        watch = RequestWatch(self.meter, tracer, self._on_corruption)
        app, guard = self._app(node, figures, history, watch)
        ticking = asyncio.create_task(self._tick(node, figures, history, guard), name="tick")
        closing.push_async_callback(_end, ticking)
        if config.metrics is not None:
            await self._open_metrics(figures)
        self.connections = connections = Connections(limits_of(config), self._refused)
        self.meter.read_value(metrics.CONNECTIONS, lambda: connections.count)
        self._door = Door(app, connections, config.stop_seconds, watch.drain)
        closing.push_async_callback(self._door.close)
        await self._door.open(config.bind, tls)

    def _app(
        self, node: Node, figures: FigureReader, history: History, watch: RequestWatch
    ) -> tuple[web.Application, Guard]:
        config = self._config
        guard = Guard(config, self._tokens, self._refused)
        self.meter.read_value(metrics.BODIES, lambda: guard.held)
        settings = HttpSettings(config.cors_origins, config.max_body)
        app = make_app(node, settings, (watch.middleware, guard.middleware), self._neighbourhood)
        watch.add_to(app)
        guard.add_to(app)
        self._pages = Pages(node, figures, history, watch, peers=self._peers, max_lag=config.max_lag)
        self._pages.add_to(app)
        self.app = app
        self.before_listening(app)
        return app, guard

    async def _open_sql(self, node: Node) -> None:
        config = self._config
        if config.flight_sql is None:
            return
        from ceramic_node.sql.rates import CallRates
        from ceramic_node.sql.service import SqlService, SqlSettings

        settings = SqlSettings(
            config.flight_sql,
            folder=config.folder,
            profile=lambda: config.profile,
            tokens=None if config.public_read else self._tokens,
            certificate=None
            if config.tls_cert is None or config.tls_key is None
            else (config.tls_cert, config.tls_key),
            rates=CallRates(config.address_rate, config.token_rate, limit_loopback=config.limit_loopback),
        )
        self.sql = SqlService(node, settings)
        await self.sql.start()
        self._closing.push_async_callback(self._close_sql)

    async def _close_sql(self) -> None:
        if self.sql is not None:
            await self.sql.stop()
            # Arrow keeps the tokens that its server looks at, and they know of this service.
            self.sql = None

    async def _open_metrics(self, figures: FigureReader) -> None:
        config = self._config
        if config.metrics is None:
            return
        # Who reaches the loopback address needs no token, as Prometheus beside the node.
        tokens = None if config.metrics.is_loopback else self._tokens
        app = web.Application(middlewares=[Guard(config, tokens, self._refused).middleware])

        async def page(request: web.Request) -> web.Response:
            del request
            body = await asyncio.to_thread(page_of, self.meter, figures)
            return web.Response(body=body, headers={"Content-Type": _METRICS_TYPE})

        app.router.add_get("/metrics", page)
        limits = ConnectionLimits(MAX_METRICS_CONNECTIONS, MAX_METRICS_CONNECTIONS)
        self._metrics_door = Door(app, Connections(limits, self._refused), 1.0)
        self._closing.push_async_callback(self._metrics_door.close)
        await self._metrics_door.open(config.metrics)

    async def _hold(self, node: Node) -> None:
        """Let interests apply before anything can come in."""
        pruner = await start_holding(node, self._config, self._neighbourhood)
        if pruner is not None:
            pruning = asyncio.create_task(prune_now_and_then(pruner, self.meter, self._on_corruption))
            self._closing.push_async_callback(_end, pruning)

    def _count(self, node: Node, figures: FigureReader) -> None:
        self.meter.describe_build(node.network.name)
        figures.add_to(self.meter)
        self.meter.read_value(metrics.PEERS, lambda: len(self._peers()))
        tokens = self._tokens
        if tokens is not None:
            self.meter.read_value(metrics.TOKENS, lambda: len(tokens.book))

    async def _tick(self, node: Node, figures: FigureReader, history: History, guard: Guard) -> None:
        """Every second: a point for the charts, and a look whether the node can go on."""
        last, looked = time.monotonic(), 0.0
        while True:
            await asyncio.sleep(TICK_SECONDS)
            now = time.monotonic()
            try:
                history.add(time.time(), now - last, await node.read(figures.read))
                if now - looked >= TOKENS_CHECK_SECONDS:
                    looked = now
                    self._check_tokens(guard)
            except StoreCorruption as error:
                self._on_corruption(error)
            except Exception:  # noqa: BLE001  # the next second may fare better
                _LOG.exception("how the node fares can't be noted")
            last = now
            if node.follower.broken is not None:
                self._on_corruption(node.follower.broken)

    def _check_tokens(self, guard: Guard) -> None:
        if self._tokens is not None:
            self._tokens.check()
            guard.end_stale()

    def _peers(self) -> Sequence[str]:
        return self.peer_names()

    def _connected(self) -> Sequence[str]:
        return [str(known.peer) for known in self._neighbourhood.peers.connected()]

    def _refused(self, code: str) -> None:
        self.meter.count(metrics.REFUSED, code)

    def _on_corruption(self, error: StoreCorruption) -> None:
        """The store is broken: end, from whichever thread has noticed."""
        self.broken = self.broken or error
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self.ended.set)


def _endpoint(config: NodeConfig) -> str | None:
    return None if config.otel_endpoint is None else read_address(config.otel_endpoint)


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


def folder_of(config: NodeConfig) -> Path | str:
    """Where the store is, in words."""
    return config.folder or "memory"
