"""Made sessions: keys that write in the name of accounts, and the same keys that write in their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final, TypeAlias

from ceramic_protocol.accounts.sessions import Session, create_capability, one_model
from ceramic_protocol.accounts.signers import Ed25519Signer
from ceramic_protocol.accounts.wallets import Eip191Wallet, SolanaWallet
from ceramic_protocol.builder import EventBuilder
from ceramic_protocol.cid import DAG_JOSE, Cid
from ceramic_protocol.ids import MODEL, StreamId
from ceramic_protocol.ports import RawEvent
from ceramic_protocol.rules import Rules

STREAM_EVENTS: Final = 10
"""Events of a stream."""

RULES: Final = Rules.as_of(datetime(2026, 1, 1, tzinfo=UTC))
"""The capabilities hold at that time."""

Stream: TypeAlias = Sequence[RawEvent]
"""The events of a stream, the init event first."""

_MODEL: Final = StreamId.of(MODEL, Cid.of(b"the model of the benchmarks", DAG_JOSE))
_TEXT: Final = "Streams of signed events, verified and folded again wherever they arrive."


@dataclass(frozen=True, slots=True)
class Pair:
    """The same content twice: streams of accounts, under capabilities, and streams of the session keys."""

    granted: list[Stream]
    plain: list[Stream]


def make_pair(sessions: int, events: int) -> Pair:
    """So many sessions with that many events each; every other account is one of Ethereum or of Solana."""
    made = [_session(number) for number in range(sessions)]
    streams = max(1, events // STREAM_EVENTS)
    return Pair(
        [_stream(session.builder(), number) for number in range(streams) for session in made],
        [_stream(EventBuilder(session.key), number) for number in range(streams) for session in made],
    )


def in_turn(streams: Sequence[Stream]) -> list[RawEvent]:
    """All events, as a node sees them arrive."""
    return [event for events in zip(*streams, strict=True) for event in events]


def _secret(name: str, number: int) -> bytes:
    return sha256(f"{name} {number}".encode()).digest()


def _session(number: int) -> Session:
    key = Ed25519Signer(_secret("session", number))
    secret = _secret("account", number)
    wallet = SolanaWallet.of_seed(secret) if number % 2 else Eip191Wallet.of_secret(secret)
    capability = create_capability(
        wallet,
        key.did,
        domain="app.example",
        resources=[one_model(_MODEL)],
        issued_at=datetime(2025, 12, 31, tzinfo=UTC),
        expires_at=datetime(2026, 1, 7, tzinfo=UTC),
        nonce=f"{number:010}",
    )
    return Session(key, capability)


def _stream(builder: EventBuilder, number: int) -> Stream:
    content = {"text": _TEXT, "number": number, "edits": 0}
    events = [builder.init(_MODEL, content, unique=number.to_bytes(12, "big"))]
    for edit in range(1, STREAM_EVENTS):
        patch = [
            {"op": "replace", "path": "/text", "value": f"{_TEXT} {edit}"},
            {"op": "replace", "path": "/edits", "value": edit},
        ]
        events.append(builder.data(events[0].cid, events[-1].cid, patch))
    return [RawEvent(event.car, event.cid, "", 0) for event in events]
