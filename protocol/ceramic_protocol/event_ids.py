"""EventIDs: the keys under which Recon keeps events (events.md 2.2; event_id.rs of ceramic-one).

An EventID is `ce 01 05`, the network's id as varint, then three hashes that put neighbours side by side
(8 bytes of the separator, 8 of the controller, 4 of the init event's CID), then the event's CID. A fencepost
has no CID: it bounds a range. CIP-124 describes another layout, with an event height, that no node speaks.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Final, NamedTuple, Self

from ceramic_protocol import multibase
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import IdentifierError, UsageError
from ceramic_protocol.events import Event, InitHeader
from ceramic_protocol.limits import MAX_EVENT_ID_BYTES, MAX_IDENTIFIER_CHARS
from ceramic_protocol.networks import Network

MODEL_SEPARATOR: Final = "model"
"""Separator key of nearly every event: what `header.sep` means when it is absent."""

MIN_CONTROLLER: Final = bytes(8)
MAX_CONTROLLER: Final = b"\xff" * 8
MIN_INIT: Final = bytes(4)
MAX_INIT: Final = b"\xff" * 4

_HEAD: Final = b"\xce\x01\x05"
_SEPARATOR: Final = slice(0, 8)
_CONTROLLER: Final = slice(8, 16)
_INIT: Final = slice(16, 20)
_HASHES_LENGTH: Final = 20
_MIN: Final = b""
_MAX: Final = b"\xff"
_HEX: Final = re.compile(r"FF|CE0105(?:[0-9A-F]{2})*")


def separator_hash(sep_key: str, sep_value: bytes) -> bytes:
    """The 8 bytes for a separator; the value is the StreamID of the model, as bytes.

    Raises:
        IdentifierError: the key is not Unicode.
    """
    return sha256(_utf8(sep_key) + sep_value).digest()[-8:]


def controller_hash(controller: str) -> bytes:
    """The 8 bytes for a controller's DID, letter by letter: case makes a difference.

    Raises:
        IdentifierError: the DID is not Unicode.
    """
    return sha256(_utf8(controller)).digest()[-8:]


def _utf8(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        msg = f"text is not Unicode: {error}"
        raise IdentifierError(msg) from None


def init_tail(init: Cid) -> bytes:
    """The 4 bytes for a stream: the last of its init event's CID."""
    return init[-4:]


class EventIdParts(NamedTuple):
    """What stands in an EventID. `cid` is None in a fencepost."""

    network: Network
    separator: bytes
    controller: bytes
    init: bytes
    cid: Cid | None


