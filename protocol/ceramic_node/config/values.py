"""Values of a node's settings that have more than one part, or few values."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple, Self

from ceramic_connectors.config.kinds import DID
from ceramic_protocol.errors import IdentifierError, UsageError
from ceramic_protocol.ids import StreamId
from ceramic_protocol.limits import MAX_QUOTED_CHARS
from ceramic_protocol.plain_text import plain


class InterestKind(StrEnum):
    """What an interest is in."""

    MODEL = "model"
    STREAM = "stream"
    CONTROLLER = "controller"


class Interest(NamedTuple):
    """Streams that a node is to hold: those of a model or controller, or one.

    `name` is a StreamID or, for a controller, a DID.
    """

    kind: InterestKind
    name: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """An interest from `model:STREAMID`, `stream:STREAMID` or `controller:DID`.

        Raises:
            UsageError: it is none.
        """
        word, _, name = text.strip().partition(":")
        try:
            kind = InterestKind(word)
            if kind is InterestKind.CONTROLLER:
                return cls(kind, DID.parse(name))
            return cls(kind, str(StreamId.parse(name)))
        except (ValueError, IdentifierError, UsageError):
            quoted = plain(text, MAX_QUOTED_CHARS)
            forms = "model:STREAMID, stream:STREAMID or controller:DID"
            raise UsageError(f"{quoted!r} is no interest; give {forms}") from None

    def __str__(self) -> str:
        """As it is parsed."""
        return f"{self.kind.value}:{self.name}"


class Durability(StrEnum):
    """What survives when: SQLite's `synchronous`."""

    NORMAL = "NORMAL"
    """What was acknowledged survives the end of the process, but for the last moments that of the machine."""

    FULL = "FULL"
    """What was acknowledged survives the end of the machine."""
