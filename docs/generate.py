"""Writes the pages that follow from the code: `python docs/generate.py` (make docs)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from ceramic_connectors.config import Setting
from ceramic_connectors.source.checks import SOURCE as KAFKA_SOURCE
from ceramic_node.metrics import METRICS, Metric
from ceramic_protocol.reasons import Reason
from ceramic_protocol.records import RECORDS, SOURCE
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
unique. `data` is DAG-JSON, `{"metadata":{…},"content":…}`. [exports.md](exports.md) says how their files lie
in folders, and how they are read while a run writes.

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


_RECORDS = """# Records

What the Kafka source writes: a log of events (`….events`), the states of streams (`….state`, compacted) and
heartbeats. The key of an event or a state is its StreamID as UTF-8 text.

Made from `ceramic_protocol.records` by `make docs`.

## Forms

| form | value of a message | headers that belong to it |
|---|---|---|
| `avro` | a zero, the schema's id in four bytes (the highest first), the record in Avro's binary encoding: \
what Confluent's (de)serializers write and read | |
| `json` | a JSON object, its members in the order below, bytes as base64 | |
| `cloudevents` | the same | `content-type: application/json` and `ce_…`, below |
| `cloudevents-structured` | a JSON object of the attributes below, `datacontenttype` and, as `data`, that \
of `json` | `content-type: application/cloudevents+json` |

Types below are those of the field lists:

| type | Avro | JSON |
|---|---|---|
| utf8 | string | string |
| int64 | long | number; some readers keep 53 bits only |
| bool | boolean | true or false |
| binary | bytes | base64, with padding |
| list<utf8> | array of string | array |
| source | record `ceramic.Source` | object |

A field that may be null is a union of null and its type in Avro, and always there in JSON.

### CloudEvents

Attributes follow CloudEvents 1.0 and its binding for Kafka. `source` and `id` together name a record: who
gets the same pair again has it already, or a later word on the same event.

| attribute | event | state | heartbeat |
|---|---|---|---|
| `specversion` | 1.0 | 1.0 | 1.0 |
| `type` | ceramic.event.v1 | ceramic.state.v1 | ceramic.heartbeat.v1 |
| `source` | `ceramic://<network>/<node>` | `ceramic://<network>/<node>` | `ceramic-streams:<name>` |
| `id` | `event_cid` | `<stream_id>:<position>` | `ts_ms` |
| `time` | `source.ts_ms` as RFC 3339 | `source.ts_ms` as RFC 3339 | `ts_ms` as RFC 3339 |
| `subject` | `stream_id` | `stream_id` | |
| `partitionkey` | `stream_id` | `stream_id` | `name` |

## Schemas

Avro's schemas stand under the subject `<topic>-value`. A process looks there once for each topic, and puts
its schema there if it is missing; that takes the right to write, the look-up doesn't.

- **A registry** that speaks as Confluent's does. The tests run with Apicurio's, whose address ends in
  `/apis/ccompat/v7`. A new subject gets the level `BACKWARD_TRANSITIVE` where the registry has none
  (`NONE`, as Apicurio's has from the start); any other level stays as it is. User and password, or a token,
  are read from `file:PATH` or `env:NAME`. A certificate authority of one's own is named by `SSL_CERT_FILE`.
- **A folder**, without a server: `<subject>/v1.avsc`, `v2.avsc` …, and `ids.json`. Several processes of a
  machine may use it. It judges versions as a registry at `BACKWARD_TRANSITIVE` does.

## Versions

- A field that comes later may be null or is a list, so it has a default. Readers of the version before
  leave it out; readers of the version after find null, or an empty list, in older records.
- A field that is there stays, with its name, its type and its meaning; so do the names `ceramic.Event`,
  `ceramic.State`, `ceramic.Heartbeat` and `ceramic.Source`. What can't be said so comes in a topic of its
  own, as `ceramic.event.v2`.
- `op`, `verdict`, `reason` and `cause` are texts: a later version may have more words for them.
- Readers of JSON ignore members that they don't know.

A second version is tried against Apicurio's registry by the tests, which let Confluent's and Avro's own
libraries for Python and Java read what was written.

## What goes wrong

| code | when |
|---|---|
| `record_unfit` | a row isn't one of its table, or a message holds no such record; the text names the field |
| `schema_unknown` | there is no schema of that id |
| `schema_incompatible` | the registry or the folder finds that readers couldn't do with this version |
| `schema_invalid` | the registry doesn't take the schema for one |
| `schemas_refused` | the registry doesn't know the user or the token, or doesn't allow it |
| `schemas_unreachable` | the registry doesn't answer |
| `schemas` | something else, which the text says |
"""


def records_page() -> str:
    """How records are written, and one table per record."""
    return _RECORDS + "".join(map(_record, (*RECORDS, SOURCE)))


def _record(table: Table) -> str:
    return _table(table).replace("| column |", "| field |")


_SETTINGS = "<!-- settings: made by docs/generate.py -->\n"
_END_OF_SETTINGS = "<!-- end of settings -->"
_DEFAULT = "  [default: "


def source_page() -> str:
    """The page as it is, with the settings that the source has now."""
    page = (FOLDER / "kafka-source.md").read_text(encoding="utf-8")
    before, _, rest = page.partition(_SETTINGS)
    _, _, after = rest.partition(_END_OF_SETTINGS)
    return f"{before}{_SETTINGS}{''.join(_setting_tables())}\n{_END_OF_SETTINGS}{after}"


def _setting_tables() -> Iterator[str]:
    for group, settings in groupby(KAFKA_SOURCE.settings, key=lambda setting: setting.group):
        yield f"\n### {group}\n\n| setting | value | default | meaning |\n|---|---|---|---|\n"
        yield from map(_setting, settings)


def _setting(setting: Setting) -> str:
    meaning, _, told = setting.help.partition(_DEFAULT)
    default = "required" if setting.is_needed else told.rstrip("]")
    if isinstance(setting.default, str):
        default = f"`{setting.default}`"
    word = setting.kind.word.replace("|", "\\|")
    lists = " Any number of times." if setting.is_list else ""
    return f"| `{setting.flag}` | `{word}` | {default} | {meaning}{lists} |\n"


PAGES = {
    "reasons.md": reasons_page,
    "tables.md": tables_page,
    "metrics.md": metrics_page,
    "records.md": records_page,
    "kafka-source.md": source_page,
}


def main() -> None:
    """Write every page."""
    for name, make in PAGES.items():
        (FOLDER / name).write_text(make(), encoding="utf-8")


if __name__ == "__main__":
    main()
