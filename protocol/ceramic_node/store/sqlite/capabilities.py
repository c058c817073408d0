"""Capabilities, each kept once: events name them by number."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from typing import Final
from zlib import crc32

from ceramic_node.short_keys import number_list, short_key
from ceramic_node.store.sqlite.records import NO_CAPABILITY, Capability
from ceramic_protocol import car
from ceramic_protocol.accounts.grant import Grant
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import DecodeError, StoreCorruption
from ceramic_protocol.limits import MAX_STORE_CACHED_CAPABILITIES
from ceramic_protocol.stored import NewEvent

_SELECT: Final = "SELECT id, cid, allows, section, crc FROM capability"
_BY_NUMBER: Final = f"{_SELECT} WHERE id IN (SELECT value FROM json_each(?))"
_BY_KEY: Final = f"{_SELECT} WHERE key = ?"
_INSERT: Final = "INSERT INTO capability (key, cid, allows, section, crc) VALUES (?, ?, ?, ?, ?)"


class KnownCapabilities:
    """Capabilities by number, for readers; remembers those that it has seen. For several threads."""

    def __init__(self) -> None:
        self._known: dict[int | None, Capability] = {None: NO_CAPABILITY}

    def of(self, db: sqlite3.Connection, numbers: Collection[int | None]) -> dict[int | None, Capability]:
        """Those with these numbers; for None what stands for none.

        Raises:
            StoreCorruption: one of them isn't there.
        """
        known = self._known
        missing = [number for number in numbers if number is not None and number not in known]
        if missing:
            if len(known) + len(missing) > MAX_STORE_CACHED_CAPABILITIES:
                known = {number: known[number] for number in (None, *numbers) if number in known}
            rows = db.execute(_BY_NUMBER, (number_list(missing),))
            known |= {number: _capability(*row) for number, *row in rows}
            self._known = known
        try:
            return {number: known[number] for number in numbers}
        except KeyError as error:
            raise StoreCorruption(f"capability {error} of an event is not there") from None


class KeptCapabilities:
    """Numbers of capabilities, for the writer. What a transaction has added is forgotten if that fails."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[Cid | None, Grant | None], list[tuple[int, bytes]]] = {}

    def clear(self) -> None:
        """Forget everything."""
        self._numbers.clear()

    def number(self, db: sqlite3.Connection, event: NewEvent) -> tuple[int | None, bytes]:
        """The number of an event's capability, and the part of the CAR that is kept with it, if any."""
        checked = event.checked
        if checked.capability is None and checked.grant is None:
            return None, b""
        known = self._numbers.get((checked.capability, checked.grant))
        if known is None:
            known = self._look_up(db, checked)
        for number, section in known:
            if section and section in event.car:
                return number, section
        section = _section(event)
        for number, kept in known:
            if kept == section:
                return number, section
        allows = None if checked.grant is None else checked.grant.to_bytes()
        row = (checked.capability, allows, section or None)
        number = int(db.execute(_INSERT, (_key(checked), *row, _sum_of(*row))).lastrowid or 0)
        known.append((number, section))
        return number, section

    def _look_up(self, db: sqlite3.Connection, checked: CheckedEvent) -> list[tuple[int, bytes]]:
        if len(self._numbers) >= MAX_STORE_CACHED_CAPABILITIES:
            self.clear()
        wanted = (checked.capability, checked.grant)
        rows = db.execute(_BY_KEY, (_key(checked),)).fetchall()
        found = [(number, _capability(*row)) for number, *row in rows]
        known = [(number, each.section) for number, each in found if each[:2] == wanted]
        self._numbers[wanted] = known
        return known


def _key(checked: CheckedEvent) -> int:
    return 0 if checked.capability is None else short_key(checked.capability)


def _sum_of(*columns: bytes | None) -> int:
    return crc32(b"".join(b"-" if part is None else b"%d:%b" % (len(part), part) for part in columns))


def _capability(cid: bytes | None, allows: bytes | None, section: bytes | None, crc: int) -> Capability:
    if _sum_of(cid, allows, section) != crc:
        raise StoreCorruption("what is kept of a capability is not what was put there")
    try:
        grant = None if allows is None else Grant.from_bytes(allows)
    except (DecodeError, TypeError, ValueError) as error:
        raise StoreCorruption(f"what a capability allows makes no sense: {error}") from None
    return Capability(None if cid is None else Cid(cid), grant, section or b"")


def _section(event: NewEvent) -> bytes:
    """CID and block of an event's capability, as they stand in its CAR; empty if they don't."""
    try:
        blocks = dict(car.decode(event.car).blocks)
    except DecodeError:
        return b""
    cid = event.checked.capability
    if cid is None or cid not in blocks:
        return b""
    return bytes(cid) + blocks[cid]
