"""StreamID and CommitID (events.md 1.1 to 1.3; CIP-59)."""

from __future__ import annotations

import re
from typing import Final, Self

from ceramic_protocol import multibase, varint
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import IdentifierError
from ceramic_protocol.limits import MAX_IDENTIFIER_CHARS

TILE: Final = 0
CAIP10_LINK: Final = 1
MODEL: Final = 2
MODEL_INSTANCE: Final = 3
UNLOADABLE: Final = 4

TYPE_NAMES: Final = {
    TILE: "tile",
    CAIP10_LINK: "caip10-link",
    MODEL: "model",
    MODEL_INSTANCE: "MID",
    UNLOADABLE: "UNLOADABLE",
}

_STREAM_MULTICODEC: Final = 0xCE
_INIT_COMMIT: Final = b"\0"
_TEXT: Final = re.compile(
    r"(?:ceramic://|/ceramic/)?(?P<id>k[0-9a-z]+)(?:\?commit=(?P<commit>[0-9A-Za-z]+))?"
)


class StreamId(bytes):
    """A stream's identifier: `ce 01`, the stream type, the CID of the init event. Text is base36 `k…`."""

    __slots__ = ()

    @classmethod
    def of(cls, stream_type: int, init: Cid) -> Self:
        """The StreamID of a type and an init CID."""
        return cls(varint.encode(_STREAM_MULTICODEC) + varint.encode(stream_type) + init)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """A StreamID that takes up all of `data`.

        Raises:
            IdentifierError: not a StreamID; a CommitID says so.
        """
        end = _end_of_stream_id(data)
        if end != len(data):
            msg = "bytes behind the StreamID: a CommitID?"
            raise IdentifierError(msg)
        return cls(data)

    @classmethod
    def parse(cls, text: str) -> Self:
        """A StreamID from `k…`, `ceramic://k…` or `/ceramic/k…`.

        Raises:
            IdentifierError: not a StreamID, or a commit is named with it.
        """
        data, commit = _split_text(text)
        if commit is not None:
            msg = f"{text!r} names a commit: parse it as a CommitID"
            raise IdentifierError(msg)
        return cls.from_bytes(data)

    @property
    def stream_type(self) -> int:
        """Number of the stream type (0 tile, 1 caip10-link, 2 model, 3 model instance, …)."""
        return varint.decode(self, 2)[0]

    @property
    def type_name(self) -> str:
        """The type's name in js-ceramic, or its number."""
        return TYPE_NAMES.get(self.stream_type, str(self.stream_type))

    @property
    def cid(self) -> Cid:
        """CID of the init event."""
        return Cid(self[varint.decode(self, 2)[1] :])

    @property
    def uri(self) -> str:
        """`ceramic://k…`."""
        return f"ceramic://{self}"

    def __str__(self) -> str:
        """Base36 text."""
        return multibase.encode(self, "k")

    def __repr__(self) -> str:
        """`StreamId('k…')`."""
        return f"StreamId({str(self)!r})"

    def __getnewargs__(self) -> tuple[bytes]:
        """Pickle as plain bytes."""
        return (bytes(self),)


class CommitId(bytes):
    """A stream at one of its events: the StreamID's bytes, then the event's CID, or `00` for the init."""

    __slots__ = ()

    @classmethod
    def of(cls, stream: StreamId, commit: Cid | None = None) -> Self:
        """The CommitID of a stream at `commit`; None and the init's own CID both mean the init."""
        if commit is None or commit == stream.cid:
            return cls(stream + _INIT_COMMIT)
        return cls(stream + commit)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """A CommitID that takes up all of `data`.

        Raises:
            IdentifierError: not a CommitID; a plain StreamID says so.
        """
        end = _end_of_stream_id(data)
        rest = data[end:]
        if not rest:
            msg = "no commit behind the StreamID"
            raise IdentifierError(msg)
        if rest != _INIT_COMMIT:
            return cls.of(StreamId(data[:end]), Cid.from_bytes(rest))
        return cls(data)

    @classmethod
    def parse(cls, text: str) -> Self:
        """A CommitID from `k…`, `ceramic://k…` or the legacy `/ceramic/k…?commit=<cid|0>`.

        Raises:
            IdentifierError: not a CommitID.
        """
        data, commit = _split_text(text)
        if commit is None:
            return cls.from_bytes(data)
        stream = StreamId.from_bytes(data)
        return cls.of(stream, None if commit == "0" else Cid.parse(commit))

    @property
    def stream(self) -> StreamId:
        """The stream."""
        return StreamId(self[: _end_of_stream_id(self)])

    @property
    def cid(self) -> Cid:
        """CID of the event that is meant."""
        rest = self[_end_of_stream_id(self) :]
        return self.stream.cid if rest == _INIT_COMMIT else Cid(rest)

    def __str__(self) -> str:
        """Base36 text."""
        return multibase.encode(self, "k")

    def __repr__(self) -> str:
        """`CommitId('k…')`."""
        return f"CommitId({str(self)!r})"

    def __getnewargs__(self) -> tuple[bytes]:
        """Pickle as plain bytes."""
        return (bytes(self),)


def _end_of_stream_id(data: bytes) -> int:
    codec, pos = varint.decode(data)
    if codec != _STREAM_MULTICODEC:
        msg = "not a StreamID: it does not start with ce 01"
        raise IdentifierError(msg)
    _stream_type, pos = varint.decode(data, pos)
    return Cid.read(data, pos)[1]


def _split_text(text: str) -> tuple[bytes, str | None]:
    found = _TEXT.fullmatch(text) if len(text) <= MAX_IDENTIFIER_CHARS else None
    if found is None:
        msg = f"{text[:80]!r} is no StreamID or CommitID"
        raise IdentifierError(msg)
    return multibase.decode(found["id"]), found["commit"]


METAMODEL: Final = StreamId.parse("kh4q0ozorrgaq2mezktnrmdwleo1d")
"""Value of the `model` header of every model stream (events.md 1.4)."""
