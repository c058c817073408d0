"""The benchmarks by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bench import (
    accounts,
    batch,
    build,
    job,
    live,
    node_feed,
    node_ingest,
    node_latency,
    node_memory,
    node_start,
    node_sustained,
    publishing,
    queries,
    reading,
    resolve,
    source_lag,
    source_memory,
    source_recovery,
    source_speed,
    sql,
    states,
    store,
    verify,
    whole_job,
)
from bench.effort import FULL, SHORT, Effort
from bench.figure import Figure

__all__ = ["BENCHMARKS", "FULL", "SHORT"]

BENCHMARKS: Final[dict[str, Callable[[Effort], list[Figure]]]] = {
    "verify": verify.figures,
    "accounts": accounts.figures,
    "batch": batch.figures,
    "build": build.figures,
    "resolve": resolve.figures,
    "live": live.figures,
    "job": job.figures,
    "pipeline": whole_job.figures,
    "store": store.figures,
    "states": states.figures,
    "sql": sql.figures,
    "queries": queries.figures,
    "node-ingest": node_ingest.figures,
    "node-feed": node_feed.figures,
    "node-latency": node_latency.figures,
    "node-sustained": node_sustained.figures,
    "node-memory": node_memory.figures,
    "node-start": node_start.figures,
    "reading": reading.figures,
    "publishing": publishing.figures,
    "source-speed": source_speed.figures,
    "source-lag": source_lag.figures,
    "source-memory": source_memory.figures,
    "source-recovery": source_recovery.figures,
}
