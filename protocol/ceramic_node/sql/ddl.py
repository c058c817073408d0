"""What the mirror consists of: two tables that are written, and the views that are asked for."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from ceramic_node.sql.schemas import CATALOG, SCHEMA, TABLES

# ruff: noqa: S608 - the only names that come into statements are our own

VERSION: Final = 1
"""A mirror of another version is made anew."""

NODE: Final = f"{CATALOG}.node"
"""The schema of the tables behind the views, which nobody asks for."""

FRONTIER: Final = "ceramic_frontier"
"""Variable: the position in the feed up to which every event has been judged."""

AFTER: Final = "ceramic_after"
"""Variable: behind which order a step of a feed looks."""

UPTO: Final = "ceramic_upto"
"""Variable: and up to which one."""

TABLE_DDL: Final = (
    f"CREATE SCHEMA {NODE}",
    f"CREATE SCHEMA {CATALOG}.{SCHEMA}",
    f"""CREATE TABLE {NODE}.head (
        version INTEGER, generation VARCHAR, number UBIGINT, frontier UBIGINT, is_complete BOOLEAN
    )""",
    f"""CREATE TABLE {NODE}.events (
        conclusion_event_order UBIGINT, event_state_order UBIGINT, stream_cid BLOB, stream_type UTINYINT,
        controller VARCHAR, dimensions MAP(VARCHAR, BLOB), event_cid BLOB, event_type UTINYINT,
        event_height UINTEGER, data BLOB, validation_errors VARCHAR[], before UBIGINT, chain_id VARCHAR,
        event_cid_partition INTEGER, stream_id VARCHAR, signer VARCHAR, capability_cid BLOB,
        verified_at_profile VARCHAR, anchored_at UBIGINT, canonical BOOLEAN, expires_at UBIGINT,
        event_data BLOB, prev BLOB
    )""",
    f"""CREATE TABLE {NODE}.streams (
        stream_tip_order UBIGINT, stream_cid BLOB, stream_type UTINYINT, controller VARCHAR,
        dimensions MAP(VARCHAR, BLOB), tip BLOB, has_forks BOOLEAN, stream_id VARCHAR, model VARCHAR,
        first_anchored_at UBIGINT, last_anchored_at UBIGINT
    )""",
    f"INSERT INTO {NODE}.head VALUES ({VERSION}, '', 0, 0, false)",
)

_PREVIOUS: Final = "CASE WHEN prev IS NULL THEN NULL ELSE [prev] END AS previous"
_IS_STEP: Final = f"> getvariable('{AFTER}') AND {{order}} <= getvariable('{UPTO}') ORDER BY {{order}}"

_VALID: Final = (
    "SELECT e.stream_cid, e.event_cid, e.event_height, e.canonical, e.prev"
    f" FROM {NODE}.events e SEMI JOIN (SELECT stream_cid FROM {NODE}.streams WHERE has_forks) f"
    " USING (stream_cid) WHERE len(e.validation_errors) = 0"
)
_LEAVES: Final = (
    f"SELECT stream_cid, list(event_cid ORDER BY event_cid) AS leaves FROM ({_VALID}) valid"
    f" WHERE event_cid NOT IN (SELECT prev FROM ({_VALID}) built WHERE prev IS NOT NULL)"
    " GROUP BY stream_cid"
)
_REVERTED: Final = (
    "SELECT stream_cid, list(event_cid ORDER BY event_height, event_cid) AS reverted"
    f" FROM ({_VALID}) valid WHERE NOT canonical GROUP BY stream_cid"
)


def _columns(name: str, **instead: str) -> str:
    schema: pa.Schema = TABLES[name]
    return ", ".join(instead.get(field.name, field.name) for field in schema)


def _conclusions(name: str) -> str:
    chosen = _columns(name, data="event_data AS data", previous=_PREVIOUS)
    return f"SELECT {chosen} FROM {NODE}.events WHERE conclusion_event_order"


def _tips() -> str:
    others = "list_filter(coalesce(l.leaves, []), lambda x: x <> s.tip)"
    chosen = _columns(
        "stream_tips",
        event_state_order="t.event_state_order",
        tips=f"list_prepend(s.tip, {others}) AS tips",
        **_of("s", "stream_cid", "stream_type", "controller", "dimensions", "stream_id"),
    )
    return (
        f"SELECT {chosen} FROM {NODE}.streams s JOIN {NODE}.events t ON t.event_cid = s.tip"
        f" LEFT JOIN ({_LEAVES}) l ON l.stream_cid = s.stream_cid"
    )


def _states() -> str:
    chosen = _columns(
        "stream_states",
        stream_state_order="s.stream_tip_order AS stream_state_order",
        reverted="coalesce(r.reverted, []) AS reverted",
        **_of("s", "stream_cid", "stream_type", "controller", "dimensions", "stream_id"),
    )
    return (
        f"SELECT {chosen} FROM {NODE}.streams s JOIN {NODE}.events t ON t.event_cid = s.tip"
        f" LEFT JOIN ({_REVERTED}) r ON r.stream_cid = s.stream_cid"
    )


def _of(table: str, *names: str) -> dict[str, str]:
    return {name: f"{table}.{name}" for name in names}


def views() -> dict[str, str]:
    """What can be asked for, by name."""
    states = f"FROM {NODE}.events"
    return {
        "conclusion_events": f"{_conclusions('conclusion_events')} <= getvariable('{FRONTIER}')",
        "conclusion_events_feed": (
            f"{_conclusions('conclusion_events_feed')} {_IS_STEP.format(order='conclusion_event_order')}"
        ),
        "event_states": f"SELECT {_columns('event_states')} {states}",
        "event_states_feed": (
            f"SELECT {_columns('event_states_feed')} {states}"
            f" WHERE event_state_order {_IS_STEP.format(order='event_state_order')}"
        ),
        "stream_tips": _tips(),
        "stream_states": _states(),
    }


MACROS: Final = (
    # What a cast of bytes to text means to clients of ceramic-one; DuckDB's own writes \x22 for quotes.
    "as_text(x BLOB) AS decode(x), (x) AS CAST(x AS VARCHAR)",
    "dimension_extract(m, k) AS map_extract_value(m, k)",
    "array_element(l, n) AS list_extract(l, n)",
    "array_empty(l) AS len(l) = 0",
    "empty(l) AS len(l) = 0",
    "array_ndims(l) AS 1",
    "btrim(x) AS trim(x), (x, c) AS trim(x, c)",
    "arrow_typeof(x) AS typeof(x)",
    "json_get(j, k) AS json_extract(j, k)",
    "json_get_json(j, k) AS CAST(json_extract(j, k) AS VARCHAR)",
    "json_get_str(j, k) AS json_extract_string(j, k)",
    "json_get_int(j, k) AS TRY_CAST(json_extract_string(j, k) AS BIGINT)",
    "json_get_float(j, k) AS TRY_CAST(json_extract_string(j, k) AS DOUBLE)",
    "json_get_bool(j, k) AS TRY_CAST(json_extract_string(j, k) AS BOOLEAN)",
    "json_as_text(j, k) AS json_extract_string(j, k)",
    "json_length(j) AS json_array_length(j)",
    "json_object_keys(j) AS json_keys(j)",
)
"""Functions that ceramic-one's users know by other names, or that mean something else to them."""
