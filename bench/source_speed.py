"""How fast a source brings a node's events into Kafka, beside a producer that does nothing else."""

from __future__ import annotations

from time import perf_counter
from typing import Final, NamedTuple

from bench.effort import Effort
from bench.figure import Figure, Series
from bench.node_process import NodeProcess, running_node
from bench.node_store import filled
from bench.source_peer import Bare, records_of
from bench.source_site import BATCH, PARTITIONS, Site, running_site
from ceramic_connectors.source.origin import Feed

_MICRO: Final = 1e6
_VERIFIED: Final = ("--verify", "--verifiers", "2")


class _Took(NamedTuple):
    """Per event: seconds, and CPU seconds of the process, the node and the broker."""

    seconds: float
    cpu: float
    node: float
    broker: float


def figures(effort: Effort) -> list[Figure]:
    """Events a second and CPU per event."""
    count = effort.source_events
    with running_site() as site, running_node(filled(count).copy("source")) as node:
        end = node.info()["head"]["position"]
        _run(site, node, "warm", end, count)
        records = records_of(site, "warm", count)
        bare = Bare(site)
        bare.write(records)
        ours, theirs, checked = list[_Took](), list[_Took](), list[_Took]()
        for number in range(effort.source_rounds):
            ours.append(_run(site, node, f"round-{number}", end, count))
            broker = site.broker.cpu_seconds
            seconds, cpu = bare.write(records)
            theirs.append(
                _Took(seconds / count, cpu / count, 0.0, (site.broker.cpu_seconds - broker) / count)
            )
            checked.append(_run(site, node, f"checked-{number}", end, count, *_VERIFIED))
        bare.close()
    size = sum(len(record.value or b"") for record in records) / count
    note = (
        f"{effort.source_rounds} × {count:,} events of {size:,.0f} bytes, {BATCH:,} a transaction,"
        f" {PARTITIONS} partitions, Avro; beside it the node took {_micros(ours, 2):.0f} and the broker"
        f" {_micros(ours, 3):.0f} µs of CPU per event, with the bare one {_micros(theirs, 3):.0f}"
    )
    name = "bare transactional producer"
    verified = [
        Figure.of(
            Series("source, verified in two processes", [1 / each.seconds for each in checked]),
            Series("verdicts made", [1 / each.seconds for each in ours]),
            "events/s",
            f"{note}; {_micros(checked, 1):.0f} µs of CPU per event with the two processes",
        )
    ]
    rates = [1 / each.seconds for each in ours], [1 / each.seconds for each in theirs]
    cpus = [each.cpu * _MICRO for each in ours], [each.cpu * _MICRO for each in theirs]
    return [
        *verified,
        Figure.of(Series("source, verdicts made", rates[0]), Series(name, rates[1]), "events/s", note),
        Figure.of(Series("source, CPU per event", cpus[0]), Series(name, cpus[1]), "µs", note),
    ]


def _run(site: Site, node: NodeProcess, name: str, end: int, count: int, *options: str) -> _Took:
    with site.source(name, node, "--write", "events", *options) as source:
        # Until it has written something it gets ready, which is not what is measured.
        first = min(site.wait(name, Feed.EVENTS, 1), count - 1)
        started, cpu, of_node = perf_counter(), source.cpu_seconds, node.cpu_seconds
        of_broker = site.broker.cpu_seconds
        site.wait(name, Feed.EVENTS, end)
        events = end - first
        return _Took(
            (perf_counter() - started) / events,
            (source.cpu_seconds - cpu) / events,
            (node.cpu_seconds - of_node) / events,
            (site.broker.cpu_seconds - of_broker) / events,
        )


def _micros(took: list[_Took], which: int) -> float:
    return sorted(each[which] for each in took)[len(took) // 2] * _MICRO
