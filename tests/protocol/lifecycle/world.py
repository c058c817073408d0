"""Streams over a store in memory, with accounts, models, a chain and a clock of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ceramic_node.store.memory import MemoryStore
from ceramic_protocol.accounts.signers import Ed25519Signer
from ceramic_protocol.anchors import ANCHOR_CONTRACT, ANCHOR_SELECTOR, CONTRACT_CALL
from ceramic_protocol.build_time import time_event
from ceramic_protocol.builder import EventBuilder
from ceramic_protocol.built import BuiltEvent
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.cid import Cid
from ceramic_protocol.events import InvalidEvent, Proof
from ceramic_protocol.ids import StreamId
from ceramic_protocol.lifecycle.streams import Streams
from ceramic_protocol.ports import EventStore, RawEvent, Transaction
from ceramic_protocol.store_port import ANY_VERSION
from ceramic_protocol.stored import NewEvent, PutResult
from ceramic_protocol.verify import Verifier
from tests.support.chains import KnownChain

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CHAIN_ID = "eip155:1337"


class CountingSigner:
    """A key that counts what it signs."""

    algorithm = "EdDSA"

    def __init__(self, number: int) -> None:
        self._key = Ed25519Signer(number.to_bytes(32, "big"))
        self.did = self._key.did
        self.signed = 0

    def sign(self, message: bytes) -> bytes:
        """See `Signer`."""
        self.signed += 1
        return self._key.sign(message)


@dataclass
class SetClock:
    """A clock that stands."""

    at: datetime = NOW

    def now(self) -> int:
        """See `Clock`."""
        return int(self.at.timestamp() * 1000)


class Meddling:
    """A store in which something happens just before each `put`, once per entry of `before`."""

    def __init__(self, store: EventStore) -> None:
        self.store = store
        self.before: list[Callable[[], object]] = []
        self.puts = 0

    def put(self, events: Sequence[NewEvent], *, if_versions: Mapping[Cid, int] = ANY_VERSION) -> PutResult:
        """See `EventStore`."""
        self.puts += 1
        if self.before:
            self.before.pop(0)()
        return self.store.put(events, if_versions=if_versions)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)


@dataclass
class World:
    """A store and what is around it."""

    store: EventStore = field(default_factory=MemoryStore)
    chain: KnownChain = field(default_factory=KnownChain)
    clock: SetClock = field(default_factory=SetClock)

    @property
    def streams(self) -> Streams:
        """All that can be done with its streams."""
        return Streams(self.store, Verifier(self.chain), self.clock)

    def checked(self, event: BuiltEvent) -> CheckedEvent:
        """An event after its own checks."""
        found = Verifier(self.chain).check(RawEvent(event.car, None, "test", 0))
        if isinstance(found, InvalidEvent):
            raise TypeError(str(found))
        return found

    def put(self, *events: BuiltEvent) -> None:
        """Put events into the store behind everyone's back."""
        self.store.put([NewEvent(event.car, self.checked(event)) for event in events])

    def anchor(self, stream: Cid, prev: Cid, timestamp: int = 1_700_000_000, *, is_known: bool = True) -> Cid:
        """Put a time event into the store; unless it is known, the chain has no answer yet."""
        event = anchor_of(stream, prev)
        if is_known:
            self.prove(prev, timestamp)
        self.put(event)
        return event.cid

    def prove(self, prev: Cid, timestamp: int = 1_700_000_000) -> None:
        """Put the transaction of an event's anchor on the chain."""
        self.chain.chains.add(CHAIN_ID)
        self.chain.transactions[CHAIN_ID, prev.digest] = Transaction(
            ANCHOR_CONTRACT, ANCHOR_SELECTOR + prev.digest, 7, timestamp
        )

    def model(self, **changes: object) -> StreamId:
        """A model whose documents have a text and a number."""
        return self.streams.create_model(DEFINITION | changes, ALICE).state.stream_id


def anchor_of(stream: Cid, prev: Cid) -> BuiltEvent:
    """A time event of an event that was anchored alone."""
    return time_event(stream, prev, Proof(prev, prev.digest, CONTRACT_CALL, CHAIN_ID))


ALICE, BOB = (EventBuilder(Ed25519Signer(number.to_bytes(32, "big"))) for number in (1, 2))
DEFINITION: dict[str, object] = {
    "version": "2.0",
    "name": "Note",
    "description": "A note",
    "interface": False,
    "implements": [],
    "accountRelation": {"type": "list"},
    "immutableFields": [],
    "relations": {},
    "views": {},
    "schema": {
        "type": "object",
        "properties": {"text": {"type": "string", "maxLength": 20}, "n": {"type": "integer"}},
        "required": ["text"],
        "additionalProperties": False,
    },
}
SINGLE: dict[str, object] = {"accountRelation": {"type": "single"}}
SET: dict[str, object] = {"accountRelation": {"type": "set", "fields": ["text"]}}
UNIQUE = b"123456789012"
