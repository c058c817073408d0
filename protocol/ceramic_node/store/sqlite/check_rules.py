"""What has to be true of the rows of a store, as statements that find those of which it isn't."""

from __future__ import annotations

from typing import Final, TypeAlias

Rule: TypeAlias = tuple[str, str, str]
"""A word for what is wrong, a sentence with places for columns, and the statement that gives these.

Statements call `short_key`, the function of that name in `short_keys`.
"""


def _delivered(key: str, cid: str) -> str:
    """The streams in which an event was delivered that a row of `waiting` names by these columns."""
    return (
        "(SELECT stream FROM event INDEXED BY event_key"
        f" WHERE kind <> 0 AND key = waiting.{key} AND cid = waiting.{cid} UNION ALL"
        f" SELECT id FROM stream WHERE begun IS NOT NULL AND key = waiting.{key} AND cid = waiting.{cid})"
    )


RULES: Final[tuple[Rule, ...]] = (
    (
        "order",
        "event {} at position {} does not come after its prev in its stream",
        (
            "SELECT cid, position FROM event NOT INDEXED WHERE kind <> 0"
            " AND NOT EXISTS (SELECT 1 FROM event AS before INDEXED BY event_key"
            " WHERE before.key = short_key(event.prev) AND before.kind <> 0"
            " AND before.cid = event.prev AND before.stream = event.stream"
            " AND before.position < event.position)"
            " AND NOT EXISTS (SELECT 1 FROM stream WHERE stream.id = event.stream"
            " AND stream.cid = event.prev AND stream.begun < event.position)"
        ),
    ),
    (
        "order",
        "init event {} at position {} is not where its stream begins",
        (
            "SELECT event.cid, position FROM event LEFT JOIN stream ON stream.id = event.stream"
            " WHERE kind = 0 AND (stream.begun IS NOT position OR stream.cid IS NOT event.cid)"
        ),
    ),
    (
        "position",
        "there is an event at position {}",
        "SELECT position FROM event WHERE position < 1",
    ),
    (
        "position",
        "event {} is at the positions {} and {}",
        (
            "SELECT event.cid, event.position, other.position FROM event JOIN event AS other"
            " INDEXED BY event_key ON other.key = event.key AND other.kind <> 0"
            " AND other.cid = event.cid AND other.position > event.position"
        ),
    ),
    (
        "time",
        "what is at position {} came before what is at the one before",
        (
            "SELECT position FROM (SELECT position, received - lag(received) OVER (ORDER BY position) AS step"
            " FROM event) WHERE step < 0"
        ),
    ),
    (
        "version",
        "stream {} is at version {}, its events at {}",
        (
            "SELECT cid, version, latest FROM (SELECT cid, version, max("
            " coalesce((SELECT max(version) FROM event WHERE event.stream = stream.id), 0),"
            " coalesce((SELECT max(revised) FROM event WHERE event.stream = stream.id), 0),"
            " coalesce((SELECT max(version) FROM waiting WHERE waiting.stream = stream.id), 0)) AS latest"
            " FROM stream) WHERE latest <> version"
        ),
    ),
    (
        "version",
        "stream {} is at version {}, which isn't among the changes",
        (
            "SELECT stream.cid, stream.version FROM stream LEFT JOIN change"
            " ON change.version = stream.version AND change.stream = stream.id WHERE change.version IS NULL"
        ),
    ),
    (
        "version",
        "what is at position {} was delivered at a lower version than what its stream has before it",
        (
            "SELECT position FROM (SELECT position, version - lag(version)"
            " OVER (PARTITION BY stream ORDER BY position) AS step FROM event) WHERE step < 0"
        ),
    ),
    (
        "waiting",
        "event {} waits although its prev is there",
        (
            f"SELECT cid FROM waiting WHERE EXISTS (SELECT 1 FROM {_delivered('prev_key', 'prev')} AS home"
            " WHERE waiting.stream IS NULL OR waiting.stream = home.stream)"
        ),
    ),
    (
        "waiting",
        "event {} waits and was delivered",
        f"SELECT cid FROM waiting WHERE EXISTS {_delivered('key', 'cid')}",
    ),
    (
        "key",
        "event {} is not found by its CID",
        (
            "SELECT cid FROM event WHERE key <> short_key(cid)"
            " UNION ALL SELECT cid FROM waiting WHERE key <> short_key(cid)"
            " OR prev_key IS NOT CASE WHEN prev IS NULL THEN NULL ELSE short_key(prev) END"
        ),
    ),
    (
        "key",
        "stream {} is not found by its CID",
        "SELECT cid FROM stream WHERE key <> short_key(cid)",
    ),
    (
        "orphan",
        "the event at position {} is of no stream that has begun, or is filed under another one's facts",
        (
            "SELECT event.position FROM event LEFT JOIN stream ON stream.id = event.stream"
            " LEFT JOIN init ON init.position = stream.begun WHERE init.position IS NULL"
            " OR init.model IS NOT event.model OR init.controller IS NOT event.controller"
        ),
    ),
    (
        "orphan",
        "the facts at position {} are those of no init event",
        (
            "SELECT init.position FROM init LEFT JOIN event ON event.position = init.position"
            " LEFT JOIN stream ON stream.id = init.stream"
            " WHERE event.kind IS NOT 0 OR stream.begun IS NOT init.position"
        ),
    ),
    (
        "orphan",
        "an event names model, controller or capability {}, which is not there",
        (
            "SELECT model FROM init LEFT JOIN model AS kept ON kept.id = model"
            " WHERE model IS NOT NULL AND kept.id IS NULL UNION ALL"
            " SELECT controller FROM init LEFT JOIN controller AS kept ON kept.id = controller"
            " WHERE controller IS NOT NULL AND kept.id IS NULL UNION ALL"
            " SELECT capability FROM event LEFT JOIN capability AS kept ON kept.id = capability"
            " WHERE capability IS NOT NULL AND kept.id IS NULL UNION ALL"
            " SELECT capability FROM waiting LEFT JOIN capability AS kept ON kept.id = capability"
            " WHERE capability IS NOT NULL AND kept.id IS NULL UNION ALL"
            " SELECT stream FROM waiting LEFT JOIN stream AS kept ON kept.id = stream"
            " WHERE stream IS NOT NULL AND kept.id IS NULL"
        ),
    ),
    (
        "pruned",
        "stream {} has lost the bytes of {} events, and {} are noted",
        (
            "SELECT stream.cid, coalesce(lost.events, 0) AS found, coalesce(pruned.events, 0) AS noted"
            " FROM stream LEFT JOIN pruned ON pruned.stream = stream.id LEFT JOIN"
            " (SELECT stream, count(*) AS events FROM event WHERE length(car) = 0 GROUP BY stream) AS lost"
            " ON lost.stream = stream.id WHERE found <> noted"
        ),
    ),
    (
        "pruned",
        "event {} waits and has no bytes",
        "SELECT cid FROM waiting WHERE length(car) = 0",
    ),
)
