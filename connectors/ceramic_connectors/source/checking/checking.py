"""All checks of a source, in the order in which it depends on them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from ceramic_connectors.source.censoring import censor_of
from ceramic_connectors.source.checking.at_kafka import check_kafka
from ceramic_connectors.source.checking.at_node import NodeCheck
from ceramic_connectors.source.checking.findings import Finding, Side
from ceramic_connectors.source.checking.of_schemas import check_schemas
from ceramic_connectors.source.config import SourceConfig


def check_source(
    config: SourceConfig,
    *,
    may_write: bool = True,
    sides: Collection[Side] = tuple(Side),
    network: str | None = None,
) -> Iterator[Finding]:
    """Check the node, Kafka and the place of schemas.

    A finding comes as soon as it is known; what makes no sense after a failure isn't checked.

    Args:
        config: of the source.
        may_write: whether a topic may be made, written and deleted, which a source that runs doesn't see.
        sides: which ones are checked.
        network: that of the events, for when the node isn't checked. Without it not all topics are known.
    """
    censor = censor_of(config)
    for found in _findings(config, sides, network, may_write=may_write):
        # Services quote what they were sent.
        yield replace(found, detail=censor.clean(found.detail))


def _findings(
    config: SourceConfig, sides: Collection[Side], network: str | None, *, may_write: bool
) -> Iterator[Finding]:
    node = NodeCheck(config)
    if Side.NODE in sides:
        yield from node.findings()
    if Side.KAFKA in sides:
        yield from check_kafka(config, node.network or network, may_write=may_write)
    if Side.SCHEMAS in sides:
        yield from check_schemas(config)
