"""Both ways between sessions made here and those of the packages for JavaScript."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from coincurve import PrivateKey
from nacl.signing import SigningKey

from ceramic_protocol import multibase
from ceramic_protocol.accounts.cacao import Cacao, decode_cacao
from ceramic_protocol.accounts.cacao_signatures import check_cacao_signature
from ceramic_protocol.accounts.did import KeyType, resolve_did_key
from ceramic_protocol.accounts.eip191 import personal_hash
from ceramic_protocol.accounts.pkh import EIP155, parse_pkh
from ceramic_protocol.accounts.sessions import EVERYTHING, Session, create_capability, one_model
from ceramic_protocol.accounts.signers import SIGNERS, Ed25519Signer, Signer
from ceramic_protocol.accounts.wallets import (
    SOLANA_DEVNET,
    SOLANA_TESTNET,
    Eip191Wallet,
    SolanaWallet,
    Wallet,
)
from ceramic_protocol.builder import EventBuilder
from ceramic_protocol.built import BuiltEvent
from ceramic_protocol.cid import DAG_JOSE, Cid
from ceramic_protocol.evaluate import evaluate
from ceramic_protocol.events import InvalidEvent, decode_event
from ceramic_protocol.eventset import EventSet
from ceramic_protocol.history import StreamHistory
from ceramic_protocol.ids import MODEL, StreamId
from ceramic_protocol.ports import NoContracts
from ceramic_protocol.reasons import Outcome
from ceramic_protocol.rules import Rules
from ceramic_protocol.verify import Verifier
from tests.interop import node
from tests.support.judging import CONTEXT

SECRET = bytes(range(1, 33))
SESSION_SECRET = bytes(range(2, 34))
NOW = datetime(2026, 3, 1, 12, 30, 15, 123_000, tzinfo=UTC)
WEEK = timedelta(days=7)
A_MODEL = StreamId.of(MODEL, Cid.of(b"a model", DAG_JOSE))
PATCH = [{"op": "replace", "path": "/n", "value": 2}]
KINDS = tuple(KeyType)
REFUSALS = (
    "Signature does not belong to issuer",
    # What a capability comes to that was given to another key.
    "not a valid verificationMethod for issuer",
    "chain namespace not supported",
)


def eth_account(text: str) -> bytes:
    """What eth-account gives for `encode_defunct`: r‖s‖v with v from 27."""
    signature: bytes = PrivateKey(SECRET).sign_recoverable(personal_hash(text), hasher=None)
    return signature[:64] + bytes([27 + signature[64]])


def ledger(text: str) -> str:
    """What drivers of hardware wallets give: digits, and v from 0."""
    return PrivateKey(SECRET).sign_recoverable(personal_hash(text), hasher=None).hex()


def solana_keypair(message: bytes) -> bytes:
    """What a Solana library gives."""
    return SigningKey(SECRET).sign(message).signature


ETHEREUM = Eip191Wallet.of_secret(SECRET)
SOLANA = SolanaWallet.of_seed(SECRET)
WALLETS: dict[str, Wallet] = {
    "ethereum": ETHEREUM,
    "polygon": Eip191Wallet.of_secret(SECRET, 137),
    "eth-account": Eip191Wallet(ETHEREUM.account.address, eth_account),
    "hardware wallet": Eip191Wallet(ETHEREUM.account.address.lower(), ledger),
    "solana": SOLANA,
    "solana devnet": SolanaWallet.of_seed(SECRET, SOLANA_DEVNET),
    "solana library": SolanaWallet(SOLANA.account.address, solana_keypair, chain_reference=SOLANA_TESTNET),
}
OPTIONS: tuple[dict[str, Any], ...] = (
    {},
    {"statement": None, "expires_at": None, "resources": [one_model(A_MODEL), "ceramic://*?model=x"]},
    {"not_before": NOW, "request_id": "request-1", "statement": "Let me in; it's fine: really?"},
)


def open_session(wallet: Wallet, kind: KeyType = KeyType.ED25519, **options: Any) -> Session:
    """A session from `NOW` on for a week, unless one says otherwise."""
    key = SIGNERS[kind](SESSION_SECRET)
    usual: dict[str, Any] = {
        "domain": "app.example",
        "resources": [EVERYTHING],
        "issued_at": NOW,
        "expires_at": NOW + WEEK,
        "nonce": "nonce12345",
    }
    return Session(key, create_capability(wallet, key.did, **(usual | options)))


def written(builder: EventBuilder) -> list[BuiltEvent]:
    """An init event and a data event on top of it."""
    init = builder.init(A_MODEL, {"n": 1}, unique=b"unique")
    return [init, builder.data(init.cid, init.cid, PATCH)]


def verify(events: Sequence[BuiltEvent], issuer: str, at: datetime = NOW) -> list[dict[str, Any]]:
    """What the packages say of these events of streams of one account."""
    return verify_each([(event, issuer) for event in events], at)


def verify_each(events: Sequence[tuple[BuiltEvent, str]], at: datetime = NOW) -> list[dict[str, Any]]:
    """What the packages say of these events, each with the account whose stream it is."""
    return node.ask(
        "verify_sessions.mjs",
        [
            {"car": multibase.encode(event.car, "m"), "issuer": issuer, "at": at.isoformat()}
            for event, issuer in events
        ],
    )


def check_refused(key: Signer, capabilities: Sequence[Cacao], at: datetime) -> None:
    """Neither the packages nor our own rules take an event under any of the capabilities."""
    events: list[tuple[BuiltEvent, str]] = []
    for cacao in capabilities:
        both = written(EventBuilder(key, controller=cacao.issuer, capability=cacao.encode()))
        history = judge([event.car for event in both], at)
        assert history.log == ()
        assert all(item.outcome is Outcome.REJECTED for item in history.judged.values()), cacao
        events += [(event, cacao.issuer) for event in both]
    answers = verify_each(events, at)
    assert len(answers) == 2 * len(capabilities)
    for answer, (_event, issuer) in zip(answers, events, strict=True):
        assert any(words in answer["error"] for words in REFUSALS), (issuer, answer)


def judge(cars: Sequence[bytes], at: datetime = NOW) -> StreamHistory:
    """What our own rules make of the events of one stream."""
    events = []
    for car in cars:
        event = decode_event(car)
        assert not isinstance(event, InvalidEvent), event
        events.append(event)
    known = EventSet.of(map(Verifier().verify, events))
    return evaluate(events[0].cid, known, Rules.as_of(at), CONTEXT)


@pytest.mark.parametrize("name", WALLETS)
def test_the_packages_verify_what_is_written_here(name: str) -> None:
    wallet = WALLETS[name]
    sessions = [open_session(wallet, kind, **options) for kind in KINDS for options in OPTIONS]
    events = [event for session in sessions for event in written(session.builder(at=NOW))]
    answers = verify(events, wallet.issuer)
    assert len(answers) == len(KINDS) * len(OPTIONS) * 2
    owners = itertools.chain.from_iterable((session, session) for session in sessions)
    for session, answer in zip(owners, answers, strict=True):
        assert "error" not in answer, (name, answer)
        did = session.key.did
        assert answer["kid"] == f"{did}#{did.removeprefix('did:key:')}"
        assert answer["capability"] == session.capability.members
        assert answer["block"] == session.block.hex()
        assert answer["exact"] is True
    for session in sessions:
        assert len(judge([event.car for event in written(session.builder())]).log) == 2


def changes(cacao: Cacao) -> list[Cacao]:
    """The capability with each signed member changed, left out or put in."""
    account = parse_pkh(cacao.issuer)
    other = "10" if account.namespace == EIP155 else SOLANA_DEVNET
    # A digit in the middle of S, in hexadecimal as in base58.
    before, digit, after = cacao.signature[:-20], cacao.signature[-20], cacao.signature[-19:]
    members: list[dict[str, Any]] = [
        {"domain": "evil.example"},
        {"audience": Ed25519Signer(SECRET).did},
        {"version": "2"},
        {"nonce": "nonce12346"},
        {"issued_at": "2026-03-01T12:30:14.123Z"},
        {"expires_at": "2027-03-08T12:30:15.123Z"},
        {"expires_at": None},
        {"statement": "Look at this"},
        {"statement": None},
        {"resources": (EVERYTHING, "ceramic://more")},
        {"resources": ()},
        {"not_before": "2026-03-01T12:30:15.123Z"},
        {"request_id": "request-2"},
        {"issuer": cacao.issuer.replace(f":{account.reference}:", f":{other}:")},
        {"signature": f"{before}{'2' if digit == '1' else '1'}{after}"},
    ]
    return [replace(cacao, **changed) for changed in members]


@pytest.mark.parametrize("wallet", [ETHEREUM, SOLANA], ids=["ethereum", "solana"])
@pytest.mark.parametrize("kind", KINDS)
def test_nobody_takes_a_tampered_capability(wallet: Wallet, kind: KeyType) -> None:
    session = open_session(wallet, kind)
    tampered = changes(session.capability)
    assert session.capability not in tampered
    check_refused(session.key, tampered, NOW)


@pytest.mark.parametrize("wallet", [ETHEREUM, SOLANA], ids=["ethereum", "solana"])
def test_nobody_writes_in_the_name_of_another_wallet(wallet: Wallet) -> None:
    session = open_session(wallet)
    other = Eip191Wallet.of_secret(SESSION_SECRET).issuer
    events = written(EventBuilder(session.key, controller=other, capability=session.block))
    assert all("error" in answer for answer in verify(events, other))
    assert judge([event.car for event in events]).log == ()


@pytest.mark.parametrize("wallet", [ETHEREUM, SOLANA], ids=["ethereum", "solana"])
def test_nobody_takes_a_capability_out_of_its_time(wallet: Wallet) -> None:
    session = open_session(wallet)
    events = written(session.builder())
    cars = [event.car for event in events]
    for at, word in ((NOW - timedelta(minutes=6), "is not valid yet"), (NOW + 2 * WEEK, "has expired")):
        assert [answer.get("error") for answer in verify(events, wallet.issuer, at)] == [f"CACAO {word}"] * 2
        assert judge(cars, at).log == ()


ORDERS: dict[str, dict[str, Any]] = {
    "ethereum": {"kind": "ethereum", "chain": "1"},
    "polygon": {"kind": "ethereum", "chain": "137"},
    "solana": {"kind": "solana", "chain": "mainnet"},
    "solana testnet": {"kind": "solana", "chain": "testnet"},
}
OURS: dict[str, Wallet] = {
    "ethereum": ETHEREUM,
    "polygon": WALLETS["polygon"],
    "solana": SOLANA,
    "solana testnet": SolanaWallet.of_seed(SECRET, SOLANA_TESTNET),
}


@cache
def their_session(name: str, key: str) -> dict[str, Any]:
    """A session of the packages with our wallet's secret, and two events that it has written; opened once."""
    order = {"wallet": ORDERS[name] | {"secret": SECRET.hex()}, "key": key, "seconds": 3600}
    (answer,) = node.ask(
        "make_sessions.mjs", [order | {"resources": [EVERYTHING, "ceramic://other"], "model": str(A_MODEL)}]
    )
    assert "error" not in answer, answer
    return answer


