"""An event and its report as columns of a row, and back (`schema.REPORT`).

The CAR is kept as it came, except that the block of a capability, which thousands of events have in common,
is cut out of it; where it was is known. The payload is a part of the CAR, so only its place is kept. A sum
over all columns tells when a disk gives back something else than it was given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from marshal import dumps
from typing import Any, Final, NamedTuple, TypeAlias
from zlib import crc32

from ceramic_protocol.accounts.grant import Grant
from ceramic_protocol.checked import CheckedEvent, Kind
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import StoreCorruption
from ceramic_protocol.ids import StreamId
from ceramic_protocol.reasons import BY_CODE
from ceramic_protocol.stored import NewEvent

Columns: TypeAlias = tuple[Any, ...]
"""The columns of `schema.REPORT`, in that order."""

Row: TypeAlias = tuple[Any, ...]
"""Position or number, when it came, what names its stream, and `Columns`."""

HOME: Final = 2
"""Where a row names the stream."""

CAPABILITY: Final = 7
"""Where a row has the number of the capability."""

_CID, _PAYLOAD, _CRC, _CAR = 3, 13, 17, 18
_KINDS: Final = tuple(Kind)


def without_bytes(row: Row) -> Columns:
    """The columns of an event whose row this is, after its CAR was given up, and the payload with it.

    Raises:
        StoreCorruption: the row isn't what it was, and mustn't be summed up anew.
    """
    _check_sum(row)
    payload, start, size, section_at = None, 0, 0, None
    columns = (*row[_CID:_PAYLOAD], payload, start, size, section_at)
    return (*columns, crc32(b"", crc32(dumps(columns, 0))), b"")


def _check_sum(row: Row) -> None:
    if crc32(row[_CAR], crc32(dumps(row[_CID:_CRC], 0))) != row[_CRC]:
        raise _changed(row)


def _changed(row: Row) -> StoreCorruption:
    return StoreCorruption(f"what is kept of event {Cid(row[_CID])} is not what was put there")


class Capability(NamedTuple):
    """What events under one capability have in common. `section` is empty where the CAR is whole."""

    cid: Cid | None
    grant: Grant | None
    section: bytes


NO_CAPABILITY: Final = Capability(None, None, b"")
"""That of events that were signed by their own key, or not at all."""


def to_columns(event: NewEvent, capability: int | None, section: bytes) -> Columns:
    """The columns of an event.

    Args:
        event: the event.
        capability: number of the capability that it was signed under, if any.
        section: what is kept with that, and not in the CAR; empty if nothing.
    """
    car, checked, _facts = event
    section_at = car.find(section) if section else -1
    if section_at >= 0:
        car = car[:section_at] + car[section_at + len(section) :]
    payload_at = car.find(checked.payload)
    columns = (
        bytes(checked.cid),
        None if checked.prev is None else bytes(checked.prev),
        int(checked.kind),
        checked.signer,
        capability,
        checked.timestamp,
        checked.chain_id,
        None if checked.reason is None else checked.reason.value,
        checked.detail,
        None if checked.model is None else bytes(checked.model),
        checked.payload if payload_at < 0 else None,
        max(payload_at, 0),
        len(checked.payload),
        section_at if section_at >= 0 else None,
    )
    # In this form bytes follow from the values alone, in every release of Python.
    return (*columns, crc32(car, crc32(dumps(columns, 0))), car)


def reports(
    rows: Iterable[Row], streams: Mapping[Any, Cid | None], shared: Mapping[int | None, Capability]
) -> Iterator[CheckedEvent]:
    """What is known of events.

    Args:
        rows: see `Row`.
        streams: the streams that they belong to, by what the rows name them; None where that isn't known yet.
        shared: the capabilities in the rows by number, and under None what stands for none.

    Raises:
        StoreCorruption: a row makes no sense.
    """
    # One loop with no call in it that can be done without: reading the feed consists of little else.
    make = tuple.__new__
    for row in rows:
        (
            _place, _received, home, cid, prev, kind, signer, number, timestamp, chain_id, reason, detail,
            model, payload, start, size, _section_at, crc, car,
        ) = row  # fmt: skip
        if crc32(car, crc32(dumps(row[_CID:_CRC], 0))) != crc:
            raise _changed(row)
        try:
            capability, grant, _section = shared[number]
            yield make(
                CheckedEvent,
                (
                    Cid(cid),
                    streams[home],
                    _KINDS[kind],
                    None if prev is None else Cid(prev),
                    car[start : start + size] if payload is None else payload,
                    signer,
                    capability,
                    timestamp,
                    chain_id,
                    None if reason is None else BY_CODE[reason],
                    detail,
                    grant,
                    None if model is None else StreamId(model),
                ),
            )
        except (LookupError, TypeError) as error:
            raise StoreCorruption(f"the report on event {Cid(cid)} makes no sense: {error!r}") from None


def report_of(row: Row, stream: Cid | None, shared: Mapping[int | None, Capability]) -> CheckedEvent:
    """What is known of one event.

    Raises:
        StoreCorruption: the row makes no sense.
    """
    return next(reports((row,), {row[HOME]: stream}, shared))


def car_of(row: Row, shared: Mapping[int | None, Capability]) -> bytes:
    """The bytes of an event as they came, of whose row there is a report."""
    section_at, car = row[_CRC - 1], row[_CAR]
    if section_at is None:
        return car  # type: ignore[no-any-return]
    return b"".join((car[:section_at], shared[row[CAPABILITY]].section, car[section_at:]))
