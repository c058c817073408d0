"""Judging a bounded source in one process, without Beam and in bounded memory: the host of the command line.

Every event is checked once and noted in a temporary database; then each stream is evaluated from its notes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from ceramic_connectors.outside import outside
from ceramic_pipelines.ledger_placing import place_events
from ceramic_pipelines.verdicts import VerdictLine
from ceramic_protocol.accounts.grant import Grant
from ceramic_protocol.batch import SignaturePool
from ceramic_protocol.checked import CheckedEvent, Kind
from ceramic_protocol.cid import Cid
from ceramic_protocol.collect_models import collect_models
from ceramic_protocol.evaluate import evaluate
from ceramic_protocol.events import InvalidEvent
from ceramic_protocol.eventset import EventSet
from ceramic_protocol.history import Judged, StreamHistory, unresolved
from ceramic_protocol.ids import METAMODEL, MODEL_INSTANCE, StreamId
from ceramic_protocol.models.context import Context, Linked
from ceramic_protocol.placing import judge_unplaced
from ceramic_protocol.ports import Damage, EventSource, SourceItem
from ceramic_protocol.reasons import BY_CODE, Reason
from ceramic_protocol.rules import Rules
from ceramic_protocol.verify import Checked, Verifier

_SCHEMA: Final = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -65536;
CREATE TABLE item (
    ordinal INTEGER PRIMARY KEY, cid BLOB, stream BLOB, kind INTEGER, prev BLOB, payload BLOB,
    signer TEXT, capability BLOB, grant_bytes BLOB, model BLOB, before INTEGER, chain_id TEXT, reason TEXT,
    detail TEXT, source TEXT, position INTEGER
);
CREATE TABLE verdict (
    cid BLOB PRIMARY KEY, stream_id TEXT, controller TEXT, reason TEXT, detail TEXT, height INTEGER,
    expires_at INTEGER
);
"""
_INDEXES: Final = """
CREATE INDEX item_stream ON item (stream, cid) WHERE stream IS NOT NULL;
CREATE INDEX item_cid ON item (cid);
"""
_EVENT: Final = (
    "SELECT cid, stream, kind, prev, payload, signer, capability, grant_bytes, model, before, chain_id,"
    " reason, detail FROM item WHERE stream = ?"
)
_UNPLACED: Final = (
    "SELECT cid, item.stream, kind, item.prev, payload, signer, capability, grant_bytes, model, before,"
    " chain_id, reason, detail FROM unplaced JOIN item USING (cid) ORDER BY cid"
)
_NEAREST: Final = (
    "SELECT max(stream) FROM item WHERE stream < ?",
    "SELECT min(stream) FROM item WHERE stream > ?",
)
_INSERT: Final = "INSERT INTO item VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_INSERT_VERDICT: Final = "INSERT INTO verdict VALUES (?, ?, ?, ?, ?, ?, ?)"
_LINES: Final = (
    "SELECT item.ordinal, item.cid, item.kind, item.signer, item.capability, item.source, item.position,"
    " item.kind IS NULL, item.reason, item.detail, verdict.stream_id, verdict.controller, verdict.reason,"
    " verdict.detail, verdict.height, verdict.expires_at"
    " FROM item LEFT JOIN verdict ON item.kind IS NOT NULL AND verdict.cid = item.cid"
    " WHERE item.kind IS NULL OR item.ordinal ="
    " (SELECT min(ordinal) FROM item AS same WHERE same.cid = item.cid AND same.kind NOT NULL)"
    " ORDER BY item.ordinal"
)


