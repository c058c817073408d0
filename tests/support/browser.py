"""Chromium without a window, asked by its own protocol (CDP) over a WebSocket."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

from aiohttp import ClientSession, ClientWebSocketResponse

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_SECONDS: Final = 60.0
_LARGEST: Final = 64 * 1024 * 1024


def find_browser() -> str | None:
    """Where one is installed."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)


class Page:
    """A page of a browser.

    Attributes:
        messages: what the browser has complained of: errors of scripts, what a policy has forbidden.
        requests: the addresses that were asked for.
    """

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self.messages: list[str] = []
        self.requests: list[str] = []

    async def listen(self) -> None:
        """Take what the browser says, until it ends."""
        async for message in self._socket:
            said = json.loads(message.data)
            if "id" in said:
                self._answers.pop(said["id"]).set_result(said)
            elif said["method"] == "Network.requestWillBeSent":
                self.requests.append(said["params"]["request"]["url"])
            elif said["method"] in {"Log.entryAdded", "Runtime.exceptionThrown"}:
                self.messages.append(json.dumps(said["params"]))

    async def call(self, method: str, **params: Any) -> Any:
        """Call a method of the protocol."""
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_str(json.dumps({"id": number, "method": method, "params": params}))
        said = await asyncio.wait_for(answer, _SECONDS)
        assert "error" not in said, said
        return said["result"]

    async def open(self, url: str) -> None:
        """Go to an address; wait for nothing."""
        await self.call("Page.navigate", url=url)

    async def value(self, expression: str) -> Any:
        """The value of JavaScript in the page; a promise's when it is there."""
        said = await self._evaluate(expression)
        assert "exceptionDetails" not in said, said
        return said["result"].get("value")

    async def _evaluate(self, expression: str) -> Any:
        return await self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )

    async def until(self, expression: str) -> Any:
        """Wait until JavaScript gives something that is true, and not an error; gives that."""
        until = time.monotonic() + _SECONDS
        while True:
            # While a page is being loaded there may be no body yet.
            said = await self._evaluate(expression)
            found = None if "exceptionDetails" in said else said["result"].get("value")
            if found:
                return found
            assert time.monotonic() < until, (expression, said, self.messages)
            await asyncio.sleep(0.1)


@asynccontextmanager
async def browser_page(browser: str, *flags: str) -> AsyncIterator[Page]:
    """An empty page of a browser that is started for it."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        command = (
            browser,
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--no-first-run",
            "--remote-debugging-port=0",
            f"--user-data-dir={folder}",
            *flags,
            "about:blank",
        )
        nowhere = asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(*command, stdout=nowhere, stderr=nowhere)
        try:
            port = await _port(Path(folder) / "DevToolsActivePort")
            async with ClientSession() as session:
                async with session.get(f"http://127.0.0.1:{port}/json") as answer:
                    targets = await answer.json()
                (target,) = [found for found in targets if found["type"] == "page"][:1]
                async with session.ws_connect(
                    target["webSocketDebuggerUrl"], max_msg_size=_LARGEST
                ) as socket:
                    page = Page(socket)
                    listening = asyncio.create_task(page.listen())
                    for domain in ("Page", "Runtime", "Network", "Log"):
                        await page.call(f"{domain}.enable")
                    yield page
                    listening.cancel()
        finally:
            with suppress(ProcessLookupError):
                process.terminate()
            await process.wait()


async def _port(file: Path) -> int:
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until:
        with suppress(OSError, ValueError, IndexError):
            return int(file.read_text().splitlines()[0])  # noqa: ASYNC240  # a few bytes
        await asyncio.sleep(0.1)
    raise AssertionError("the browser doesn't start")
