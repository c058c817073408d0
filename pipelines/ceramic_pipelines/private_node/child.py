"""The process of a source's own node: it ends when the one that has started it is gone."""

from __future__ import annotations

import asyncio
import signal
import time
from multiprocessing.connection import Connection
from typing import Final

from ceramic_connectors.source.apart import sendable
from ceramic_connectors.watching.logs import start_logging
from ceramic_connectors.watching.secrets import Censor
from ceramic_node.config import NodeConfig
from ceramic_node.operation.building import endpoints_of
from ceramic_node.operation.service import Service
from ceramic_node.store.sqlite import StoreInUse
from ceramic_protocol.errors import CeramicError
from ceramic_protocol.garbage import collect_less
from ceramic_protocol.limits import PRIVATE_NODE_LOCK_SECONDS, PRIVATE_NODE_POLL_SECONDS

_FAILED: Final = 1


def serve(config: NodeConfig, line: Connection) -> None:
    """Run a node. Its address is sent first, or the error because of which there is none."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)  # who has started it tells it when to end
    collect_less()
    try:
        start_logging(config.log_format, config.log_level, Censor(endpoints_of(config)))
        asyncio.run(_serve(config, line))
    except CeramicError as error:
        line.send(sendable(error))
        raise SystemExit(_FAILED) from None


async def _serve(config: NodeConfig, line: Connection) -> None:
    service = await _started(config)
    line.send(service.url)
    # Nothing is ever sent to it: it is the end of the line that can be read.
    asyncio.get_running_loop().add_reader(line.fileno(), service.ended.set)
    await service.ended.wait()
    asyncio.get_running_loop().remove_reader(line.fileno())
    await service.stop()
    if service.broken is not None:
        raise service.broken


async def _started(config: NodeConfig) -> Service:
    """A node that listens; that of a source which was killed may take a moment to end."""
    until = time.monotonic() + PRIVATE_NODE_LOCK_SECONDS
    while True:
        service = Service(config)
        try:
            await service.start()
        except StoreInUse:
            if time.monotonic() > until:
                raise
            await asyncio.sleep(PRIVATE_NODE_POLL_SECONDS)
        else:
            return service
