"""A source as a long-running process, or as several that share its work."""

from __future__ import annotations

import logging
import multiprocessing
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Final, TypeVar

from ceramic_connectors.kafka.errors import KafkaTransactionError, KafkaUnreachableError
from ceramic_connectors.kafka.opening import open_kafka
from ceramic_connectors.kafka.port import Kafka, Topic
from ceramic_connectors.source.apart import ComposerProcess
from ceramic_connectors.source.assembling import (
    BuildComposer,
    Job,
    feeds_of,
    kind_of,
    opening,
    positions_of,
    task_of,
    topics_of,
    writers_of,
)
from ceramic_connectors.source.censoring import censor_of
from ceramic_connectors.source.choices import Start
from ceramic_connectors.source.config import SourceConfig
from ceramic_connectors.source.errors import NodeUnreachableError
from ceramic_connectors.source.filled import UNFILLED, Filled
from ceramic_connectors.source.foreign.checks import check_foreign
from ceramic_connectors.source.meter import Meter
from ceramic_connectors.source.origin import About
from ceramic_connectors.source.planning import Planner, fresh_position
from ceramic_connectors.source.position import Position
from ceramic_connectors.source.progress import Progress
from ceramic_connectors.source.recognising import Kind
from ceramic_connectors.source.topic_maker import TopicMaker
from ceramic_connectors.source.topics import Topics
from ceramic_connectors.watching.logs import start_logging
from ceramic_protocol.errors import CeramicError, OutsideError
from ceramic_protocol.garbage import COLLECTING_LESS
from ceramic_protocol.limits import ORIGIN_RETRY_SECONDS

Tell = Callable[[str], None]
_T = TypeVar("_T")

_LOG: Final = logging.getLogger(__name__)
_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
_LOOK_SECONDS: Final = 0.2


class Source:
    """A source by its configuration: begin it, and run its tasks."""

    def __init__(self, config: SourceConfig, tell: Tell, filled: Filled = UNFILLED) -> None:
        """Begin nothing yet; `filled` says how the node was filled, if that was done for this source."""
        self._config = config
        self._tell = tell
        self._filled = filled

    def run(self, stopping: threading.Event) -> None:
        """Write until it is told to stop, or all is written; what can't be reached is waited for.

        Raises:
            KafkaError: Kafka refuses, or another source has taken over.
            OutsideError: the node refuses.
            ForeignPositionError: the node isn't the one that was read before.
        """
        begun = patiently(self._begun, stopping, self._tell)
        if begun is None:
            return
        kind, about, planned = begun
        count = self._config.tasks
        self._tell(f"reading {self._config.source} ({about.network}), {count} tasks, {_places(planned)}")
        plan, network = planned[0].plan, about.network
        jobs = [Job(self._config, kind, task, plan, network, self._filled) for task in range(count)]
        if count == 1:
            _run_here(jobs[0], stopping, self._tell)
        else:
            _run_processes(jobs, stopping)

    def _begun(self) -> tuple[Kind, About, list[Position]]:
        kind = kind_of(self._config)
        if kind is Kind.CERAMIC_ONE:
            check_foreign(self._config)
        opened = opening(self._config, kind, None, self._tell, self._filled)
        with opened as origins, closing(origins()) as origin:
            about = origin.about()
        return kind, about, self._planned(about)

    def _planned(self, about: About) -> list[Position]:
        config = self._config
        kafka = open_kafka(config.kafka_settings(), config.kafka_library)
        topics = topics_of(config, about.network)
        _make_topics(kafka, topics, config)
        feeds = feeds_of(config, self._filled)
        fresh = fresh_position(about, config.tasks, feeds, from_now=config.start is Start.NOW)
        positions = positions_of(config, kafka, topics)
        planner = Planner(writers_of(config, kafka), positions, TopicMaker(kafka, topics))
        return planner.plan(config.tasks, feeds, fresh)


def patiently(work: Callable[[], _T], stopping: threading.Event, tell: Tell) -> _T | None:
    """The result of something that is tried until node and Kafka can be reached; None if it is to stop."""
    told = ""
    while not stopping.is_set():
        try:
            return work()
        except (NodeUnreachableError, KafkaUnreachableError, KafkaTransactionError) as error:
            if str(error) != told:
                told = str(error)
                tell(f"{told}; trying again")
        stopping.wait(ORIGIN_RETRY_SECONDS)
    return None


def _make_topics(kafka: Kafka, topics: Topics, config: SourceConfig) -> None:
    names = [topics.positions]
    names += [topics.heartbeats] if config.heartbeat else []
    wanted = list(map(topics.topic, names))
    if config.signal_topic is not None:
        wanted.append(Topic(config.signal_topic, 1, config.replication))
    with kafka.admin() as admin:
        admin.create(wanted)


def _places(planned: list[Position]) -> str:
    earliest = min(planned, key=lambda each: [place.position for place in each.places.values()])
    return ", ".join(f"{feed} from {place.position:,}" for feed, place in earliest.places.items())


@contextmanager
def stopping_signals() -> Iterator[threading.Event]:
    """An event that SIGTERM and SIGINT set, until the block ends."""
    stopping = threading.Event()
    before = {number: signal.signal(number, lambda *_: stopping.set()) for number in _SIGNALS}
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _run_here(job: Job, stopping: threading.Event, tell: Tell) -> None:
    """Run a task; each has a port of its own for its figures."""
    with ExitStack() as stack:
        stack.enter_context(COLLECTING_LESS)
        meter = None
        address = job.config.metrics
        if address is not None:
            meter = Meter(job.config.name, job.task)
            stack.enter_context(meter.served(address.behind(job.task)))
        build = BuildComposer(job)
        composer = stack.enter_context(ComposerProcess(build, tell, stopping.is_set))
        task_of(job, composer, stopping, Progress(tell, meter)).run()


def _run_processes(jobs: Sequence[Job], stopping: threading.Event) -> None:
    """Run each task in a process until all have ended; if one of them fails, all do.

    Raises:
        OutsideError: one of them failed; it has said why.
    """
    context = multiprocessing.get_context("spawn")
    # Its other end tells a task to stop by being closed, and so also when this process dies.
    held, told = context.Pipe()
    tasks = [context.Process(target=_run_task, args=(job, told), name=f"task-{job.task}") for job in jobs]
    for process in tasks:
        process.start()
    told.close()
    while not stopping.is_set() and _are_well(tasks):
        stopping.wait(_LOOK_SECONDS)
    held.close()
    for process in tasks:
        process.join()
    failed = [process.name for process in tasks if process.exitcode]
    if failed:
        raise OutsideError(f"{', '.join(failed)} failed; the reason is above")


def _are_well(tasks: Sequence[BaseProcess]) -> bool:
    """Whether some are at work, and none has failed."""
    ends = [process.exitcode for process in tasks]
    return None in ends and not any(ends)


def _watch(told: Connection, stopping: threading.Event) -> None:
    with suppress(EOFError, OSError):
        told.recv()
    stopping.set()


def _run_task(job: Job, told: Connection) -> None:
    for each in _SIGNALS:
        signal.signal(each, signal.SIG_IGN)  # the process that began it tells it when to stop
    stopping = threading.Event()
    threading.Thread(target=_watch, args=(told, stopping), daemon=True).start()
    config = job.config
    start_logging(config.log_format, config.log_level, censor_of(config))

    def tell(text: str) -> None:
        _LOG.info("task %d: %s", job.task, text)

    try:
        _run_here(job, stopping, tell)
    except CeramicError as error:
        _LOG.error("task %d: %s", job.task, error)
        sys.exit(1)
