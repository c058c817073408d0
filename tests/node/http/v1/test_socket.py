"""Following the feed through a WebSocket."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from unittest.mock import patch

import aiohttp
import pytest

from ceramic_node.http.v1.feed import following as loop_module
from ceramic_node.http.v1.feed import socket as module
from ceramic_node.http.v1.keys import CONSUMERS
from tests.node.http.v1 import making
from tests.node.http.v1.making import get
from tests.support.node import RunningNode, running_node

EVENTS = making.chain(30)
LARGE = [making.document("x" * 100_000, unique=bytes([number])) for number in range(40)]
Work = Callable[[RunningNode, "Client"], Awaitable[None]]


class Client:
    """A client of one socket."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def take(self, count: int) -> list[Any]:
        """So many entries."""
        found: list[Any] = []
        while len(found) < count:
            message = await self.message()
            found += message.get("events", [])
        return found

    async def until(self, kind: str) -> list[Any]:
        """The entries up to a message of a type."""
        found: list[Any] = []
        while (message := await self.message())["type"] != kind:
            found += message.get("events", [])
        return found

    async def message(self) -> Any:
        """The next message."""
        return await self.socket.receive_json(timeout=60)

    async def nothing(self, seconds: float = 0.3) -> bool:
        """Whether nothing comes for a while."""
        try:
            await self.socket.receive(timeout=seconds)
        except TimeoutError:
            return True
        return False

    async def closed(self) -> int | None:
        """The code with which the node ends it."""
        while not self.socket.closed:
            await self.socket.receive(timeout=60)
        return self.socket.close_code


@asynccontextmanager
async def connected(node: RunningNode, path: str = "/feed/ws", **query: Any) -> AsyncIterator[Client]:
    params = {name: str(value) for name, value in query.items()}
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{node.url}/v1{path}", params=params, max_msg_size=0) as socket,
    ):
        yield Client(socket)


def run(work: Callable[[RunningNode], Awaitable[None]]) -> None:
    async def all_of_it() -> None:
        with running_node() as node:
            await work(node)

    asyncio.run(all_of_it())


async def submit(node: RunningNode, *events: Any) -> None:
    await asyncio.to_thread(making.submit, node, *events)


def test_what_was_there_goes_over_into_what_comes() -> None:
    async def work(node: RunningNode) -> None:
        await submit(node, *EVENTS[:10])
        async with connected(node) as client:
            found = await client.until("live")
            await submit(node, *EVENTS[10:])
            found += await client.take(20)
            assert [event["cid"] for event in found] == making.cids(EVENTS)
        async with connected(node, resume=found[4]["resume"], kind="data") as client:
            assert [one["cid"] for one in await client.until("live")] == making.cids(EVENTS[5:])

    run(work)


def test_credit_bounds_what_is_on_its_way() -> None:
    async def work(node: RunningNode) -> None:
        await submit(node, *EVENTS)
        async with connected(node, credit=4) as client:
            first = await client.take(4)
            assert len(first) == 4
            assert await client.nothing()
        async with connected(node, credit=4) as client:
            found = await client.take(4)
            await client.socket.send_json({"type": "ack", "resume": found[2]["resume"]})
            found += await client.take(3)
            await client.socket.send_json({"type": "ack", "resume": found[2]["resume"]})
            await client.socket.send_json({"type": "credit", "events": 5})
            found += await client.take(5)
            assert await client.nothing()
        assert [event["cid"] for event in found] == making.cids(EVENTS[:12])

    run(work)


def test_while_there_is_no_credit_there_are_signs_of_life_and_an_end() -> None:
    async def work(node: RunningNode) -> None:
        await submit(node, *EVENTS)
        with patch.object(loop_module, "PUSH_HEARTBEAT_SECONDS", 0.1):
            async with connected(node, credit=2, seconds=0.5) as client:
                found = await client.take(2)
                quiet = await client.message()
                assert (quiet["type"], quiet["resume"]) == ("quiet", found[-1]["resume"])
                assert await client.closed() == 1000

    run(work)


