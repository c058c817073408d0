"""A node under write load that is killed again and again, and what is left of it in the end."""

from __future__ import annotations

import asyncio
import base64
import json
import random
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bench.node_client import Connection, connected, get, post
from bench.resolve import checked
from bench.streams import MadeEvent, context, forked, make_stream, model_event
from ceramic_node.states.sqlite import SqliteStates
from ceramic_protocol.cid import Cid
from ceramic_protocol.evaluate import evaluate
from ceramic_protocol.eventset import EventSet
from ceramic_protocol.rules import Rules
from tests.support.crashing_node import POINTS
from tests.support.vectors import PROJECT

_WRITERS: Final = 4
_STREAM_EVENTS: Final = 5
_START_SECONDS: Final = 60
_PAGE: Final = 500
_NO_POINT: Final = "none"


@dataclass
class Campaign:
    """What has been acknowledged, what the feed has shown, and how often the node was killed."""

    folder: Path
    streams: list[list[MadeEvent]]
    acknowledged: set[str] = field(default_factory=set)
    seen: list[str] = field(default_factory=list)
    resume: str = "0"
    kills: int = 0
    at_points: dict[str, int] = field(default_factory=dict)

    @property
    def closing_line(self) -> str:
        """Figures in words."""
        points = ", ".join(f"{count} {point}" for point, count in sorted(self.at_points.items()))
        return (
            f"{self.kills} kills ({points}); {len(self.acknowledged):,} events acknowledged and there, "
            f"{len(self.seen):,} delivered once each in order, {len(self.streams):,} states as undisturbed"
        )


