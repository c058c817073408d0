"""Writes the pages that follow from the code: `python docs/generate.py` (make docs)."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from ceramic_node.metrics import METRICS, Metric
from ceramic_protocol.reasons import Reason
from ceramic_protocol.tables import TABLES, Table

FOLDER = Path(__file__).parent

_REASONS = """# Reasons

Why an event is not, or not yet, part of its stream. The same word stands in verdicts, in the table
`rejected`, in metrics and here. *Rejected* stays so, but for times of
capabilities, which an anchor that comes later can prove; *pending* may change when more is known.
`ceramic-streams inspect CODE` says the same of one of them. Options such as `--chain` are those of `verify`.

Made from `ceramic_protocol.reasons` by `make docs`.
"""

_TABLES = """# Tables

What `ceramic-streams export` writes. The columns of ceramic-one come first, in its order and types; ours
follow. `dimensions` is `map<string, dictionary<int32, binary>>` with the keys model, controller, context and
unique. `data` is DAG-JSON, `{"metadata":{…},"content":…}`.

Made from `ceramic_protocol.tables` by `make docs`.
"""


def reasons_page() -> str:
    """One table per layer."""
    parts = [_REASONS]
    for layer, members in groupby(Reason, key=lambda reason: reason.layer):
        parts.append(f"\n## {layer.value}\n\n| code | verdict | cause | remedy |\n|---|---|---|---|\n")
        parts += map(_reason, members)
    return "".join(parts)


def _reason(reason: Reason) -> str:
    code = f'<a id="{reason.value}"></a>`{reason.value}`'
    return f"| {code} | {reason.outcome.value} | {reason.summary} | {reason.remedy} |\n"


def tables_page() -> str:
    """One table per table."""
    return _TABLES + "".join(map(_table, TABLES))


def _table(table: Table) -> str:
    head = f"\n## {table.name}\n\n| column | type | null | meaning |\n|---|---|---|---|\n"
    rows = (
        f"| `{field.name}` | {field.type} | {'yes' if field.nullable else ''} | {field.doc} |\n"
        for field in table.fields
    )
    return head + "".join(rows)


_METRICS = """# Metrics

What a node tells Prometheus, at the address of `node run --metrics` under `/metrics`. A counter's name is
the one that queries use. Labels have few values: none of them is chosen by a client.

Made from `ceramic_node.metrics` by `make docs`.

| metric | kind | labels | unit | meaning |
|---|---|---|---|---|
"""


def metrics_page() -> str:
    """One table of all metrics."""
    return _METRICS + "".join(map(_metric, METRICS))


def _metric(metric: Metric) -> str:
    labels = ", ".join(f"`{label}`" for label in metric.labels)
    cells = (f"`{metric.full_name}`", metric.kind.value, labels, metric.unit, metric.help)
    return f"| {' | '.join(cells)} |\n"


PAGES = {"reasons.md": reasons_page, "tables.md": tables_page, "metrics.md": metrics_page}


def main() -> None:
    """Write every page."""
    for name, make in PAGES.items():
        (FOLDER / name).write_text(make(), encoding="utf-8")


if __name__ == "__main__":
    main()
