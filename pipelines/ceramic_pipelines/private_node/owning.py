"""A Kafka source with a node of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from threading import Event

from ceramic_connectors.endpoint import Endpoint
from ceramic_connectors.kafka.passwords import read_password
from ceramic_connectors.source.config import SourceConfig
from ceramic_connectors.source.errors import ForeignPositionError
from ceramic_connectors.source.filled import Filled
from ceramic_connectors.source.foreign.client import OneClient
from ceramic_connectors.source.run import Source, patiently
from ceramic_connectors.source.uris import OriginKind, folder_of
from ceramic_pipelines.private_node.child import serve
from ceramic_pipelines.private_node.filling import Filling
from ceramic_pipelines.private_node.following.ceramic_one import CeramicOne
from ceramic_pipelines.private_node.following.filler import CaughtUp, Following, fill
from ceramic_pipelines.private_node.following.port import Followable
from ceramic_pipelines.private_node.following.topics import KafkaTopics
from ceramic_pipelines.private_node.process import Helper
from ceramic_pipelines.private_node.settings import node_config
from ceramic_pipelines.private_node.settling import info, settle
from ceramic_pipelines.private_node.stores import check_free, network_of
from ceramic_pipelines.private_node.watching import watched
from ceramic_pipelines.private_node.work_folder import Tokens, WorkFolder
from ceramic_protocol.errors import UsageError
from ceramic_protocol.limits import FOREIGN_JOIN_SECONDS, PRIVATE_NODE_LOCK_SECONDS, PRIVATE_NODE_POLL_SECONDS
from ceramic_protocol.networks import Network

Tell = Callable[[str], None]


def run_with_node(config: SourceConfig, kind: OriginKind, tell: Tell, stopping: Event) -> None:
    """Run a source that has a node of its own; see `running.run_source`."""
    with WorkFolder.held(config.work_folder) as work:
        running = _Running(config, work, tell, stopping)
        if kind is OriginKind.NODE:
            running.follow_node()
        elif kind is OriginKind.TOPICS:
            running.follow_topics()
        elif kind is OriginKind.STORE:
            running.read_store()
        else:
            running.read_files()


def _token(config: SourceConfig) -> str | None:
    return None if config.node_token is None else read_password(config.node_token)


@dataclass(frozen=True, slots=True)
class _Running:
    """A source with a node of its own."""

    config: SourceConfig
    work: WorkFolder
    tell: Tell
    stopping: Event

    def read_files(self) -> None:
        network = self._named_network()
        tokens = self.work.new_tokens(is_filled=False)
        node = node_config(self.config, network, self.work.store, tokens.file)
        Filling(self.config.source, self.work, self.stopping, self.tell).run(node)
        self._write_all(network, self.work.store, tokens, Filled(is_bounded=True, refused=self.work.refused))

    def read_store(self) -> None:
        store = folder_of(self.config.source)
        network = network_of(store, self.config.network)
        check_free(store, PRIVATE_NODE_LOCK_SECONDS)
        self._write_all(network, store, self.work.new_tokens(is_filled=False), Filled(is_bounded=True))

    def follow_node(self) -> None:
        network = patiently(self._network_of_one, self.stopping, self.tell)
        if network is not None:
            followable = CeramicOne(self.config.source, _token(self.config))
            self._follow(network, followable, f"{Endpoint.parse(self.config.source).name}, a ceramic-one,")

    def follow_topics(self) -> None:
        network = self._named_network()
        topics = patiently(lambda: KafkaTopics.of(self.config, network), self.stopping, self.tell)
        if topics is not None:
            self._follow(network, topics, self.config.source)

    def _follow(self, network: Network, followable: Followable, what: str) -> None:
        tokens = self.work.new_tokens(is_filled=True)
        with self._node(network, self.work.store, tokens) as (node, url):
            if url is not None:
                self.tell(f"reading {what} into {self.work.path}")
                self._follow_into(node, url, tokens, followable)

    def _follow_into(self, node: Helper, url: str, tokens: Tokens, followable: Followable) -> None:
        caught_up = Event()
        # It may end at any moment: it keeps its place behind what the node has.
        filler = Helper(
            f"the process that reads {followable.name}",
            fill,
            self._following(url, tokens, followable),
            stop_seconds=FOREIGN_JOIN_SECONDS,
        )
        heard = partial(self._heard, followable.name, caught_up)
        with filler, watched([node, filler], self.stopping, heard):
            while not caught_up.is_set() and not self.stopping.is_set():
                caught_up.wait(PRIVATE_NODE_POLL_SECONDS)
            # So that what was there before counts as that (snapshot).
            settle(url, read_password(tokens.to_read), self.stopping, self.tell)
            self._write(url, tokens, Filled(refused=self.work.refused))

    def _following(self, url: str, tokens: Tokens, followable: Followable) -> Following:
        epoch = info(url, read_password(tokens.to_read))["epoch"]
        return Following(
            followable,
            url,
            tokens.to_write,
            self.work.refused,
            self.work.cursor,
            epoch,
        )

    def _heard(self, name: str, caught_up: Event, said: object) -> None:
        if isinstance(said, CaughtUp):
            self.tell(f"{said.events:,} events of {name} are in the source's node")
            caught_up.set()
        else:
            self.tell(str(said))

    def _named_network(self) -> Network:
        network = self.config.network
        if network is None:
            raise UsageError(
                "events from files or topics don't say of which network they are: give --network"
            )
        return network

    def _network_of_one(self) -> Network:
        with closing(OneClient(Endpoint.parse(self.config.source), _token(self.config))) as client:
            network = client.network()
        asked = self.config.network
        if asked is not None and asked != network:
            raise UsageError(f"{client.name} is of network {network.name}, not {asked.name}")
        return network

    def _write_all(self, network: Network, store: Path, tokens: Tokens, filled: Filled) -> None:
        """Write what a store has into Kafka, to its end."""
        with self._node(network, store, tokens) as (node, url):
            if url is None:
                return
            with watched([node], self.stopping, lambda said: self.tell(str(said))):
                head = settle(url, read_password(tokens.to_read), self.stopping, self.tell)
                self._write(url, tokens, filled)
        if head is not None and not self.stopping.is_set():
            events, changes = head["head"]["position"], head["follower"]["position"]
            self.tell(
                f"all that {self.config.source} has is in Kafka: events up to {events:,}, changes of states"
                f" up to {changes:,}"
            )

    def _write(self, url: str, tokens: Tokens, filled: Filled) -> None:
        config = replace(self.config, source=url, node_token=tokens.to_read)
        try:
            Source(config, self.tell, filled).run(self.stopping)
        except ForeignPositionError:
            raise ForeignPositionError(
                f"the position of {config.name} in Kafka belongs to another store than that of"
                f" {self.config.source} in {self.work.path}, which was lost or made anew. Give the source"
                " another --name to write all of it"
            ) from None

    @contextmanager
    def _node(self, network: Network, store: Path, tokens: Tokens) -> Iterator[tuple[Helper, str | None]]:
        """A node on a store, and its address; None if it is to stop before there is one."""
        config = node_config(self.config, network, store, tokens.file)
        with Helper("the source's node", serve, config) as node:
            yield node, None if self.stopping.is_set() else node.first_heard(self.stopping.is_set)