@pytest.mark.parametrize("name", ORDERS)
@pytest.mark.parametrize("key", ["seed", "webcrypto"])
def test_their_sessions_are_verified_here(name: str, key: str) -> None:
    answer = their_session(name, key)
    cars = [multibase.decode(car) for car in answer["cars"]]
    history = judge(cars, datetime.now(UTC))
    assert len(history.log) == 2
    assert history.header is not None
    assert history.header.controller == OURS[name].issuer == f"did:pkh:{answer['account']}"
    cacao = decode_cacao(bytes.fromhex(answer["block"]))
    assert cacao.members == answer["capability"]
    assert cacao.encode().hex() == answer["block"]
    assert check_cacao_signature(cacao, NoContracts()) is None
    kind = KeyType.ED25519 if key == "seed" else KeyType.P256
    assert resolve_did_key(cacao.audience).type is kind


@pytest.mark.parametrize("name", ORDERS)
def test_a_wallet_here_signs_the_same_capability(name: str) -> None:
    cacao = decode_cacao(bytes.fromhex(their_session(name, "seed")["block"]))
    assert cacao.expires_at is not None
    again = create_capability(
        OURS[name],
        cacao.audience,
        domain=cacao.domain,
        resources=cacao.resources or (),
        issued_at=datetime.fromisoformat(cacao.issued_at),
        expires_at=datetime.fromisoformat(cacao.expires_at),
        nonce=cacao.nonce,
    )
    # Both kinds of signature are deterministic: it is the same to the last byte.
    assert again == cacao
    assert again.encode() == cacao.encode()


@pytest.mark.parametrize("name", ORDERS)
def test_their_sessions_go_on_here(name: str) -> None:
    answer = their_session(name, "seed")
    session = Session(
        Ed25519Signer(bytes.fromhex(answer["seed"])), decode_cacao(bytes.fromhex(answer["block"]))
    )
    now = datetime.now(UTC)
    events = written(session.builder(at=now))
    assert session.controller == OURS[name].issuer
    for found in verify(events, session.controller, now):
        assert found.get("exact") is True, found


@pytest.mark.parametrize("name", ORDERS)
def test_nobody_takes_a_change_of_theirs(name: str) -> None:
    answer = their_session(name, "seed")
    key = Ed25519Signer(bytes.fromhex(answer["seed"]))
    check_refused(key, changes(decode_cacao(bytes.fromhex(answer["block"]))), datetime.now(UTC))
