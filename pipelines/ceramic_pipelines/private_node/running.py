"""A Kafka source by its URI, whatever that names: with a node of its own where it takes one."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

from ceramic_connectors.endpoint import Endpoint
from ceramic_connectors.kafka.passwords import read_password
from ceramic_connectors.source.choices import Writes
from ceramic_connectors.source.config import SourceConfig
from ceramic_connectors.source.recognising import Kind, recognise
from ceramic_connectors.source.run import Source, patiently, stopping_signals
from ceramic_connectors.source.uris import OriginKind, origin_of
from ceramic_pipelines.extras import check_node_extra

Tell = Callable[[str], None]


def run_source(config: SourceConfig, tell: Tell) -> None:
    """Run a source until SIGTERM or SIGINT, or until all is written of what comes to an end.

    Raises:
        CeramicError: as `Source.run`; or what is read, or the node, can't be used.
    """
    with stopping_signals() as stopping:
        kind = origin_of(config.source)
        if kind is OriginKind.NODE and not _needs_node(config, tell, stopping):
            Source(config, tell).run(stopping)
        else:
            check_node_extra()
            from ceramic_pipelines.private_node.owning import run_with_node

            run_with_node(config, kind, tell, stopping)
    tell("stopped")


def _needs_node(config: SourceConfig, tell: Tell, stopping: Event) -> bool:
    """Whether an address is that of a ceramic-one of which more is wanted than events by themselves."""
    wants_more = config.write is not Writes.EVENTS or config.rpc or config.chain is not None
    if config.verify or not wants_more:
        return False
    endpoint = Endpoint.parse(config.source)
    token = None if config.node_token is None else read_password(config.node_token)
    return patiently(lambda: recognise(endpoint, token), stopping, tell) is Kind.CERAMIC_ONE