class Ledger:
    """Notes on every event of a source, in a database in a work folder; a context manager, for one thread."""

    def __init__(self, work_dir: Path) -> None:
        """Make an empty ledger.

        Raises:
            OutsideError: the work folder can't be written to.
        """
        self._doing = f"write to the work folder {work_dir}"
        with outside(self._doing):
            self._db = sqlite3.connect(work_dir / "ledger.sqlite", isolation_level=None)
            self._db.executescript(_SCHEMA)
        self._contexts: dict[Rules, Context] = {}
        self._has_unplaced = False
        self.items = 0
        self.damaged = 0

    def __enter__(self) -> Self:
        """The ledger itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the database; its file stays in the work folder."""
        self._db.close()

    def fill(self, source: EventSource, verifier: Verifier, progress: Callable[[int], None]) -> None:
        """Check all events of a source; `progress` is told how many items each batch had.

        Raises:
            OutsideError: the source can't be read or the disk is full.
        """
        with SignaturePool() as pool:
            batches = (page.items for page in source.read(0, source.count))
            for items, checked in pool.verify_batches(batches, verifier):
                rows = [self._note(item, found) for item, found in zip(items, checked, strict=True)]
                with outside(self._doing):
                    self._db.execute("BEGIN")
                    self._db.executemany(_INSERT, rows)
                    self._db.execute("COMMIT")
                progress(len(items))
        with outside(self._doing):
            self._db.executescript(_INDEXES)
            if self._has_unplaced:
                place_events(self._db)
                self._judge_unplaced()

    def _note(self, item: SourceItem, found: Checked) -> tuple[Any, ...]:
        ordinal, self.items = self.items, self.items + 1
        self.damaged += isinstance(item, Damage)
        if isinstance(found, InvalidEvent):
            nothing = (None,) * 10
            return ordinal, found.cid, *nothing, found.reason.value, found.detail, item.source, item.position
        self._has_unplaced |= found.stream is None
        return ordinal, *_columns(found), item.source, item.position

    def _judge_unplaced(self) -> None:
        """Note the verdicts on events whose stream stays unknown: no history will have them."""
        copies = groupby(map(_event, self._db.execute(_UNPLACED)), key=lambda event: event.cid)
        known = (EventSet.of(same).events[cid] for cid, same in copies)
        self._db.executemany(_INSERT_VERDICT, (_verdict(judge_unplaced(event)) for event in known))

    def histories(self, rules: Rules) -> Iterator[StreamHistory]:
        """Every stream, evaluated, in the order of the init CIDs."""
        with outside(self._doing):
            streams = self._db.execute(
                "SELECT DISTINCT stream FROM item WHERE stream IS NOT NULL ORDER BY stream"
            )
            for (stream,) in streams:
                yield self.history(Cid(stream), rules)

    def history(self, stream: Cid, rules: Rules) -> StreamHistory:
        """One stream, evaluated; without events if the source has none of it."""
        with outside(self._doing):
            known = EventSet.of(_event(row) for row in self._db.execute(_EVENT, (stream,)))
            return evaluate(stream, known, rules, self._context(rules), self._foreign(stream, known))

    def _context(self, rules: Rules) -> Context:
        """What the source knows of models and documents; the models are judged when this is first asked."""
        context = self._contexts.get(rules)
        if context is None:
            asked = "SELECT cid, payload FROM item WHERE kind = 0 AND model = ?"
            payloads = {Cid(cid): payload for cid, payload in self._db.execute(asked, (METAMODEL,))}
            links = _Links(self._db)

            def judge(stream: Cid, others: Context) -> StreamHistory:
                known = EventSet.of(_event(row) for row in self._db.execute(_EVENT, (stream,)))
                return evaluate(stream, known, rules, others, self._foreign(stream, known))

            context = Context(collect_models(payloads, judge), links)
            self._contexts[rules] = context
        return context

    def stream_of(self, cid: Cid) -> Cid | None:
        """The stream that an event of the source belongs to; None if there is no such event."""
        with outside(self._doing):
            asked = "SELECT stream FROM item WHERE cid = ? AND stream IS NOT NULL LIMIT 1"
            found = self._db.execute(asked, (cid,)).fetchone()
            return None if found is None else Cid(found[0])

    def is_unplaced(self, cid: Cid) -> bool:
        """Whether the source has an event of which can't be told what stream it is of."""
        with outside(self._doing):
            asked = "SELECT 1 FROM item WHERE cid = ? AND stream IS NULL AND kind NOT NULL LIMIT 1"
            return self._db.execute(asked, (cid,)).fetchone() is not None

    def nearest_streams(self, stream: Cid) -> list[Cid]:
        """The streams of the source just before and just after one that it hasn't, by their bytes."""
        with outside(self._doing):
            found = [self._db.execute(asked, (stream,)).fetchone()[0] for asked in _NEAREST]
            return [Cid(near) for near in found if near is not None]

    def _foreign(self, stream: bytes, known: EventSet) -> frozenset[bytes]:
        links = ((event.cid, event.prev) for event in known.events.values())
        asked = "SELECT 1 FROM item WHERE cid = ? AND stream IS NOT NULL LIMIT 1"
        return frozenset(
            cid for cid in unresolved(stream, links) if self._db.execute(asked, (cid,)).fetchone()
        )

    def judge(self, histories: Iterable[StreamHistory]) -> Iterator[StreamHistory]:
        """Note the verdicts of each history on its way through."""
        for history in histories:
            stream_id = str(history.stream_id)
            controller = history.header.controller if history.header else None
            rows = [_verdict(item, stream_id, controller) for item in history.judged.values()]
            with outside(self._doing):
                self._db.executemany(_INSERT_VERDICT, rows)
            yield history

    def lines(self, rules: Rules) -> Iterator[VerdictLine]:
        """One verdict per distinct event and per row that is none, in the order of the source."""
        with outside(self._doing):
            for row in self._db.execute(_LINES):
                yield _line(row, rules.at // 1000)


class _Links(Mapping[StreamId, Linked]):
    """The documents of a ledger, looked up when they are asked for."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._db = database

    def __getitem__(self, stream: StreamId) -> Linked:
        asked = "SELECT model FROM item WHERE cid = ? AND stream NOT NULL LIMIT 1"
        found = self._db.execute(asked, (stream.cid,)).fetchone()
        if found is None:
            raise KeyError(stream)
        return Linked.of(stream, found[0])

    def __iter__(self) -> Iterator[StreamId]:
        asked = "SELECT cid FROM item WHERE kind = 0 AND model NOT NULL AND model != ?"
        return (StreamId.of(MODEL_INSTANCE, Cid(cid)) for (cid,) in self._db.execute(asked, (METAMODEL,)))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _verdict(item: Judged, stream_id: str | None = None, controller: str | None = None) -> tuple[Any, ...]:
    reason = item.reason.value if item.reason else None
    return item.event.cid, stream_id, controller, reason, item.detail, item.height, item.expires_at


def _columns(event: CheckedEvent) -> tuple[Any, ...]:
    reason = event.reason.value if event.reason else None
    identity = (event.cid, event.stream, event.kind, event.prev, event.payload)
    grant = None if event.grant is None else event.grant.to_bytes()
    proofs = (event.signer, event.capability, grant, event.model, event.timestamp, event.chain_id)
    return *identity, *proofs, reason, event.detail


def _event(row: tuple[Any, ...]) -> CheckedEvent:
    cid, stream, kind, prev, payload, signer, capability, grant, model, *others = row
    timestamp, chain_id, reason, detail = others
    return CheckedEvent(
        Cid(cid),
        _cid(stream),
        Kind(kind),
        _cid(prev),
        payload,
        signer,
        _cid(capability),
        timestamp,
        chain_id,
        _reason(reason),
        detail,
        None if grant is None else Grant.from_bytes(grant),
        None if model is None else StreamId(model),
    )


def _cid(value: bytes | None) -> Cid | None:
    return None if value is None else Cid(value)


def _reason(code: str | None) -> Reason | None:
    return None if code is None else BY_CODE[code]


def _line(row: tuple[Any, ...], now: int) -> VerdictLine:
    ordinal, cid, kind, signer, capability, source, position, alone, own, own_detail, *judged = row
    stream_id, controller, reason, detail, height, expires_at = judged
    return VerdictLine(
        ordinal=ordinal,
        cid=_cid(cid),
        stream_id=stream_id,
        kind=None if kind is None else Kind(kind),
        reason=_reason(own if alone else reason),
        detail=own_detail if alone else detail,
        signer=signer,
        controller=controller,
        capability=_cid(capability),
        height=height,
        expires_in=None if expires_at is None else expires_at - now,
        source=source,
        position=position,
    )
