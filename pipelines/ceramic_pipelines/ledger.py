"""Judging a bounded source in one process, without Beam and in bounded memory: the host of the command line.

Every event is checked once and noted in a temporary database; then each stream is evaluated from its notes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from ceramic_connectors.outside import outside
from ceramic_pipelines.verdicts import VerdictLine
from ceramic_protocol.accounts.grant import Grant
from ceramic_protocol.batch import SignaturePool
from ceramic_protocol.checked import CheckedEvent, Kind
from ceramic_protocol.cid import Cid
from ceramic_protocol.events import InvalidEvent
from ceramic_protocol.eventset import EventSet
from ceramic_protocol.history import StreamHistory, evaluate, unresolved
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
    signer TEXT, capability BLOB, grant_bytes BLOB, before INTEGER, chain_id TEXT, reason TEXT, detail TEXT,
    source TEXT, position INTEGER
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
    "SELECT cid, stream, kind, prev, payload, signer, capability, grant_bytes, before, chain_id, reason,"
    " detail FROM item WHERE stream = ?"
)
_INSERT: Final = "INSERT INTO item VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_LINES: Final = (
    "SELECT item.ordinal, item.cid, item.kind, item.signer, item.capability, item.source, item.position,"
    " item.stream IS NULL, item.reason, item.detail, verdict.stream_id, verdict.controller, verdict.reason,"
    " verdict.detail, verdict.height, verdict.expires_at"
    " FROM item LEFT JOIN verdict ON item.stream IS NOT NULL AND verdict.cid = item.cid"
    " WHERE item.stream IS NULL OR item.ordinal ="
    " (SELECT min(ordinal) FROM item AS same WHERE same.cid = item.cid AND same.stream NOT NULL)"
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
            for items, checked in pool.verify_batches(source.read(0, source.count), verifier):
                rows = [self._note(item, found) for item, found in zip(items, checked, strict=True)]
                with outside(self._doing):
                    self._db.execute("BEGIN")
                    self._db.executemany(_INSERT, rows)
                    self._db.execute("COMMIT")
                progress(len(items))
        with outside(self._doing):
            self._db.executescript(_INDEXES)

    def _note(self, item: SourceItem, found: Checked) -> tuple[Any, ...]:
        ordinal, self.items = self.items, self.items + 1
        self.damaged += isinstance(item, Damage)
        if isinstance(found, InvalidEvent):
            nothing = (None,) * 9
            return ordinal, found.cid, *nothing, found.reason.value, found.detail, item.source, item.position
        return ordinal, *_columns(found), item.source, item.position

    def histories(self, rules: Rules) -> Iterator[StreamHistory]:
        """Every stream, evaluated, in the order of the init CIDs."""
        with outside(self._doing):
            streams = self._db.execute(
                "SELECT DISTINCT stream FROM item WHERE stream IS NOT NULL ORDER BY stream"
            )
            for (stream,) in streams:
                known = EventSet.of(_event(row) for row in self._db.execute(_EVENT, (stream,)))
                yield evaluate(Cid(stream), known, rules, self._foreign(stream, known))

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
            rows = [
                (
                    cid,
                    stream_id,
                    controller,
                    item.reason.value if item.reason else None,
                    item.detail,
                    item.height,
                    item.expires_at,
                )
                for cid, item in history.judged.items()
            ]
            with outside(self._doing):
                self._db.executemany("INSERT INTO verdict VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
            yield history

    def lines(self, rules: Rules) -> Iterator[VerdictLine]:
        """One verdict per distinct event and per row that is none, in the order of the source."""
        with outside(self._doing):
            for row in self._db.execute(_LINES):
                yield _line(row, rules.at // 1000)


def _columns(event: CheckedEvent) -> tuple[Any, ...]:
    reason = event.reason.value if event.reason else None
    identity = (event.cid, event.stream, event.kind, event.prev, event.payload)
    grant = None if event.grant is None else event.grant.to_bytes()
    proofs = (event.signer, event.capability, grant, event.timestamp, event.chain_id)
    return *identity, *proofs, reason, event.detail


def _event(row: tuple[Any, ...]) -> CheckedEvent:
    cid, stream, kind, prev, payload, signer, capability, grant, *others = row
    timestamp, chain_id, reason, detail = others
    return CheckedEvent(
        Cid(cid),
        Cid(stream),
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