class EventId(bytes):
    """An EventID or fencepost; hashes, compares and sorts as bytes do, which is Recon's order.

    Its CBOR form is a byte string, so any encoder of bytes writes it. `str()` gives upper-case hex.
    """

    __slots__ = ()

    @classmethod
    def of(
        cls,
        network: Network,
        sep_value: bytes,
        controller: str,
        init: Cid,
        event: Cid | None = None,
        *,
        sep_key: str = MODEL_SEPARATOR,
    ) -> Self:
        """The EventID of an event; without the event, the fencepost before the stream's events."""
        hashes = (separator_hash(sep_key, sep_value), controller_hash(controller), init_tail(init))
        return cls.from_parts(network, *hashes, event)

    @classmethod
    def from_parts(
        cls, network: Network, separator: bytes, controller: bytes, init: bytes, cid: Cid | None = None
    ) -> Self:
        """An EventID from hashes that are known already, such as `MIN_CONTROLLER`.

        Raises:
            IdentifierError: a hash has another length than 8, 8 and 4 bytes.
        """
        if (len(separator), len(controller), len(init)) != (8, 8, 4):
            msg = "an EventID takes 8 bytes of separator, 8 of controller and 4 of the init CID"
            raise IdentifierError(msg)
        return cls(_HEAD + network.varint + separator + controller + init + (cid or b""))

    @classmethod
    def from_bytes(cls, data: bytes, *, strict: bool = True) -> Self:
        """An EventID or fencepost that takes up all of `data`.

        Behind the hashes come nothing, `ff` or one whole CID. ceramic-one doesn't look there; without
        `strict` anything up to the size limit may follow, and `cid` is the CID it starts with, if any. What
        stands before is checked in both cases, where ceramic-one panics or takes any number for a network.

        Raises:
            IdentifierError: not an EventID.
        """
        if data in (_MIN, _MAX):
            return cls(data)
        if len(data) > MAX_EVENT_ID_BYTES:
            msg = f"{len(data)} bytes are too many for an EventID"
            raise IdentifierError(msg)
        if not data.startswith(_HEAD):
            msg = "not an EventID: it does not start with ce 01 05"
            raise IdentifierError(msg)
        _network, start = Network.read(data, len(_HEAD))
        end = start + _HASHES_LENGTH
        if len(data) < end:
            msg = "EventID is cut short"
            raise IdentifierError(msg)
        rest = data[end:]
        if strict and rest not in (_MIN, _MAX):
            Cid.from_bytes(rest)
        return cls(data)

    @classmethod
    def parse(cls, text: str) -> Self:
        """An EventID from the hex that `str()` gives, or from multibase text, as nodes take it in a path.

        The text of the smallest fencepost is empty and refused; in multibase it is a letter alone.

        Raises:
            IdentifierError: not the text of an EventID.
        """
        if len(text) > MAX_IDENTIFIER_CHARS:
            msg = "text is too long for an EventID"
            raise IdentifierError(msg)
        if _HEX.fullmatch(text):
            return cls.from_bytes(bytes.fromhex(text))
        return cls.from_bytes(multibase.decode(text))

    @property
    def parts(self) -> EventIdParts | None:
        """All parts; None for the smallest and the largest fencepost, which have none."""
        if self in (_MIN, _MAX):
            return None
        network, start = Network.read(self, len(_HEAD))
        hashes = self[start : start + _HASHES_LENGTH]
        return EventIdParts(network, hashes[_SEPARATOR], hashes[_CONTROLLER], hashes[_INIT], self.cid)

    @property
    def network(self) -> Network | None:
        """The network; None for the smallest and the largest fencepost."""
        return None if self in (_MIN, _MAX) else Network.read(self, len(_HEAD))[0]

    @property
    def separator(self) -> bytes | None:
        """8 bytes for the separator, see `separator_hash`; None without parts."""
        parts = self.parts
        return parts.separator if parts else None

    @property
    def controller(self) -> bytes | None:
        """8 bytes for the controller, see `controller_hash`; None without parts."""
        parts = self.parts
        return parts.controller if parts else None

    @property
    def init(self) -> bytes | None:
        """4 bytes for the stream, see `init_tail`; None without parts."""
        parts = self.parts
        return parts.init if parts else None

    @property
    def cid(self) -> Cid | None:
        """The event's CID; None for a fencepost."""
        if self in (_MIN, _MAX):
            return None
        try:
            return Cid.read(self, self._end_of_hashes())[0]
        except IdentifierError:
            return None

    @property
    def is_fencepost(self) -> bool:
        """Whether it only bounds a range: Recon neither hashes nor sends a fencepost."""
        return self.cid is None

    def swap_cid(self, cid: Cid) -> Self:
        """The EventID of another event of the same stream.

        Raises:
            IdentifierError: this is the smallest or the largest fencepost, which belongs to no stream.
        """
        return self._with_rest(cid)

    def with_min_event(self) -> Self:
        """The fencepost before all events of the stream.

        Raises:
            IdentifierError: this is the smallest or the largest fencepost.
        """
        return self._with_rest(_MIN)

    def with_max_event(self) -> Self:
        """The fencepost behind all events of the stream.

        Raises:
            IdentifierError: this is the smallest or the largest fencepost.
        """
        return self._with_rest(_MAX)

    def _with_rest(self, rest: bytes) -> Self:
        if self in (_MIN, _MAX):
            msg = "the smallest and the largest EventID belong to no stream"
            raise IdentifierError(msg)
        return type(self)(self[: self._end_of_hashes()] + rest)

    def _end_of_hashes(self) -> int:
        return Network.read(self, len(_HEAD))[1] + _HASHES_LENGTH

    def __str__(self) -> str:
        """Upper-case hex."""
        return self.hex().upper()

    def __repr__(self) -> str:
        """`EventId('CE01…')`."""
        return f"EventId({str(self)!r})"

    def __getnewargs__(self) -> tuple[bytes]:
        """Pickle as plain bytes."""
        return (bytes(self),)


MIN_EVENT_ID: Final = EventId(_MIN)
"""Before every EventID."""

MAX_EVENT_ID: Final = EventId(_MAX)
"""Behind every EventID."""


class EventRange(NamedTuple):
    """The EventIDs from `start` on, before `end` (recon.md 2.4)."""

    start: EventId
    end: EventId

    @classmethod
    def of(
        cls,
        network: Network,
        sep_value: bytes,
        controller: str | None = None,
        init: Cid | None = None,
        *,
        sep_key: str = MODEL_SEPARATOR,
    ) -> Self:
        """All events of a model, of one of its controllers, or of one stream, as nodes build the range.

        Raises:
            UsageError: a stream without its controller.
        """
        separator = separator_hash(sep_key, sep_value)
        if controller is None:
            if init is not None:
                msg = "a range of EventIDs for a stream needs the stream's controller too"
                raise UsageError(msg)
            low, high = MIN_CONTROLLER, MAX_CONTROLLER
        else:
            low = high = controller_hash(controller)
        first, last = (MIN_INIT, MAX_INIT) if init is None else (init_tail(init), init_tail(init))
        return cls(
            EventId.from_parts(network, separator, low, first),
            EventId.from_parts(network, separator, high, last).with_max_event(),
        )

    def covers(self, key: bytes) -> bool:
        """Whether an EventID lies in the range."""
        return self.start <= key < self.end


EVERYTHING: Final = EventRange(MIN_EVENT_ID, MAX_EVENT_ID)
"""Every EventID of every network."""


def event_id_of(event: Event, header: InitHeader, network: Network) -> EventId:
    """The EventID of a decoded event, given the header of its stream's init event.

    As in ceramic-one, the separator value is the model whatever `sep` says, and the first controller counts.

    Raises:
        IdentifierError: the header has no model, no controller, or a `sep` that isn't text, or it is a time
            event that doesn't tell its stream.
    """
    if event.stream is None:
        msg = f"time event {event.cid} has no id, so that its EventID hangs on the event before it"
        raise IdentifierError(msg)
    sep_key = header.fields.get("sep")
    if sep_key is None:
        sep_key = MODEL_SEPARATOR
    if not isinstance(sep_key, str) or header.model is None or not header.controllers:
        msg = "only an event of a stream with model, controller and a separator key of text has an EventID"
        raise IdentifierError(msg)
    return EventId.of(network, header.model, header.controller, event.stream, event.cid, sep_key=sep_key)
