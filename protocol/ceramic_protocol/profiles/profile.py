"""The names of the profiles, and what each one has to decide."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple, Protocol

from ceramic_protocol.accounts.access import Stream, Terms
from ceramic_protocol.accounts.grant import Grant
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.jose import Envelope
from ceramic_protocol.ports import Contracts
from ceramic_protocol.reasons import Finding


class Profile(StrEnum):
    """Whose verdict on accounts is asked for."""

    STRICT = "strict"
    """Ours: what accounts.md recommends."""

    JS = "js"
    """What js-ceramic and js-did say."""

    CERAMIC_ONE = "ceramic-one"
    """What ceramic-one says to an event that is posted to it."""


class Signed(NamedTuple):
    """What a signed event shows without its stream: what is wrong with it, and what it was allowed to do."""

    finding: Finding | None
    grant: Grant | None = None


class AccountRules(Protocol):
    """The part of verification that profiles differ in: who signed, under what, and may they.

    `uses_anchors` says whether an anchor proves when an event was signed, `takes_unsigned_content` whether an
    unsigned init event may have content, `names_by_payload` whether `stream_of` needs a payload.
    """

    uses_anchors: bool
    takes_unsigned_content: bool
    names_by_payload: bool

    def decode_envelope(self, block: bytes) -> Envelope:
        """The envelope of a signed event.

        Raises:
            DecodeError: it is none.
        """
        ...

    def check_signed(self, envelope: Envelope, contracts: Contracts) -> Signed:
        """Check signature and capability, without the stream."""
        ...

    def stream_of(self, stream: Stream, payload: bytes) -> Stream:
        """The stream as resources of capabilities have to name it, by the payload of its init event."""
        ...

    def may_write(self, event: CheckedEvent, stream: Stream, at: int, terms: Terms) -> Finding | None:
        """None if the signer may write to the stream at unix millisecond `at`."""
        ...
