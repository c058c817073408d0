"""A server that takes requests and does nothing with them: what HTTP alone costs here, and at this moment.

A node shares caches and memory with whatever else the machine has to do, which may halve its speed from one
hour to the next. This server suffers in the same way, unlike a loop that only computes.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from typing import Final

from aiohttp import web

from bench.node_client import send_all

NAME: Final = "bare aiohttp POST"


@contextmanager
def bare_server() -> Iterator[int]:
    """One that runs in a process of its own: its port."""
    command = [sys.executable, "-m", "bench.node_peer"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline())
        finally:
            process.terminate()


def bare_rate(port: int, requests: Sequence[bytes], connections: int) -> float:
    """Requests a second that it answers."""

    def check(status: int, _body: bytes) -> None:
        assert status == HTTPStatus.NO_CONTENT, status

    return len(requests) / asyncio.run(send_all(port, requests, connections, check)).seconds


async def _answer(request: web.Request) -> web.Response:
    await request.read()
    return web.Response(status=HTTPStatus.NO_CONTENT)


async def _serve() -> None:
    app = web.Application()
    app.router.add_route("POST", "/{path:.*}", _answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve())
