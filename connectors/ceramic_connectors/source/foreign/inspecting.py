"""Events of others after their own checks, in a form that travels between processes."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from ceramic_connectors.source.foreign.client import Row
from ceramic_protocol import dagcbor, dagjson, multibase
from ceramic_protocol.accounts.access import Stream
from ceramic_protocol.checked import CheckedEvent, Kind
from ceramic_protocol.cid import Cid
from ceramic_protocol.dagcbor import IpldValue
from ceramic_protocol.errors import DecodeError, EncodeError, IdentifierError
from ceramic_protocol.events import DataEvent, Event, InitEvent, InvalidEvent
from ceramic_protocol.ids import StreamId
from ceramic_protocol.limits import MAX_REMEMBERED_STREAMS, MAX_TOLD_CHARS
from ceramic_protocol.plain_text import plain
from ceramic_protocol.ports import Damage, RawEvent, SourceItem
from ceramic_protocol.profiles.registry import ACCOUNT_RULES
from ceramic_protocol.reasons import Reason
from ceramic_protocol.verify import Inspected, Verifier

_BASE64: Final = "m"
_SOURCE: Final = "feed"


class Began(NamedTuple):
    """What an init event fixes for its stream, as texts; `stream` is as capabilities speak of it."""

    stream_id: str
    model: str | None
    controller: str
    stream: Stream


class Found(NamedTuple):
    """An event after its own checks.

    Attributes:
        cid: its own, or what the node calls it if it has none.
        kind: None if it is no event.
        stream: CID of its init event as bytes, as far as it is known.
        prev: CID of the event before it.
        signer: DID of the key that signed it.
        capability: CID of what it was signed under.
        timestamp: unix second of a proven time event.
        chain_id: the chain of a proven time event.
        reason: code of what is wrong, None if nothing is.
        detail: the same in words.
        payload: as DAG-JSON, if that is wanted and there is any.
        car: the CAR as multibase text, where it isn't that of the node.
        began: of an init event.
        grant: what the capability allows, see `Grant.to_bytes`.
        signed: the payload block, if the capability names it.
    """

    cid: str
    kind: int | None
    stream: bytes | None
    prev: str | None = None
    signer: str | None = None
    capability: str | None = None
    timestamp: int | None = None
    chain_id: str | None = None
    reason: str | None = None
    detail: str | None = None
    payload: bytes | None = None
    car: str | None = None
    began: Began | None = None
    grant: bytes | None = None
    signed: bytes = b""


@dataclass(frozen=True, slots=True)
class Inspector:
    """Looks at events; can be pickled if the ports of its verifier can."""

    verifier: Verifier
    has_payload: bool

    def inspect(self, rows: Sequence[Row]) -> list[Found]:
        """What each event is, in order."""
        items = [_item(row) for row in rows]
        inspected = self.verifier.inspect_all(items)
        return [self._found(*each) for each in zip(rows, items, inspected, strict=True)]

    def _found(self, row: Row, item: SourceItem, found: Inspected) -> Found:
        checked, event = found
        if isinstance(checked, CheckedEvent) and not isinstance(event, InvalidEvent):
            cid = str(checked.cid)
            if cid == row.cid:
                return self._good(cid, checked, event, _car_of(row, item))
            return self._under_another_name(row, item, cid, checked, event)
        return _bad(row, item, checked)

    def _under_another_name(
        self, row: Row, item: SourceItem, cid: str, checked: CheckedEvent, event: Event
    ) -> Found:
        """An event whose CID is written otherwise than usual, or that isn't the one that the node names."""
        try:
            named = Cid.parse(row.cid)
        except IdentifierError:
            said = plain(row.cid, MAX_TOLD_CHARS)
            detail = f"the node calls it {said!r}, which is no CID; the CAR's root is {cid}"
            bad = InvalidEvent(Reason.EVENT_MALFORMED, detail, checked.cid, checked.stream)
            return _bad(row, item, bad)._replace(cid=cid)
        if named == checked.cid:
            return self._good(cid, checked, event, _car_of(row, item))
        # The verifier has a verdict for it.
        again = self.verifier.check(item._replace(cid=named) if isinstance(item, RawEvent) else item)
        return _bad(row, item, again)

    def _good(self, cid: str, checked: CheckedEvent, event: Event, car: str | None) -> Found:
        reason, grant = checked.reason, checked.grant
        return Found(
            cid,
            int(checked.kind),
            None if checked.stream is None else bytes(checked.stream),
            None if checked.prev is None else str(checked.prev),
            checked.signer,
            None if checked.capability is None else str(checked.capability),
            checked.timestamp,
            checked.chain_id,
            None if reason is None else reason.value,
            None if checked.detail is None else plain(checked.detail, MAX_TOLD_CHARS),
            _json(event, checked.payload) if self.has_payload else None,
            car,
            self._began(event) if isinstance(event, InitEvent) else None,
            None if grant is None else grant.to_bytes(),
            b"" if grant is None or not _names_payload(grant.resources) else checked.payload,
        )

    def _began(self, init: InitEvent) -> Began:
        header = init.header
        stream_id = StreamId.of(header.stream_type, init.cid)
        plain_stream = Stream(header.controller, str(stream_id), _text(header.model))
        rules = ACCOUNT_RULES[self.verifier.profile]
        stream = rules.stream_of(
            Stream(header.controller, stream_id, header.model) if rules.names_by_payload else plain_stream,
            init.payload,
        )
        return Began(str(stream_id), _text(header.model), header.controller, stream)


