"""A node as a process: signals, the line that says it is ready, and how it ends."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Callable
from typing import Final

from prometheus_client import disable_created_metrics

from ceramic_connectors.config import Loaded
from ceramic_connectors.keys import read_address
from ceramic_connectors.watching.logs import start_logging, stop_logging
from ceramic_connectors.watching.secrets import Censor
from ceramic_node.config.node import NodeConfig
from ceramic_node.operation.building import endpoints_of
from ceramic_node.operation.service import Service, folder_of
from ceramic_protocol.garbage import collect_less

_LOG: Final = logging.getLogger(__name__)
_FORCED: Final = 128


def run_node(loaded: Loaded[NodeConfig], say: Callable[[str], object]) -> None:
    """Run a node until it is told to end, by SIGTERM or SIGINT; a second one ends it at once.

    Args:
        loaded: its configuration.
        say: is told, in a line, that it is ready and where.

    Raises:
        CeramicError: it can't be started, or can't go on.
    """
    config = loaded.config
    collect_less()
    # Else each metric has a second series, of when it began.
    disable_created_metrics()  # type: ignore[no-untyped-call]
    handler = start_logging(config.log_format, config.log_level, _censor(config))
    try:
        for warning in loaded.warnings:
            _LOG.warning(warning)
        asyncio.run(_run(config, say))
    finally:
        stop_logging(handler)


async def _run(config: NodeConfig, say: Callable[[str], object]) -> None:
    service = Service(config)
    _listen_to_signals(service)
    starting = asyncio.create_task(service.start())
    ending = asyncio.create_task(service.ended.wait())
    await asyncio.wait([starting, ending], return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():
        starting.cancel()
        await asyncio.wait([starting])
        return
    await starting
    _greet(config, service, say)
    await ending
    _LOG.info("stopping: waiting for requests that are under way")
    await service.stop()
    if service.broken is not None:
        raise service.broken
    _LOG.info("stopped")


def _greet(config: NodeConfig, service: Service, say: Callable[[str], object]) -> None:
    if not config.rpc and config.chain is None:
        _LOG.warning("without --rpc anchors can't be checked: time events stay pending")
    if config.tokens is None and not config.bind.is_loopback:
        _LOG.warning("everybody who reaches %s may read and write", config.bind)
    if service.metrics_url is not None:
        _LOG.info("metrics at %s", service.metrics_url)
    if service.sql is not None and config.flight_sql is not None:
        _LOG.info("SQL at %s", config.flight_sql._replace(port=service.sql.port))
    say(f"ready at {service.url} (network {config.network.name}, store {folder_of(config)})")


def _listen_to_signals(service: Service) -> None:
    loop = asyncio.get_running_loop()

    def end(number: int) -> None:
        if service.ended.is_set():
            # What was acknowledged is on disk; the rest isn't waited for.
            os._exit(_FORCED + number)
        service.ended.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end, number)
    loop.add_signal_handler(signal.SIGHUP, service.reload)


def _censor(config: NodeConfig) -> Censor:
    addresses = endpoints_of(config)
    if config.otel_endpoint is not None:
        addresses.append(read_address(config.otel_endpoint))
    return Censor(addresses)
