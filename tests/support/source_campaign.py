"""A source under load while broker, source and node are killed again and again, and what Kafka has then."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final, Self

import orjson

from bench.node_process import NodeProcess
from bench.source_process import SourceProcess
from bench.streams import MadeEvent, forked, make_stream, model_event
from ceramic_connectors.kafka.opening import open_kafka
from ceramic_connectors.kafka.port import Kafka
from ceramic_connectors.kafka.settings import KafkaSettings
from ceramic_protocol import multibase
from infra.services.broker import Broker
from infra.services.process import free_ports
from tests.support.services import own_broker
from tests.support.source_topics import Topics, read_topics
from tests.support.waiting import wait_until

FAULTS: Final = ("broker killed", "source killed", "node killed", "broker held up", "second source")

_LENGTH: Final = 5
_AT_ONCE: Final = 40
_PAUSE: Final = 0.1
_CALM: Final = "calm"
_STORMY: Final = "stormy"


@dataclass
class Campaign:
    """What was done to it, and what came of it."""

    faults: dict[str, int] = field(default_factory=lambda: dict.fromkeys(FAULTS, 0))
    written: int = 0
    events: int = 0
    streams: int = 0
    changes: int = 0
    corrections: int = 0

    @property
    def closing_line(self) -> str:
        """Figures in words."""
        faults = ", ".join(f"{count} × {name}" for name, count in self.faults.items())
        return (
            f"{faults}; {self.written:,} events written, {self.events:,} in Kafka, each once and in the order"
            f" of its stream; {self.streams:,} states after {self.changes:,} changes ({self.corrections:,}"
            " corrections), as those of an undisturbed source"
        )


class Writer:
    """Writes events to a node all the time, whether or not it is there."""

    def __init__(self, port: int, seed: int) -> None:
        self.written = 0
        self._port = port
        self._random = random.Random(seed)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        batches = self._batches()
        self._post([model_event()])
        while not self._stopping.wait(_PAUSE):
            self._post(next(batches))

    def _batches(self) -> Iterator[list[MadeEvent]]:
        """Events of many streams at once, each stream in order."""
        under_way: list[list[MadeEvent]] = []
        number = 0
        while True:
            batch: list[MadeEvent] = []
            while len(batch) < _AT_ONCE:
                if len(under_way) < _AT_ONCE:
                    under_way.append(make_stream(number, forked(_LENGTH))[::-1])
                    number += 1
                stream = under_way[self._random.randrange(len(under_way))]
                batch.append(stream.pop())
                if not stream:
                    under_way.remove(stream)
            yield batch

    def _post(self, events: list[MadeEvent]) -> None:
        body = b"".join(orjson.dumps({"car": multibase.encode(each.raw.car, "m")}) + b"\n" for each in events)
        while True:
            try:
                connection = HTTPConnection("127.0.0.1", self._port, timeout=30)
                try:
                    connection.request("POST", "/v1/events", body, {"Content-Type": "application/x-ndjson"})
                    answer = connection.getresponse()
                    said = answer.read()
                finally:
                    connection.close()
                if answer.status == 200:
                    self.written += len(events)
                    return
                assert answer.status >= 500, said
            except (OSError, HTTPException):
                pass
            if self._stopping.wait(_PAUSE):
                # What wasn't acknowledged may or may not be there.
                return


@dataclass
class Site:
    """All that can be hurt."""

    folder: Path
    broker: Broker
    node_port: int
    source: SourceProcess
    node: NodeProcess
    random: random.Random
    tasks: int

    @property
    def kafka(self) -> Kafka:
        """A client of the broker."""
        return open_kafka(KafkaSettings(self.broker.addresses.plain))

    def start_node(self) -> None:
        """Start the node on its port, whether it ran before or not."""
        self.node = NodeProcess(
            self.folder / "node", "--network", "local-7", "--bind", f"127.0.0.1:{self.node_port}"
        )
        self.node.wait()


def run_campaign(folder: Path, rounds: int, *, tasks: int = 1, seed: int = 1) -> Campaign:
    """Let each fault happen so many times, and check what is in Kafka.

    Raises:
        AssertionError: something is missing, twice, out of order or wrong.
    """
    campaign = Campaign()
    with _site(folder, tasks, seed) as site:
        with Writer(site.node_port, seed) as writer:
            site.source.wait_until_said("reading")
            order = [fault for fault in FAULTS for _ in range(rounds)]
            site.random.shuffle(order)
            for fault in order:
                time.sleep(site.random.uniform(0.3, 2.5))
                _ACTIONS[fault](site)
                campaign.faults[fault] += 1
        campaign.written = writer.written
        _check(site, campaign)
    return campaign


@contextmanager
def _site(folder: Path, tasks: int, seed: int) -> Iterator[Site]:
    with ExitStack() as stack:
        (folder / "broker").mkdir()
        broker = stack.enter_context(own_broker(folder / "broker"))
        (port,) = free_ports(1)
        source = SourceProcess(folder / "source.log", *_options(port, broker, _STORMY, tasks))
        node = NodeProcess(folder / "node", "--network", "local-7", "--bind", f"127.0.0.1:{port}")
        site = Site(folder, broker, port, source, node, random.Random(seed), tasks)
        stack.callback(lambda: site.node.end())  # noqa: PLW0108  # the one that runs in the end
        stack.callback(lambda: site.source.stop())  # noqa: PLW0108
        site.node.wait()
        source.start()
        yield site


def _options(node_port: int, broker: Broker, prefix: str, tasks: int) -> list[str]:
    return [
        *("--source", f"http://127.0.0.1:{node_port}", "--kafka", broker.addresses.plain),
        *("--prefix", prefix, "--name", prefix, "--batch", "200", "--heartbeat", "2"),
        *("--tasks", str(tasks)),
    ]


def _kill_broker(site: Site) -> None:
    site.broker.kill()
    time.sleep(site.random.uniform(0.0, 1.0))
    site.broker.start()


def _kill_source(site: Site) -> None:
    site.source.kill()
    time.sleep(site.random.uniform(0.0, 0.5))
    site.source.start()


def _kill_node(site: Site) -> None:
    site.node.end(9)
    time.sleep(site.random.uniform(0.0, 0.5))
    site.start_node()


def _hold_broker(site: Site) -> None:
    site.broker.pause()
    time.sleep(site.random.uniform(1.0, 12.0))
    site.broker.resume()


def _second_source(site: Site) -> None:
    """Another one of the same name takes over; the first one is shut out, ends, and says why."""
    second = SourceProcess(
        site.folder / "source.log", *_options(site.node_port, site.broker, _STORMY, site.tasks)
    )
    second.start()
    try:
        wait_until(lambda: site.source.exit_code is not None or second.exit_code is not None)
    except BaseException:
        second.stop()
        raise
    if second.exit_code is not None:  # the broker wasn't back yet: it may well be the first that goes on
        assert site.source.exit_code is None, site.source.log[-3000:]
        return
    assert site.source.exit_code == 3, site.source.log[-3000:]
    site.source = second


_ACTIONS: Final[dict[str, Callable[[Site], None]]] = dict(
    zip(FAULTS, (_kill_broker, _kill_source, _kill_node, _hold_broker, _second_source), strict=True)
)


def _check(site: Site, campaign: Campaign) -> None:
    site.node.settle()
    position = site.node.info()["head"]["position"]
    feed = _feed(site)
    assert campaign.written <= len(feed) <= position
    calm = SourceProcess(site.folder / "calm.log", *_options(site.node_port, site.broker, _CALM, 1))
    calm.start()
    try:
        quiet = read_topics(site.kafka, _CALM, lambda found: found.event_count >= len(feed))
        tips = _tips(site)
        quiet = read_topics(site.kafka, _CALM, lambda found: _is_all(found, feed, tips))
        stormy = read_topics(site.kafka, _STORMY, lambda found: _is_all(found, feed, tips))
    finally:
        calm.stop()
    assert stormy.event_count == len(feed), (stormy.event_count, len(feed), site.source.log[-3000:])
    assert {cid for cids in stormy.events.values() for cid in cids} == set(feed)
    assert dict(stormy.events) == dict(quiet.events), "streams in another order"
    assert stormy.tips() == quiet.tips()
    assert stormy.letters == quiet.letters == []
    _check_chains(stormy)
    campaign.events = stormy.event_count
    campaign.streams = len(stormy.states)
    campaign.changes = sum(map(len, stormy.states.values()))
    campaign.corrections = sum(
        state["correction"] for states in stormy.states.values() for state in states if state
    )


def _check_chains(found: Topics) -> None:
    """Each change once and in order: it goes on from the tip that the one before came to."""
    for stream, states in found.states.items():
        tip = None
        for state in states:
            assert state["previous_tip"] == tip, (stream, states)
            tip = state["tip"]


def _is_all(found: Topics, feed: list[str], tips: dict[str, str]) -> bool:
    return (
        found.event_count >= len(feed)
        and {stream: tip for stream, (tip, _content) in found.tips().items()} == tips
    )


def _feed(site: Site) -> list[str]:
    """The CIDs of all events of the node."""
    cids, resume = list[str](), ""
    while True:
        page = site.node.get(f"/v1/feed?limit=5000{resume}")[1]
        cids += [event["cid"] for event in page["events"]]
        resume = f"&resume={page['resume']}"
        if page["is_end"]:
            return cids


def _tips(site: Site) -> dict[str, str]:
    """The tips of all streams of the node."""
    found, resume = dict[str, str](), ""
    while True:
        page = site.node.get(f"/v1/streams?limit=5000{resume}")[1]
        found |= {each["stream_id"]: each["tip"] for each in page["streams"] if each["tip"]}
        resume = f"&resume={page['resume']}"
        if page["is_end"]:
            return found