def run_campaign(folder: Path, kills: int, seed: int = 1) -> Campaign:
    """Kill a node so many times, half of them at random moments and half at named points, then check it all.

    Raises:
        AssertionError: something is missing, twice or wrong.
    """
    rng = random.Random(seed)
    streams = [make_stream(number, forked(_STREAM_EVENTS)) for number in range(40 + 60 * kills)]
    streams.insert(0, [model_event()])
    campaign = Campaign(folder, streams)
    names = list(POINTS)
    for number in range(kills):
        point = names[number // 2 % len(names)] if number % 2 else _NO_POINT
        with _node(folder, point, rng.randint(0, 3)) as (process, port):
            deadline = rng.uniform(0.05, 0.4) if point == _NO_POINT else 20.0
            asyncio.run(_load(campaign, port, rng, seconds=deadline, process=process))
            if point != _NO_POINT:
                # Its connections end a moment before it does.
                with suppress(subprocess.TimeoutExpired):
                    process.wait(2)
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                point = "at a random moment"
            process.wait()
            campaign.kills += 1
            campaign.at_points[point] = campaign.at_points.get(point, 0) + 1
    with _node(folder, _NO_POINT, 0) as (process, port):
        asyncio.run(_finish(campaign, port, rng))
        process.send_signal(signal.SIGTERM)
        assert process.wait(_START_SECONDS) == 0
    _check(campaign)
    return campaign


@contextmanager
def _node(folder: Path, point: str, hit: int) -> Iterator[tuple[subprocess.Popen[str], int]]:
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        port = probe.getsockname()[1]
    options = ["--network", "local-7", "--store", str(folder / "store"), "--bind", f"127.0.0.1:{port}"]
    command = [sys.executable, "-m", "tests.support.crashing_node", point, str(hit), "node", "run", *options]
    with (folder / "log").open("a") as log:
        process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        line = process.stdout.readline() if process.stdout else ""
        assert line.startswith("ready") or process.wait(5) == -signal.SIGKILL, (folder / "log").read_text()
        yield process, port
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


async def _load(
    campaign: Campaign, port: int, rng: random.Random, seconds: float, process: subprocess.Popen[str]
) -> None:
    """Write and read until the time is over or the node is gone."""
    waiting = _unacknowledged(campaign, rng)
    work = [_write(campaign, port, waiting) for _ in range(_WRITERS)]
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await asyncio.gather(_read(campaign, port, process), *work)


async def _finish(campaign: Campaign, port: int, rng: random.Random) -> None:
    """Write what is left, wait until all of it is followed, and read the feed once more."""
    await _write(campaign, port, _unacknowledged(campaign, rng))
    async with connected(port) as connection:
        # Another process' lag: there is nothing to wait for but time.
        while json.loads((await connection.ask(get("/v1/info")))[1])["follower"]["lag"]:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        while await _read_page(campaign, connection):
            pass
        for cid in sorted(campaign.acknowledged)[::7]:
            status, body = await connection.ask(get(f"/ceramic/events/{cid}"))
            assert status == 200, (status, body)
        whole, at = list[str](), "0"
        while page := await _page(connection, at):
            whole += page[0]
            at = page[1]
    assert campaign.seen == whole, "what was read between the crashes isn't the feed"


def _unacknowledged(campaign: Campaign, rng: random.Random) -> Iterator[MadeEvent]:
    """What has still to be written: many streams at once, each in its order."""
    left = [
        [event for event in stream if str(event.cid) not in campaign.acknowledged]
        for stream in campaign.streams
    ]
    left = [stream[::-1] for stream in left if stream]
    while left:
        stream = left[rng.randrange(min(len(left), 30))]
        yield stream.pop()
        if not stream:
            left.remove(stream)


async def _write(campaign: Campaign, port: int, events: Iterator[MadeEvent]) -> None:
    with suppress(OSError, asyncio.IncompleteReadError):
        async with connected(port) as connection:
            for event in events:
                data = "m" + base64.b64encode(event.raw.car).decode().rstrip("=")
                request = post("/ceramic/events", json.dumps({"data": data}).encode())
                status, body = await connection.ask(request)
                if status == 204:
                    campaign.acknowledged.add(str(event.cid))
                    continue
                # Its prev is another writer's, under way or lost with the node: it is written the next time.
                assert status == 400, (status, body)
                assert b"prev" in body or b"init" in body, body


async def _read(campaign: Campaign, port: int, process: subprocess.Popen[str]) -> None:
    with suppress(OSError, asyncio.IncompleteReadError):
        async with connected(port) as connection:
            while process.poll() is None:
                if not await _read_page(campaign, connection):
                    await asyncio.sleep(0.01)


async def _read_page(campaign: Campaign, connection: Connection) -> bool:
    page = await _page(connection, campaign.resume)
    if page is None:
        return False
    campaign.seen += page[0]
    campaign.resume = page[1]
    return True


async def _page(connection: Connection, at: str) -> tuple[list[str], str] | None:
    status, body = await connection.ask(get(f"/ceramic/feed/events?limit={_PAGE}&resumeAt={at}"))
    assert status == 200, (status, body)
    page = json.loads(body)
    assert int(page["resumeToken"]) >= int(at), "the feed went back"
    return ([event["id"] for event in page["events"]], page["resumeToken"]) if page["events"] else None


def _check(campaign: Campaign) -> None:
    assert len(set(campaign.seen)) == len(campaign.seen), "delivered twice"
    assert campaign.acknowledged <= set(campaign.seen), "acknowledged and missing"
    places = {cid: place for place, cid in enumerate(campaign.seen)}
    rules, known = Rules(0), context()
    with closing(SqliteStates(campaign.folder / "store" / "states.sqlite")) as states:
        for stream in campaign.streams:
            assert all(str(event.cid) in places for event in stream), "never kept"
            events = [checked(event.raw) for event in stream]
            assert all(places[str(e.cid)] > places[str(e.prev)] for e in events if e.prev), "out of order"
            wanted = evaluate(events[0].cid, EventSet.of(events), rules, known)
            found = states.stream(events[0].cid)
            assert found is not None
            assert found.row.tip == wanted.tip
            assert found.row.length == len(wanted.log)
            assert found.tip is not None
            state = wanted.judged[Cid(found.tip.cid)].state
            assert state is not None
            assert json.loads(found.tip.data or b"") == json.loads(state.json)
