"""The most memory that a source takes while it reads very many events."""

from __future__ import annotations

from typing import Final

from bench.effort import Effort
from bench.figure import Figure, Series
from bench.node_process import running_node
from bench.node_store import filled
from bench.source_site import running_site
from ceramic_connectors.source.origin import Feed

_NAME: Final = "memory"
_MEGA: Final = 1e6


def figures(effort: Effort) -> list[Figure]:
    """The peak after all, beside that after the first of them."""
    few, many = effort.source_read
    peaks = list[float]()
    with (
        running_site() as site,
        running_node(filled(many).copy(_NAME)) as node,
        site.source(_NAME, node, "--write", "events") as source,
    ):
        for position in (few, node.info()["head"]["position"]):
            site.wait(_NAME, Feed.EVENTS, position)
            peaks.append(source.peak_bytes / _MEGA)
    note = f"1 × {many:,} events, as fast as it goes"
    return [
        Figure.of(
            Series(f"source, peak memory, {many:,} events", peaks[1:]),
            Series(f"{few:,} events", peaks[:1]),
            "MB",
            note,
        )
    ]
