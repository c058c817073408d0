"""A node that serves HTTP, in a thread of this process; everything in it is real."""

from __future__ import annotations

import asyncio
import http.client
import json
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from aiohttp import web

from ceramic_node.clock import SystemClock
from ceramic_node.http.app import HttpSettings, Middleware, make_app
from ceramic_node.neighbourhood import Neighbourhood
from ceramic_node.node import Node
from ceramic_node.states.follower import StateFollower
from ceramic_node.states.memory import MemoryStates
from ceramic_node.states.port import StateStore
from ceramic_node.states.sqlite import SqliteStates
from ceramic_node.store.memory import MemoryStore
from ceramic_node.store.sqlite.store import SqliteStore
from ceramic_protocol.networks import IN_MEMORY, Network
from ceramic_protocol.ports import Chain, Clock, NoChain
from ceramic_protocol.rules import Rules
from ceramic_protocol.store_port import EventStore
from ceramic_protocol.verify import Verifier

_T = TypeVar("_T")

_ANSWER_SECONDS = 120
_START_SECONDS = 120


@dataclass(frozen=True)
class Reply:
    """What a server said. Names of headers are in lower case; the last one of a name counts."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    def json(self) -> Any:
        """The body's value."""
        return json.loads(self.body)


@dataclass(frozen=True)
class RunningNode:
    """A node while it runs: it lives in `loop`, in a thread of its own."""

    url: str
    node: Node
    app: web.Application
    loop: asyncio.AbstractEventLoop

    def call(self, work: Coroutine[Any, Any, _T]) -> _T:
        """The result of something that has to be done in the node's loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(_ANSWER_SECONDS)

    def submit(self, *cars: bytes) -> None:
        """Hand events in, and wait until their states are there."""
        self.call(self.node.submit(cars))
        self.settle()

    def settle(self) -> None:
        """Wait until the states are those of all events that are there now."""

        async def wait() -> None:
            version = self.node.events.head().version
            async with asyncio.timeout(_ANSWER_SECONDS):
                while self.node.states.head().version < version:
                    await self.node.settled.wait(self.node.settled.number, 0.05)

        self.call(wait())

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | str | Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """The answer to a request; a mapping as body is sent as JSON."""
        sent = json.dumps(body) if isinstance(body, Mapping) else body
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_ANSWER_SECONDS)
        try:
            connection.request(method, path, sent, dict(headers or {}))
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Reply(answer.status, found, answer.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Reply:
        """The answer to GET."""
        return self.ask("GET", path, headers=headers)

    def post(self, path: str, body: bytes | str | Mapping[str, Any] | None = None, **headers: str) -> Reply:
        """The answer to POST."""
        return self.ask("POST", path, body, headers)


@contextmanager
def stores(
    folder: Path | None, clock: Clock, network: Network
) -> Iterator[tuple[EventStore, StateStore, Neighbourhood]]:
    """Stores in a folder, or in memory without one."""
    with ExitStack() as stack:
        if folder is None:
            states: StateStore = MemoryStates()
            stack.callback(states.close)
            yield MemoryStore(clock=clock, network=network), states, Neighbourhood()
            return
        events = stack.enter_context(SqliteStore(folder, clock=clock, network=network))
        states = SqliteStates(folder / "states.sqlite")
        stack.callback(states.close)
        yield events, states, Neighbourhood(interests=events.interests)


@contextmanager
def running_node(
    folder: Path | None = None,
    *,
    network: Network = IN_MEMORY,
    chain: Chain | None = None,
    clock: Clock | None = None,
    settings: HttpSettings | None = None,
    middlewares: Sequence[Middleware] = (),
    neighbourhood: Neighbourhood | None = None,
    before_start: Callable[[web.Application], object] = lambda _app: None,
) -> Iterator[RunningNode]:
    """A node that answers on a free port of 127.0.0.1, until the context ends.

    Args:
        folder: where its stores are; in memory without one.
        network: the network that it belongs to.
        chain: what it knows of blockchains; nothing if it isn't said.
        clock: what it takes for now.
        settings: how it answers.
        middlewares: what requests go through first.
        neighbourhood: what it has to do with other nodes.
        before_start: told the application before it is run, to add to it.
    """
    clock = clock or SystemClock()
    with stores(folder, clock, network) as (events, states, others):
        time = clock
        follower = StateFollower(events, states, lambda: Rules(time.now()))
        verifier = Verifier(chain or NoChain(), network=network)
        node = Node(events, states, follower, verifier=verifier, network=network, clock=clock)
        app = make_app(node, settings, middlewares, neighbourhood or others)
        before_start(app)
        with _running(node, app) as running:
            yield running


@contextmanager
def _running(node: Node, app: web.Application) -> Iterator[RunningNode]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="node", daemon=True)
    thread.start()
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    try:
        start = asyncio.run_coroutine_threadsafe(_start(node, runner), loop)
        url = start.result(_START_SECONDS)
        try:
            yield RunningNode(url, node, app, loop)
        finally:
            asyncio.run_coroutine_threadsafe(_stop(node, runner), loop).result(_ANSWER_SECONDS)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_ANSWER_SECONDS)
        loop.close()


async def _start(node: Node, runner: web.AppRunner) -> str:
    await node.start()
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    return f"http://{host}:{port}"


async def _stop(node: Node, runner: web.AppRunner) -> None:
    await runner.cleanup()
    await node.stop()
