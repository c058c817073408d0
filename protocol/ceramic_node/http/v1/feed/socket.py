"""Following a feed through a WebSocket, with messages in JSON and, if the client likes, a credit.

The node sends `{"type":"events","events":[…],"resume":…}` (`changes` for the feed of changes), and `live`,
`quiet`, `lagging` and `stopping`, all with the token to go on with. The client may send
`{"type":"ack","resume":…}`, which gives back the credit that entries up to there took, and
`{"type":"credit","events":N}`, which gives more.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, TypedDict

import orjson
from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from ceramic_node.http.v1.api.kinds import BadValue
from ceramic_node.http.v1.feed.consumers import bound_buffer, emptied
from ceramic_node.http.v1.feed.following import Following, News, Told
from ceramic_node.http.v1.feed.pieces import pieces_of
from ceramic_node.http.v1.feed.source import Item
from ceramic_node.http.v1.json_text import dumps
from ceramic_node.http.v1.problems import UPGRADE, Problem
from ceramic_node.http.v1.tokens import TOKEN
from ceramic_protocol.limits import (
    MAX_PUSH_CREDIT,
    MAX_SOCKET_MESSAGE,
    PUSH_HEARTBEAT_SECONDS,
    PUSH_LINGER_SECONDS,
    PUSH_PAGE,
    PUSH_STALL_SECONDS,
)

_SILENCE: Final = 3 * PUSH_HEARTBEAT_SECONDS
"""After so many seconds without a pong a client counts as gone."""


class Message(TypedDict, total=False):
    """What a client sends."""

    type: str
    resume: str
    events: int


class _BadMessage(Exception):
    """A message of the client that makes no sense."""


class Credit:
    """How many entries may be on their way unacknowledged; any number unless the client says one."""

    def __init__(self, most: int | None) -> None:
        self._left = most
        self._given = asyncio.Event()
        self._under_way: deque[int] = deque()

    def room(self) -> int:
        """How many may be sent now."""
        return PUSH_PAGE if self._left is None else min(PUSH_PAGE, self._left)

    def spend(self, items: Sequence[Item]) -> None:
        """Some were sent."""
        if self._left is not None:
            self._left -= len(items)
            self._under_way += (item.position for item in items)

    def ack(self, position: int) -> None:
        """Those up to a place have been dealt with."""
        while self._under_way and self._under_way[0] <= position:
            self._under_way.popleft()
            self.give(1)

    def give(self, count: int) -> None:
        """Let more be sent."""
        if self._left is not None:
            self._left = min(self._left + count, MAX_PUSH_CREDIT)
            self._given.set()

    async def wait(self, seconds: float) -> bool:
        """Wait until some may be sent; False if none may in time."""
        while self.room() == 0:
            self._given.clear()
            try:
                await asyncio.wait_for(self._given.wait(), seconds)
            except TimeoutError:
                return False
        return True


async def serve_socket(
    request: web.Request, following: Following, name: str, credit: int | None
) -> web.StreamResponse:
    """Send what one follows until the client leaves, or is too slow, or the node ends.

    Args:
        request: the request.
        following: what is followed.
        name: of messages with entries, and of their member.
        credit: how many entries may be on their way unacknowledged; None for any number.

    Raises:
        Problem: the client doesn't ask for a WebSocket.
    """
    socket = web.WebSocketResponse(
        autoping=False, compress=False, max_msg_size=MAX_SOCKET_MESSAGE, timeout=PUSH_LINGER_SECONDS
    )
    if not socket.can_prepare(request):
        raise Problem(UPGRADE, UPGRADE.summary, headers={"Upgrade": "websocket"})
    with following.consumers.one_more(request):
        await socket.prepare(request)
        bound_buffer(request)
        with suppress(ConnectionError):
            await _Session(request, socket, following, name, Credit(credit)).run()
    return socket


class _Session:
    """A WebSocket while it is open."""

    def __init__(
        self,
        request: web.Request,
        socket: web.WebSocketResponse,
        following: Following,
        name: str,
        credit: Credit,
    ) -> None:
        self._request = request
        self._socket = socket
        self._following = following
        self._name = name
        self._credit = credit
        self._sent_to = following.after
        self._heard = asyncio.get_running_loop().time()
        following.room = credit.room

    async def run(self) -> None:
        """Send and listen; whichever ends first ends the other."""
        tasks = [asyncio.create_task(self._send()), asyncio.create_task(self._listen())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
        await self._end(results)

    async def _end(self, results: Sequence[object]) -> None:
        failed = next(
            (one for one in results if isinstance(one, Exception) and not isinstance(one, ConnectionError)),
            None,
        )
        if isinstance(failed, TimeoutError):
            await self._send_away()
        elif isinstance(failed, _BadMessage):
            await self._socket.close(code=WSCloseCode.POLICY_VIOLATION, message=str(failed).encode())
        elif failed is not None:
            await self._socket.close(code=WSCloseCode.INTERNAL_ERROR)
            raise failed
        else:
            is_stopping = self._following.consumers.is_stopping
            await self._socket.close(code=WSCloseCode.GOING_AWAY if is_stopping else WSCloseCode.OK)

    async def _send(self) -> None:
        following = self._following
        async for told in following.told():
            await self._tell(told)
            while told.news is News.ITEMS and not await self._credit.wait(following.patience()):
                if following.is_over() or following.consumers.is_stopping:
                    break
                await self._tell(Told(News.QUIET, [], self._sent_to))
            if following.is_over():
                return

    async def _tell(self, told: Told) -> None:
        if told.news is News.ITEMS:
            for piece in pieces_of(told.items):
                self._credit.spend(piece)
                self._sent_to = piece[-1].position
                await self._write(self._entries(piece))
            self._sent_to = told.after
            return
        await self._write(dumps({"type": told.news.name.lower(), "resume": self._token(told.after)}))
        if told.news is News.QUIET:
            await self._look_for_life()

    async def _look_for_life(self) -> None:
        if asyncio.get_running_loop().time() - self._heard > _SILENCE:
            raise ConnectionResetError("no pong came")
        await self._socket.ping()

    def _entries(self, items: Sequence[Item]) -> bytes:
        entries = b",".join([item.form for item in items])
        name, token = self._name.encode(), self._token(items[-1].position).encode()
        return b'{"type":"%b","%b":[%b],"resume":"%b"}' % (name, name, entries, token)

    def _token(self, position: int) -> str:
        return f"{self._following.source.token_start}{position}"

    async def _write(self, data: bytes) -> None:
        async with asyncio.timeout(PUSH_STALL_SECONDS):
            await self._socket.send_frame(data, WSMsgType.TEXT)

    async def _send_away(self) -> None:
        """Say where to go on, behind all that was written, and end the connection."""
        self._following.consumers.lagging += 1
        detail = f"nothing was taken for {PUSH_STALL_SECONDS:g} s"
        words = {"type": "lagging", "detail": detail, "resume": self._token(self._sent_to)}
        with suppress(TimeoutError):
            async with asyncio.timeout(PUSH_LINGER_SECONDS):
                await self._socket.send_frame(dumps(words), WSMsgType.TEXT)
                await emptied(self._request)
                await self._socket.close(code=WSCloseCode.TRY_AGAIN_LATER)
        if self._request.transport is not None:
            self._request.transport.abort()

    async def _listen(self) -> None:
        async for message in self._socket:
            self._heard = asyncio.get_running_loop().time()
            if message.type is WSMsgType.PING:
                await self._socket.pong(message.data)
            elif message.type is WSMsgType.TEXT:
                self._take(_read(message))
            elif message.type is WSMsgType.BINARY:
                raise _BadMessage("send text")

    def _take(self, message: Message) -> None:
        kind = message.get("type")
        if kind == "ack":
            try:
                token = TOKEN.parse(str(message.get("resume")))
            except BadValue:
                raise _BadMessage("ack: that is no token") from None
            self._credit.ack(token.position)
        elif kind == "credit":
            count = message.get("events")
            if type(count) is not int or not 0 < count <= MAX_PUSH_CREDIT:
                raise _BadMessage(f"credit: give events from 1 to {MAX_PUSH_CREDIT}")
            self._credit.give(count)
        else:
            raise _BadMessage("send ack or credit")


def _read(message: WSMessage) -> Message:
    try:
        found = orjson.loads(message.data)
    except orjson.JSONDecodeError:
        raise _BadMessage("that is no JSON") from None
    if not isinstance(found, dict):
        raise _BadMessage("send an object")
    return Message(**found)  # type: ignore[typeddict-item]  # members are looked at where they are used
