"""Is all there that a source needs which has a node of its own?"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ceramic_connectors.event_sources.topics import TopicEvents
from ceramic_connectors.files import find_files
from ceramic_connectors.outside import outside
from ceramic_connectors.source.checking import Finding, Side
from ceramic_connectors.source.checking.findings import tried
from ceramic_connectors.source.config import SourceConfig
from ceramic_connectors.source.uris import OriginKind, folder_of, path_of
from ceramic_node.operation.building import make_chain
from ceramic_pipelines.private_node.following.topics import KafkaTopics
from ceramic_pipelines.private_node.settings import node_config
from ceramic_pipelines.private_node.stores import check_free, network_of
from ceramic_protocol.errors import OutsideError
from ceramic_protocol.networks import IN_MEMORY

_ENDINGS: Final = (".car", ".ndjson", ".ndjson.gz", ".parquet")


class PrivateCheck:
    """Checks of what a source with a node of its own reads.

    Attributes:
        network: of it, once that is known.
    """

    def __init__(self, config: SourceConfig, kind: OriginKind) -> None:
        """Look at nothing yet."""
        self.network: str | None = None if config.network is None else config.network.name
        self._config: Final = config
        self._kind: Final = kind

    def findings(self) -> Iterator[Finding]:
        """Whether it is there, and the node's folder and chain can be used."""
        if self._kind is OriginKind.STORE:
            yield tried(Side.NODE, "folder", self._store)
        elif self._kind is OriginKind.TOPICS:
            yield tried(Side.NODE, "topics", self._topics)
        else:
            yield tried(Side.NODE, "files", lambda: _files(self._config))
        yield tried(Side.NODE, "work folder", lambda: _work(self._config))
        yield tried(Side.NODE, "chain", lambda: _chain(self._config))

    def _store(self) -> str:
        folder = folder_of(self._config.source)
        self.network = network_of(folder, self._config.network).name
        check_free(folder, 0)
        return f"a store of {self.network}, and no node runs on it"

    def _topics(self) -> str:
        topics = KafkaTopics.of(self._config, self._config.network or IN_MEMORY)
        (servers, patterns), access = topics.address, topics.access
        found = TopicEvents.open(servers, patterns, access)
        names = {each.partition.topic for each in found.ranges}
        return f"{len(names):,} topics with records, {found.count:,} offsets"


def _files(config: SourceConfig) -> str:
    files = find_files(path_of(config.source), _ENDINGS)
    return f"{len(files):,} files, {sum(each.size for each in files):,} bytes"


def _work(config: SourceConfig) -> str:
    folder = config.work_folder
    there = _first_there(folder)
    if not os.access(there, os.W_OK | os.X_OK):
        raise OutsideError(f"{there} can't be written to; name another folder with --work-dir")
    return f"{folder} {'is there' if there == folder else 'will be made'}"


def _first_there(path: Path) -> Path:
    with outside(f"look at {path}"):
        return next(each for each in (path, *path.absolute().parents) if each.exists())


def _chain(config: SourceConfig) -> str:
    folder = config.work_folder
    make_chain(node_config(config, config.network or IN_MEMORY, folder, folder / "tokens.txt"))
    if config.chain is not None:
        return f"anchors are looked up in {config.chain}"
    return f"{len(config.rpc)} endpoints are named" if config.rpc else "none: time events stay pending"
