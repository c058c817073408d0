"""Is all there that a source needs, whatever its URI names?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ceramic_connectors.source.checking import Finding, Side, check_source
from ceramic_connectors.source.config import SourceConfig
from ceramic_connectors.source.uris import OriginKind, origin_of
from ceramic_pipelines.extras import check_node_extra

_OTHERS: Final = (Side.KAFKA, Side.SCHEMAS)


def check_any_source(config: SourceConfig, *, may_write: bool = True) -> Iterator[Finding]:
    """Check a source; see `check_source`.

    Raises:
        UsageError: it takes a node, and what nodes need isn't installed.
    """
    kind = origin_of(config.source)
    if kind is OriginKind.NODE:
        yield from check_source(config, may_write=may_write)
        return
    check_node_extra()
    from ceramic_pipelines.private_node.checks import PrivateCheck

    check = PrivateCheck(config, kind)
    yield from check.findings()
    yield from check_source(config, may_write=may_write, sides=_OTHERS, network=check.network)
