"""SQL of a node as a whole: its tables, who keeps them up, and the server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Final, NamedTuple

import pyarrow as pa

from ceramic_connectors.config.values import Address
from ceramic_node.http.guard.token_file import TokenFile
from ceramic_node.node import Node
from ceramic_node.sql.database import Database
from ceramic_node.sql.engine import Bounds, Engine
from ceramic_node.sql.gate import TokenGate
from ceramic_node.sql.keeper import Keeper
from ceramic_node.sql.mirror import Mirror
from ceramic_node.sql.rates import CallRates
from ceramic_node.sql.server import FlightSqlServer
from ceramic_protocol.errors import OutsideError
from ceramic_protocol.limits import SQL_MEMORY
from ceramic_protocol.profiles.profile import Profile

FILE: Final = "sql.duckdb"
"""Name of the file of the tables; it can be removed whenever the node doesn't run."""

_POLL_SECONDS: Final = 1.0


class SqlSettings(NamedTuple):
    """How a node answers SQL.

    Attributes:
        bind: where it listens; port 0 for a free one.
        folder: of the tables; None: they last as long as the process.
        profile: whose rules the events are verified by.
        tokens: who may ask; None: everybody.
        certificate: files of the chain and of the key, as PEM; None: no TLS.
        memory: what DuckDB may take, such as `512MB`.
        bounds: what queries may take.
        rates: how often may be asked.
    """

    bind: Address
    folder: Path | None = None
    profile: Callable[[], Profile] = lambda: Profile.STRICT
    tokens: TokenFile | None = None
    certificate: tuple[Path, Path] | None = None
    memory: str = SQL_MEMORY
    bounds: Bounds | None = None
    rates: CallRates | None = None


class SqlService:
    """Answers SQL over a node; `start` and `stop` it in the node's event loop."""

    def __init__(self, node: Node, settings: SqlSettings) -> None:
        """Say over which node, and how; nothing happens yet."""
        self._node: Final = node
        self._settings: Final = settings
        self._is_stopping = False

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self._server.port
        return port

    @property
    def is_ready(self) -> bool:
        """Whether the tables have been made; until then queries are answered with `sql_busy`."""
        return self._keeper.head.is_complete

    async def start(self) -> None:
        """Open the tables and begin to listen.

        Raises:
            OutsideError: the tables can't be opened, or nothing can listen there.
        """
        await asyncio.to_thread(self._open)
        self._waker = asyncio.create_task(self._wake())

    def _open(self) -> None:
        settings, node = self._settings, self._node
        path = None if settings.folder is None else settings.folder / FILE
        with ExitStack() as made:
            self._database = Database(path, memory=settings.memory)
            made.callback(self._database.close)
            self._mirror = Mirror(
                self._database, node.events, node.states, settings.profile, lambda: self._is_stopping
            )
            made.callback(self._mirror.close)
            self._keeper = Keeper(self._mirror, node.states)
            made.callback(self._keeper.stop)
            self._engine = Engine(self._database, self._keeper, settings.bounds)
            made.callback(self._engine.stop)
            self._server = self._listen()
            self._keeper.start()
            self._made = made.pop_all()

    def _listen(self) -> FlightSqlServer:
        settings = self._settings
        host = f"[{settings.bind.host}]" if ":" in settings.bind.host else settings.bind.host
        scheme, certificate = "grpc", None
        if settings.certificate is not None:
            scheme = "grpc+tls"
            chain, key = (file.read_bytes() for file in settings.certificate)
            certificate = chain, key
        try:
            return FlightSqlServer(
                self._engine,
                f"{scheme}://{host}:{settings.bind.port}",
                gate=None if settings.tokens is None else TokenGate(settings.tokens, settings.rates),
                rates=settings.rates,
                certificate=certificate,
            )
        except (OSError, pa.ArrowException) as error:
            raise OutsideError(f"can't listen on {host}:{settings.bind.port} for SQL: {error}") from None

    async def _wake(self) -> None:
        while True:
            number = self._node.settled.number
            self._keeper.wake()
            await self._node.settled.wait(number, _POLL_SECONDS)

    async def stop(self) -> None:
        """End: feeds and queries that run are told so. A second time does nothing."""
        if self._is_stopping:
            return
        self._is_stopping = True
        self._waker.cancel()
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._engine.stop()
        self._server.close()
        self._made.close()
