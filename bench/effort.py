"""How much to measure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Effort:
    """Sizes of a run.

    `rounds` of `events` for what is measured per event, streams of `stream_lengths`; the whole job `job_runs`
    times over `job_events`, batches of `batch_events` `batch_rounds` times; `sessions` with `session_events`
    each `session_rounds` times; single events onto streams of `live_length` with each of `live_forks`, in
    `live_rounds`; stores with each of `store_sizes`, `store_rounds` times; states of each of `state_sizes`
    streams, `state_rounds` times. A node with each of `node_sizes` events stored, `node_rounds` times, after
    `node_warm` events that aren't measured: so many events one by one (`node_singles`) and in batches
    (`node_batched`), as many read (`node_read`), and a steady load for `node_load_seconds`, once for
    `node_long_seconds`; its memory at each of `node_ingested` events, and its start with `node_started` of
    them. A source reads `source_events`, `source_rounds` times; `source_load_seconds` of a steady load; its
    memory at each of `source_read` events; and its broker is killed `source_kills` times. The
    main job as a pipeline runs on each of `pipeline_events`, `pipeline_rounds` and `pipeline_many_rounds`
    times. Each question of `docs/queries.md` is asked of `query_events`, `query_rounds` times.
    """

    rounds: int
    events: int
    stream_lengths: tuple[int, ...]
    job_runs: int
    job_events: int
    batch_rounds: int
    batch_events: int
    sessions: int
    session_events: int
    session_rounds: int
    live_length: int
    live_forks: tuple[int, ...]
    live_rounds: int
    store_sizes: tuple[int, int]
    store_rounds: int
    state_sizes: tuple[int, int]
    state_rounds: int
    node_sizes: tuple[int, int]
    node_rounds: int
    node_warm: int
    node_singles: int
    node_batched: int
    node_read: int
    node_load_seconds: float
    node_long_seconds: float
    node_ingested: tuple[int, ...]
    node_started: int
    source_events: int
    source_rounds: int
    source_load_seconds: float
    source_read: tuple[int, int]
    source_kills: int
    pipeline_events: tuple[int, int]
    pipeline_rounds: int
    pipeline_many_rounds: int
    query_events: int
    query_rounds: int


FULL: Final = Effort(
    rounds=31,
    events=500,
    stream_lengths=(10, 1000),
    job_runs=3,
    job_events=20_000,
    batch_rounds=5,
    batch_events=100_000,
    sessions=200,
    session_events=100,
    session_rounds=7,
    live_length=10_000,
    live_forks=(0, 10, 1000),
    live_rounds=7,
    store_sizes=(10_000, 500_000),
    store_rounds=15,
    state_sizes=(10_000, 500_000),
    state_rounds=5,
    node_sizes=(10_000, 500_000),
    node_rounds=5,
    node_warm=10_000,
    node_singles=5_000,
    node_batched=20_000,
    node_read=100_000,
    node_load_seconds=5.0,
    node_long_seconds=60.0,
    node_ingested=(10_000, 100_000, 500_000),
    node_started=1_000_000,
    source_events=50_000,
    source_rounds=5,
    source_load_seconds=30.0,
    source_read=(100_000, 1_000_000),
    source_kills=5,
    pipeline_events=(100_000, 1_000_000),
    pipeline_rounds=5,
    pipeline_many_rounds=3,
    query_events=100_000,
    query_rounds=9,
)
SHORT: Final = Effort(
    rounds=3,
    events=10,
    stream_lengths=(10,),
    job_runs=1,
    job_events=300,
    batch_rounds=1,
    batch_events=500,
    sessions=4,
    session_events=20,
    session_rounds=1,
    live_length=100,
    live_forks=(0, 10),
    live_rounds=1,
    store_sizes=(1000, 2000),
    store_rounds=1,
    state_sizes=(10, 1000),
    state_rounds=1,
    node_sizes=(200, 500),
    node_rounds=1,
    node_warm=50,
    node_singles=50,
    node_batched=100,
    node_read=400,
    node_load_seconds=0.5,
    node_long_seconds=1.0,
    node_ingested=(100, 200, 500),
    node_started=1000,
    source_events=4_000,
    source_rounds=1,
    source_load_seconds=1.0,
    source_read=(200, 1000),
    source_kills=1,
    pipeline_events=(2_000, 10_000),
    pipeline_rounds=1,
    pipeline_many_rounds=1,
    query_events=300,
    query_rounds=2,
)
