"""Those who follow a feed by Server-Sent Events, in a process of their own: many at once, and quick."""

from __future__ import annotations

import asyncio
import re
import socket
import time
from array import array
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from urllib.parse import urlsplit

_ENTRY = re.compile(
    rb'id: ([^\n]+-([0-9]+))\ndata: \{"position":([0-9]+),.*?"received":([0-9]+),"cid":"([^"]+)"'
)
_LAGGING = re.compile(rb"event: lagging\nid: ([^\n]+)\n")
_READ = 1 << 20
_QUIET_SECONDS = 0.5


@dataclass(frozen=True)
class Plan:
    """What one of them does.

    Attributes:
        path: what is asked for.
        leaves_after: after how many entries it leaves and comes again; never if 0.
        sleeps: whether it takes nothing until it is told that all is written.
    """

    path: str
    leaves_after: int = 0
    sleeps: bool = False


@dataclass
class Seen:
    """What it saw.

    Attributes:
        positions: of entries, in the order in which they came.
        cids: hashes of their CIDs, in the same order.
        delays: milliseconds from when an entry came into the feed until it was here.
        told: how often it was told that it lags.
    """

    positions: array[int] = field(default_factory=lambda: array("Q"))
    cids: array[int] = field(default_factory=lambda: array("q"))
    delays: list[float] = field(default_factory=list)
    told: int = 0
    connections: int = 0
    resume: str | None = None


def follow(url: str, plans: list[Plan], pipe: Connection) -> None:
    """Do what the plans say until the pipe tells how far, then send back what was seen."""
    asyncio.run(_follow(url, plans, pipe))


async def _follow(url: str, plans: list[Plan], pipe: Connection) -> None:
    ready = asyncio.Semaphore(0)
    awake = asyncio.Event()
    goals: asyncio.Future[list[int]] = asyncio.get_running_loop().create_future()
    seen = [Seen() for _ in plans]
    tasks = [
        asyncio.create_task(_one(url, plan, one, ready, awake)) for plan, one in zip(plans, seen, strict=True)
    ]
    for _ in plans:
        await ready.acquire()
    pipe.send("ready")
    live_from = time.time()
    goals.set_result(await asyncio.to_thread(pipe.recv))
    awake.set()
    until = time.monotonic() + 300
    for goal, one in zip(goals.result(), seen, strict=True):
        while (one.positions[-1] if one.positions else 0) < goal and time.monotonic() < until:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    took = time.time() - live_from
    # What comes once too often may come now.
    await asyncio.sleep(_QUIET_SECONDS)
    for task in tasks:
        task.cancel()
    failed = [
        one for one in await asyncio.gather(*tasks, return_exceptions=True) if isinstance(one, Exception)
    ]
    pipe.send((seen, took, [repr(one) for one in failed]))


async def _one(url: str, plan: Plan, seen: Seen, ready: asyncio.Semaphore, awake: asyncio.Event) -> None:
    is_first = True
    while True:
        reader, writer = await _connect(url, plan)
        try:
            await _ask(url, plan, seen, reader, writer)
            if is_first:
                ready.release()
                is_first = False
            if plan.sleeps:
                await awake.wait()
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                await _read(plan, seen, reader)
        finally:
            writer.close()
        await asyncio.sleep(0)


async def _connect(url: str, plan: Plan) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    parts = urlsplit(url)
    raw = socket.socket()
    raw.setblocking(False)  # the standard library's own
    if plan.sleeps:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    await asyncio.get_running_loop().sock_connect(raw, (parts.hostname, parts.port))
    return await asyncio.open_connection(sock=raw, limit=8192 if plan.sleeps else _READ)


async def _ask(
    url: str, plan: Plan, seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    head = f"GET {plan.path} HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\nAccept: text/event-stream\r\n"
    if seen.resume is not None:
        head += f"Last-Event-ID: {seen.resume}\r\n"
    writer.write(f"{head}\r\n".encode())
    answer = await reader.readuntil(b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200"), answer
    seen.connections += 1


async def _read(plan: Plan, seen: Seen, reader: asyncio.StreamReader) -> None:
    rest, count = b"", 0
    while True:
        size = int(await reader.readuntil(b"\r\n"), 16)
        data = rest + (await reader.readexactly(size + 2))[:-2]
        if size == 0:
            return
        end = data.rfind(b"\n\n") + 2
        whole, rest = data[:end], data[end:]
        now = time.time() * 1000
        received = None
        for token, place, position, received, cid in _ENTRY.findall(whole):  # noqa: B007  # the last one counts
            assert place == position
            seen.positions.append(int(position))
            seen.cids.append(hash_of(cid))
            seen.resume = token.decode()
            count += 1
            if plan.leaves_after and count >= plan.leaves_after:
                return
        if received is not None:
            seen.delays.append(now - int(received))
        for token in _LAGGING.findall(whole):
            seen.told += 1
            seen.resume = token.decode()


def hash_of(cid: bytes) -> int:
    """A number for the text of a CID, the same in every process."""
    return int.from_bytes(cid[-8:], "big")