def _item(row: Row) -> SourceItem:
    text = row.data or ""
    try:
        if text.startswith(_BASE64):
            padding = "=" * (-(len(text) - 1) % 4)
            car = binascii.a2b_base64(text[1:] + padding, strict_mode=True)
        else:
            car = multibase.decode(text)
    except (IdentifierError, ValueError) as error:
        raw = text.encode("utf-8", "surrogatepass")
        detail = "no bytes came with it" if not text else f"its data is no multibase text: {error}"
        return Damage(detail, _SOURCE, 0, len(raw), raw, Reason.CAR_MALFORMED)
    return RawEvent(car, None, _SOURCE, 0)


def _bad(row: Row, item: SourceItem, checked: CheckedEvent | InvalidEvent) -> Found:
    reason, detail = checked.reason or Reason.EVENT_MALFORMED, checked.detail or ""
    # It has to be found under the name by which the node knows it.
    return Found(
        plain(row.cid, MAX_TOLD_CHARS),
        None,
        None if checked.stream is None else bytes(checked.stream),
        reason=reason.value,
        detail=plain(detail, MAX_TOLD_CHARS),
        car=_car_of(row, item),
    )


def _car_of(row: Row, item: SourceItem) -> str | None:
    """The CAR as text, if the node has it in another form than others expect; damage as it came."""
    if isinstance(item, RawEvent):
        return None if (row.data or "").startswith(_BASE64) else _multibase(item.car)
    return _multibase(item.raw)


def _json(event: Event, payload: bytes) -> bytes | None:
    """The payload as DAG-JSON; None for time events, which have none, and for what JSON can't hold."""
    if not payload:
        return None
    try:
        return dagjson.encode(_value(event, payload))
    except (DecodeError, EncodeError):
        return None


def _value(event: Event, payload: bytes) -> IpldValue:
    """What the payload says, put together again where that can be done without decoding it twice."""
    if isinstance(event, InitEvent) and event.data is not None:
        return {"data": event.data, "header": dict(event.header.fields)}
    if isinstance(event, DataEvent):
        value: dict[str, IpldValue] = {"data": event.data, "id": event.stream, "prev": event.prev}
        if event.header:
            value["header"] = dict(event.header)
            return value
        if b"fheader" not in payload:
            return value
    return dagcbor.decode(payload)


def _names_payload(resources: Sequence[str]) -> bool:
    return any("?payload=" in resource for resource in resources)


def _multibase(raw: bytes) -> str:
    return _BASE64 + base64.b64encode(raw).rstrip(b"=").decode("ascii")


@lru_cache(MAX_REMEMBERED_STREAMS)
def _text(stream_id: StreamId | None) -> str | None:
    return None if stream_id is None else str(stream_id)


KINDS: Final = tuple(kind.name.lower() for kind in sorted(Kind))
"""Names of kinds of events, by their numbers."""
