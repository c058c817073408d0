"""The book of requests: what is to be anchored, what was sent for that, what has come of it.

Every method is one transaction, so a crash leaves either all of it or nothing.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from ceramic_node.anchoring.book_file import BookFile
from ceramic_node.anchoring.book_rows import (
    Request,
    State,
    UnderWay,
    encode_settled,
    read_batch,
    read_order,
    read_request,
    read_under_way,
)
from ceramic_node.anchoring.errors import Trouble
from ceramic_node.anchoring.ports import Batch, Leaf, Order, Settled
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import UsageError
from ceramic_protocol.ids import StreamId
from ceramic_protocol.merkle import MerkleTree, Shape, cas_order

_REQUEST: Final = """SELECT r.stream, r.tip, CASE r.state WHEN 'in_batch' THEN b.state ELSE r.state END,
    r.made_at, r.event, r.code, r.detail FROM request r LEFT JOIN batch b ON b.number = r.batch"""
_BATCHES: Final = """SELECT b.number, b.root, b.shape, b.made_at, b.settled, r.stream, r.tip FROM batch b
    LEFT JOIN request r ON r.batch = b.number AND b.size = 1
    WHERE b.state IN ('batched', 'sent', 'confirmed') ORDER BY b.number"""
_LIVE: Final = """SELECT batch, state, key, body, made_at, terms FROM sending
    WHERE state IN ('made', 'sent') ORDER BY number"""


class Book:
    """A book in a file; a context manager. For several threads of one process."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        """Open it, or begin one; `clock` tells unix seconds.

        Raises:
            UsageError: the file is another one, or of a later release.
            OutsideError: it can't be used, or another process has it open.
        """
        self._file = BookFile(path)
        self._clock = clock

    def __enter__(self) -> Self:
        """The book itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self.close()

    def close(self) -> None:
        """Close the file; a second time does nothing."""
        self._file.close()

    def own(self, name: str) -> None:
        """Note whose orders these are.

        Raises:
            UsageError: orders of another anchorer are under way.
        """
        with self._file.changing() as db:
            row = db.execute("SELECT name FROM owner").fetchone()
            if row is not None and row[0] != name and db.execute(_BATCHES).fetchone() is not None:
                raise UsageError(f"batches are under way by {row[0]}; let those be finished before {name}")
            db.execute("DELETE FROM owner")
            db.execute("INSERT INTO owner VALUES (?)", (name,))

    def request(self, stream: StreamId, tip: Cid) -> State:
        """Ask for an event to be anchored, which is the newest of its stream as far as is known.

        It replaces one of the same stream that is still pending, as in js-ceramic's anchor service: a proof
        for the newer event is one for all below it. An event that is known is left as it is.

        Returns:
            How far the request is.

        Raises:
            UsageError: the event was requested as one of another stream.
            IdentifierError: `stream` or `tip` is none.
        """
        with self._file.changing() as db:
            _add(db, stream, tip, self._clock())
            row = db.execute(f"{_REQUEST} WHERE r.tip = ?", (bytes(tip),)).fetchone()
        return read_request(row).state

    def request_all(self, leaves: Iterable[Leaf]) -> int:
        """`request` for many, all or none of them; tells how many weren't known."""
        now = self._clock()
        with self._file.changing() as db:
            return sum(_add(db, stream, tip, now) for stream, tip in leaves)

    def retry(self, tip: Cid) -> bool:
        """Ask again for an event that was replaced or has failed; whether there was such a one."""
        with self._file.changing() as db:
            given_up = "SELECT stream FROM request WHERE tip = ? AND state IN ('replaced', 'failed')"
            row = db.execute(given_up, (bytes(tip),)).fetchone()
            if row is None:
                return False
            _replace(db, row[0], tip)
            db.execute(
                "UPDATE request SET state = 'pending', made_at = ?, batch = NULL, position = NULL, code = '',"
                " detail = '' WHERE tip = ?",
                (self._clock(), bytes(tip)),
            )
            return True

    def find(self, tip: Cid) -> Request | None:
        """The request for an event."""
        with self._file.reading() as db:
            row = db.execute(f"{_REQUEST} WHERE r.tip = ?", (bytes(tip),)).fetchone()
        return None if row is None else read_request(row)

    def counts(self) -> Mapping[State, int]:
        """How many requests there are in each state."""
        states = (
            "SELECT CASE r.state WHEN 'in_batch' THEN b.state ELSE r.state END AS s, count(*)"
            " FROM request r LEFT JOIN batch b ON b.number = r.batch GROUP BY s"
        )
        with self._file.reading() as db:
            found = dict(db.execute(states).fetchall())
        return {state: found.get(state.value, 0) for state in State}

    def gather(self, shape: Shape, limit: int, patience: float = 0.0) -> Batch | None:
        """Make a batch of what is pending, the oldest requests first.

        Args:
            shape: of its tree; the leaves of one of js-ceramic's shape are in that service's order.
            limit: events in it.
            patience: seconds that the oldest one waits for others, if there are fewer than `limit`.
        """
        now = self._clock()
        with self._file.changing() as db:
            pending = (
                "SELECT tip, made_at, number FROM request WHERE state = 'pending' ORDER BY number LIMIT ?"
            )
            rows = db.execute(pending, (limit,)).fetchall()
            if not rows or (len(rows) < limit and min(row[1] for row in rows) > now - patience):
                return None
            tips = [Cid(row[0]) for row in rows]
            tips = cas_order(tips) if shape is Shape.CAS else tips
            root = MerkleTree.build(tips, shape).root
            number = db.execute(
                "INSERT INTO batch (root, shape, size, state, made_at) VALUES (?, ?, ?, 'batched', ?)",
                (bytes(root), shape.value, len(tips), now),
            ).lastrowid
            db.executemany(
                "UPDATE request SET state = 'in_batch', batch = ?, position = ? WHERE tip = ?",
                [(number, position, bytes(tip)) for position, tip in enumerate(tips)],
            )
            found = db.execute(_BATCHES.replace("ORDER", "AND b.number = ? ORDER"), (number,)).fetchone()
        return read_batch(found)

    def under_way(self) -> list[UnderWay]:
        """The batches that aren't finished, the oldest first."""
        with self._file.reading() as db:
            batches = db.execute(_BATCHES).fetchall()
            live = db.execute(_LIVE).fetchall()
        orders: dict[int, list[tuple[str, Order]]] = {}
        for number, state, *members in live:
            orders.setdefault(number, []).append((state, read_order(members)))
        return [read_under_way(row, orders.get(row[0], [])) for row in batches]

    def add_order(self, batch: int, order: Order) -> None:
        """Keep an order, which may be sent from now on."""
        row = (batch, order.key, order.body, json.dumps(dict(order.terms)), order.made_at)
        with self._file.changing() as db:
            db.execute(
                "INSERT INTO sending (batch, key, body, terms, made_at, state)"
                " VALUES (?, ?, ?, ?, ?, 'made')",
                row,
            )

    def mark_sent(self, batch: int, order: Order) -> None:
        """Note that the other side has taken an order."""
        with self._file.changing() as db:
            db.execute(
                "UPDATE sending SET state = 'sent' WHERE batch = ? AND key = ? AND state = 'made'",
                (batch, order.key),
            )
            db.execute("UPDATE batch SET state = 'sent' WHERE number = ? AND state = 'batched'", (batch,))

    def void_orders(self, batch: int, detail: str) -> None:
        """Note that no order of a batch will take effect any more."""
        with self._file.changing() as db:
            db.execute(
                "UPDATE sending SET state = 'void', detail = ? WHERE batch = ? AND state IN ('made', 'sent')",
                (detail, batch),
            )

    def settle(self, batch: int, settled: Settled) -> None:
        """Note that a batch is anchored."""
        with self._file.changing() as db:
            db.execute(
                "UPDATE batch SET state = 'confirmed', settled = ? WHERE number = ?",
                (encode_settled(settled), batch),
            )

    def give_up(self, batch: int, trouble: Trouble, detail: str) -> None:
        """Note that a batch will never be anchored."""
        state = State.REPLACED if trouble is Trouble.REQUEST_REPLACED else State.FAILED
        with self._file.changing() as db:
            said = (trouble.value, detail, batch)
            db.execute("UPDATE batch SET state = 'failed', code = ?, detail = ? WHERE number = ?", said)
            db.execute(
                "UPDATE request SET state = ?, code = ?, detail = ? WHERE batch = ?", (state.value, *said)
            )
            db.execute(
                "UPDATE sending SET state = 'void' WHERE batch = ? AND state IN ('made', 'sent')", (batch,)
            )

    def leaves(self, batch: int) -> list[tuple[Leaf, bool]]:
        """The events of a batch in the tree's order, and whether their time events were handed over."""
        with self._file.reading() as db:
            rows = db.execute(
                "SELECT stream, tip, state = 'done' FROM request WHERE batch = ? ORDER BY position", (batch,)
            ).fetchall()
        return [(Leaf(StreamId(stream), Cid(tip)), bool(done)) for stream, tip, done in rows]

    def mark_done(self, events: Iterable[tuple[Cid, Cid]]) -> None:
        """Note that time events were handed over; each is the event's CID and the time event's."""
        rows = [(bytes(event), bytes(tip)) for tip, event in events]
        with self._file.changing() as db:
            db.executemany("UPDATE request SET state = 'done', event = ? WHERE tip = ?", rows)

    def finish(self, batch: int) -> None:
        """Note that all time events of a batch were handed over."""
        with self._file.changing() as db:
            db.execute("UPDATE batch SET state = 'done' WHERE number = ?", (batch,))
            db.execute(
                "UPDATE sending SET state = 'done' WHERE batch = ? AND state IN ('made', 'sent')", (batch,)
            )


def _add(db: Any, stream: StreamId, tip: Cid, now: float) -> bool:
    StreamId.from_bytes(stream)
    Cid.from_bytes(tip)
    row = db.execute("SELECT stream FROM request WHERE tip = ?", (bytes(tip),)).fetchone()
    if row is not None:
        if row[0] != stream:
            raise UsageError(f"{tip} was requested as an event of {StreamId(row[0])}, not of {stream}")
        return False
    _replace(db, stream, tip)
    db.execute(
        "INSERT INTO request (tip, stream, state, made_at) VALUES (?, ?, 'pending', ?)",
        (bytes(tip), bytes(stream), now),
    )
    return True


def _replace(db: Any, stream: bytes, tip: Cid) -> None:
    db.execute(
        "UPDATE request SET state = 'replaced', code = ?, detail = ? WHERE stream = ? AND state = 'pending'",
        (Trouble.REQUEST_REPLACED.value, f"replaced by {tip}", bytes(stream)),
    )