@pytest.mark.parametrize(
    "message",
    [
        "nonsense",
        "[]",
        "{}",
        '{"type":"ack"}',
        '{"type":"ack","resume":7}',
        '{"type":"credit"}',
        '{"type":"credit","events":true}',
        '{"type":"credit","events":-1}',
        '{"type":"credit","events":1e99}',
        "[" * 4000,
    ],
)
def test_messages_that_make_no_sense_end_it(message: str) -> None:
    async def work(node: RunningNode) -> None:
        async with connected(node) as client:
            await client.until("live")
            await client.socket.send_str(message)
            assert await client.closed() == 1008

    run(work)


def test_large_and_binary_messages_end_it() -> None:
    async def work(node: RunningNode) -> None:
        async with connected(node) as client:
            await client.socket.send_str("x" * 10_000)
            assert await client.closed() == 1009
        async with connected(node) as client:
            await client.socket.send_bytes(b"x")
            assert await client.closed() == 1008

    run(work)


def test_pings_are_answered_and_asked_for() -> None:
    async def work(node: RunningNode) -> None:
        with patch.object(loop_module, "PUSH_HEARTBEAT_SECONDS", 0.1), patch.object(module, "_SILENCE", 0.5):
            async with connected(node) as client:
                await client.until("live")
                for _ in range(10):
                    assert (await client.message())["type"] == "quiet"
            async with (
                aiohttp.ClientSession() as session,
                session.ws_connect(f"{node.url}/v1/feed/ws", autoping=False) as socket,
            ):
                kinds = [
                    (await socket.receive(timeout=60)).type async for _ in _forever() if not socket.closed
                ][:20]
                assert aiohttp.WSMsgType.PING in kinds

    run(work)


async def _forever() -> AsyncIterator[None]:
    for _ in range(20):
        yield None


def test_one_who_takes_nothing_is_told_and_dropped() -> None:
    async def work(node: RunningNode) -> None:
        await submit(node, *LARGE)
        with (
            patch.object(module, "PUSH_STALL_SECONDS", 0.3),
            patch.object(module, "PUSH_LINGER_SECONDS", 10.0),
        ):
            parts = node.url.removeprefix("http://")
            reader, writer = await asyncio.open_connection(*parts.split(":"), limit=4096)
            head = (
                "GET /v1/feed/ws?includeData=full HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            )
            key = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
            writer.write(f"{head}Host: {parts}\r\n{key}\r\n".encode())
            until = time.monotonic() + 60
            while not node.app[CONSUMERS].lagging and time.monotonic() < until:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            said = await asyncio.wait_for(reader.read(-1), 15)
            writer.close()
        assert b'{"type":"lagging"' in said
        token = said.rpartition(b'"resume":"')[2].partition(b'"')[0].decode()
        count = said.count(b'{"position":')
        rest = get(node, "/feed", resume=token, limit=1000).json()["events"]
        assert 0 < count < len(LARGE)
        assert count + len(rest) == len(LARGE)

    run(work)


def test_it_ends_when_the_node_does() -> None:
    async def work() -> None:
        session = aiohttp.ClientSession()
        with running_node() as node:
            socket = await session.ws_connect(f"{node.url}/v1/feed/ws")
            client = Client(socket)
            await client.until("live")
            closing = asyncio.create_task(client.until("stopping"))
            await asyncio.sleep(0)
            waiting = asyncio.to_thread(lambda: None)
            await waiting
            node.loop.call_soon_threadsafe(node.app[CONSUMERS].stop)
            assert await closing == []
            assert await client.closed() == 1001
        await session.close()

    asyncio.run(work())


def test_changes_come_the_same_way() -> None:
    async def work(node: RunningNode) -> None:
        async with connected(node, "/states/feed/ws", includeData="state") as client:
            await submit(node, making.NOTES, *EVENTS[:3])
            changes: list[Any] = []
            while len(changes) < 2 or changes[-1]["new_tip"] != str(EVENTS[2].cid):
                changes += (await client.message()).get("changes", [])
            assert changes[-1]["state"]["content"] == {"text": "2"}

    run(work)
