"""Sessions: a capability that was made here is accepted by whoever checks it, and a changed one by nobody."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_protocol.accounts.cacao import Cacao, decode_cacao
from ceramic_protocol.accounts.cacao_signatures import check_cacao_signature
from ceramic_protocol.accounts.did import KeyType
from ceramic_protocol.accounts.sessions import (
    EVERYTHING,
    STATEMENT,
    Session,
    create_capability,
    one_model,
    one_stream,
)
from ceramic_protocol.accounts.signers import SIGNERS, Ed25519Signer
from ceramic_protocol.accounts.siwx import sign_in_message
from ceramic_protocol.accounts.wallets import SOLANA_TESTNET, Eip191Wallet, SolanaWallet, Wallet
from ceramic_protocol.builder import EventBuilder
from ceramic_protocol.cid import DAG_CBOR, Cid
from ceramic_protocol.errors import EncodeError, IdentifierError, UsageError
from ceramic_protocol.evaluate import evaluate
from ceramic_protocol.events import InitEvent
from ceramic_protocol.eventset import EventSet
from ceramic_protocol.history import StreamHistory
from ceramic_protocol.ids import METAMODEL, MODEL_INSTANCE, StreamId
from ceramic_protocol.ports import NoContracts
from ceramic_protocol.reasons import Outcome, Reason
from ceramic_protocol.rules import Rules
from ceramic_protocol.verify import Verifier
from tests.support.judging import CONTEXT
from tests.support.signing import ANY_MODEL

NOW = datetime(2026, 3, 1, 12, 30, 15, 123_456, tzinfo=UTC)
WEEK = timedelta(days=7)
SECRET = bytes(range(1, 33))
KEY = Ed25519Signer(SECRET)
WALLETS: dict[str, Wallet] = {
    "ethereum": Eip191Wallet.of_secret(SECRET),
    "polygon": Eip191Wallet.of_secret(SECRET, 137),
    "solana": SolanaWallet.of_seed(SECRET),
    "solana testnet": SolanaWallet.of_seed(SECRET, SOLANA_TESTNET),
}
wallets = pytest.mark.parametrize("wallet", WALLETS.values(), ids=WALLETS)

lines = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=30)
moments = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def granted(wallet: Wallet = WALLETS["ethereum"], **members: Any) -> Cacao:
    """A capability for everything from now on for a week, unless one says otherwise."""
    usual: dict[str, Any] = {
        "domain": "app.example",
        "resources": [EVERYTHING],
        "issued_at": NOW,
        "expires_at": NOW + WEEK,
        "nonce": "nonce12345",
    }
    return create_capability(wallet, KEY.did, **(usual | members))


capabilities = st.builds(
    granted,
    wallet=st.sampled_from(list(WALLETS.values())),
    domain=lines,
    resources=st.lists(lines, min_size=1, max_size=4),
    issued_at=moments,
    expires_at=st.one_of(st.none(), moments.map(lambda moment: moment + timedelta(days=100_000))),
    nonce=st.from_regex(r"[A-Za-z0-9]{8,20}", fullmatch=True),
    statement=st.one_of(st.none(), st.just(""), lines),
    not_before=st.one_of(st.none(), moments),
    request_id=st.one_of(st.none(), lines),
)


@given(capabilities)
def test_any_capability_is_accepted(cacao: Cacao) -> None:
    assert check_cacao_signature(cacao, NoContracts()) is None
    assert decode_cacao(cacao.encode()) == cacao
    assert Session(KEY, cacao).block == cacao.encode()


def changed(cacao: Cacao, name: str, value: object) -> Cacao:
    """The capability with another value of one member."""
    members: dict[str, Any] = {name: value}
    return replace(cacao, **members)


def changes(cacao: Cacao) -> list[Cacao]:
    """The capability with each of the signed members changed, added or left out."""
    texts = ("domain", "audience", "version", "nonce", "issued_at", "issuer")
    later = "2301-01-01T00:00:00.000Z"
    found = [changed(cacao, name, getattr(cacao, name) + "1") for name in texts]
    for name in ("statement", "request_id", "expires_at", "not_before"):
        value = getattr(cacao, name)
        found.append(changed(cacao, name, later if value is None else value + "1"))
        if value is not None:
            found.append(changed(cacao, name, None))
    resources = cacao.resources or ()
    found += [changed(cacao, "resources", given) for given in ((*resources, "x"), resources[1:], None)]
    found.append(changed(cacao, "issuer", cacao.issuer.replace("pkh:", "pkh:x", 1)))
    return found


@given(capabilities)
def test_any_change_is_refused(cacao: Cacao) -> None:
    others = changes(cacao)
    assert len(others) >= 14
    for other in others:
        finding = check_cacao_signature(other, NoContracts())
        assert finding is not None, other
        assert finding.is_certain
        with pytest.raises(UsageError, match=r"of no use|given to"):
            Session(KEY, other)


def test_the_members_are_those_of_js_did() -> None:
    cacao = granted(statement=STATEMENT)
    assert cacao.members == {
        "h": {"t": "eip4361"},
        "p": {
            "aud": KEY.did,
            "domain": "app.example",
            "exp": "2026-03-08T12:30:15.123Z",
            "iat": "2026-03-01T12:30:15.123Z",
            "iss": WALLETS["ethereum"].issuer,
            "nonce": "nonce12345",
            "resources": ["ceramic://*"],
            "statement": "Give this application access to some of your data on Ceramic",
            "version": "1",
        },
        "s": {"s": cacao.signature, "t": "eip191"},
    }


def test_what_is_absent_is_absent() -> None:
    payload = granted(statement="", expires_at=None, request_id="").members["p"]
    assert isinstance(payload, dict)
    assert set(payload) == {"aud", "domain", "iat", "iss", "nonce", "resources", "version"}


def test_times_of_other_zones() -> None:
    eastern = timezone(timedelta(hours=5, minutes=30))
    cacao = granted(issued_at=NOW.astimezone(eastern), not_before=NOW + timedelta(seconds=1))
    assert (cacao.issued_at, cacao.not_before) == ("2026-03-01T12:30:15.123Z", "2026-03-01T12:30:16.123Z")


@pytest.mark.parametrize(
    "members",
    [
        {"resources": []},
        {"resources": ""},
        {"resources": [EVERYTHING, ""]},
        {"resources": ["ceramic://*\n- ceramic://other"]},
        {"resources": [f"ipfs://{Cid.of(b'a capability', DAG_CBOR)}"]},
        {"domain": ""},
        {"domain": "evil.example wants\nsomething else"},
        {"statement": "two\nlines"},
        {"statement": "odd\u2028line"},
        {"request_id": "a\tb"},
        {"nonce": ""},
        {"nonce": "short"},
        {"nonce": "with spaces in it"},
        {"nonce": "nonce12345\n"},
        {"issued_at": NOW.replace(tzinfo=None)},
        {"expires_at": NOW},
        {"expires_at": NOW - WEEK},
        {"not_before": NOW + 2 * WEEK},
    ],
)
def test_what_no_wallet_is_asked_to_sign(members: dict[str, Any]) -> None:
    def never(_text: str) -> bytes:
        raise AssertionError("the wallet was asked")

    wallet = Eip191Wallet(WALLETS["ethereum"].account.address, never)
    with pytest.raises(UsageError):
        granted(wallet, **members)


def test_a_single_resource_is_one() -> None:
    assert granted(resources=EVERYTHING).resources == (EVERYTHING,)


@pytest.mark.parametrize("audience", ["", "did:key:z6Mk", WALLETS["ethereum"].issuer, f"{KEY.did}#key"])
def test_only_keys_get_capabilities(audience: str) -> None:
    with pytest.raises(IdentifierError):
        create_capability(
            WALLETS["solana"],
            audience,
            domain="app",
            resources=[EVERYTHING],
            issued_at=NOW,
            expires_at=None,
            nonce="nonce12345",
        )


def test_wallets_that_sign_something_else() -> None:
    good = WALLETS["ethereum"]
    with pytest.raises(EncodeError, match=f"^{good.issuer}: what came back"):
        granted(Eip191Wallet(good.account.address, lambda text: good.sign_in(text + "!")))


class Foreign:
    """A wallet of another kind: its own class, whatever it signs."""

    def __init__(self, sign: Callable[[str], str], signature_type: str = "tezos:ed25519") -> None:
        self.issuer = "did:pkh:tezos:NetXdQprcVkpaWU:tz1VSUr8wwNhLAzempoch5d6hLRiTh8Cjcjb"
        self.account = WALLETS["solana"].account
        self.network = WALLETS["solana"].network
        self.header_type = "caip122"
        self.signature_type = signature_type
        self._sign = sign

    def sign_in(self, text: str) -> str:
        """Whatever."""
        return self._sign(text)


def test_wallets_of_ones_own_are_checked_too() -> None:
    for wallet in (Foreign(lambda _text: "edsig"), Foreign(lambda _text: "", "no:type")):
        with pytest.raises(EncodeError, match=r"^did:pkh:tezos"):
            granted(wallet)


def test_contracts_are_not_asked_here() -> None:
    wallet = Foreign(lambda _text: "0x" + "00" * 65, "eip1271")
    wallet.issuer, wallet.header_type = WALLETS["ethereum"].issuer, "eip4361"
    session = Session(KEY, granted(wallet))
    finding = check_cacao_signature(session.capability, NoContracts())
    assert finding is not None
    assert finding.reason is Reason.CACAO_CONTRACT_UNKNOWN


def test_a_session_needs_the_key_that_was_meant() -> None:
    with pytest.raises(UsageError, match=r"was given to did:key:z6Mk.*, not to did:key:zQ3"):
        Session(SIGNERS[KeyType.SECP256K1](SECRET), granted())


def test_a_session_needs_times_of_the_calendar() -> None:
    cacao = replace(granted(), expires_at="never")
    with pytest.raises(UsageError, match="of no use"):
        Session(KEY, cacao)


@wallets
def test_a_session_writes_in_the_name_of_its_wallet(wallet: Wallet) -> None:
    session = Session(KEY, granted(wallet))
    assert session.controller == wallet.issuer
    assert session.expires_at == (NOW + WEEK).replace(microsecond=123_000)
    post = session.builder(at=NOW).init(ANY_MODEL, None, unique=b"unique").event
    assert isinstance(post, InitEvent)
    assert post.header.controllers == (wallet.issuer,)
    assert post.envelope is not None
    assert post.envelope.capability_block == session.block
    history = judged(session.builder(), NOW)
    assert [item.reason for item in history.judged.values()] == [None, None]
    assert len(history.log) == 2


def judged(builder: EventBuilder, at: datetime, model: StreamId = ANY_MODEL) -> StreamHistory:
    """What is made of the two events at a time."""
    post = builder.init(model, {"body": "Hello"}, unique=b"unique")
    edit = builder.data(post.cid, post.cid, [{"op": "add", "path": "/more", "value": 1}])
    verifier = Verifier()
    known = EventSet.of(verifier.verify(built.event) for built in (post, edit))
    return evaluate(post.cid, known, Rules.as_of(at), CONTEXT)


@wallets
@pytest.mark.parametrize("kind", KeyType)
def test_keys_of_every_kind(wallet: Wallet, kind: KeyType) -> None:
    key = SIGNERS[kind](SECRET)
    cacao = create_capability(
        wallet,
        key.did,
        domain="app",
        resources=[one_model(ANY_MODEL)],
        issued_at=NOW,
        expires_at=None,
        nonce="nonce12345",
    )
    session = Session(key, cacao)
    assert session.expires_at is None
    assert judged(session.builder(at=NOW + 1000 * WEEK), NOW).reason is None


def test_resources_open_what_they_name() -> None:
    stream = EventBuilder(KEY, controller=WALLETS["ethereum"].issuer).init(ANY_MODEL, None, unique=b"u").cid
    stream_id = StreamId.of(MODEL_INSTANCE, stream)
    assert one_stream(stream_id) == f"ceramic://{stream_id}"
    assert one_model(METAMODEL) == "ceramic://*?model=kh4q0ozorrgaq2mezktnrmdwleo1d"
    for resources, reason in (
        ([EVERYTHING], None),
        ([one_model(METAMODEL), one_model(ANY_MODEL)], None),
        ([one_model(METAMODEL)], Reason.CACAO_MODEL_NOT_COVERED),
        ([one_stream(stream_id)], Reason.CACAO_MODEL_NOT_COVERED),
    ):
        assert judged(Session(KEY, granted(resources=resources)).builder(), NOW).reason is reason


def test_nobody_writes_when_the_time_is_over() -> None:
    session = Session(KEY, granted(not_before=NOW + timedelta(hours=1)))
    end = session.expires_at
    assert end is not None
    for at in (NOW + timedelta(hours=1), end, end.astimezone(timezone(timedelta(hours=-8)))):
        session.builder(at=at)
    session.builder()
    with pytest.raises(UsageError, match=r"run out at 2026-03-08T12:30:15.123Z; open another"):
        session.builder(at=end + timedelta(milliseconds=1))
    with pytest.raises(UsageError, match="doesn't hold before 2026-03-01T13:30"):
        session.builder(at=NOW)
    with pytest.raises(UsageError, match="zone"):
        session.builder(at=NOW.replace(tzinfo=None))


def test_the_letters_of_the_controller_are_those_of_dids() -> None:
    for name, is_lowered in (("ethereum", True), ("polygon", False)):
        wallet = WALLETS[name]
        issuer = wallet.issuer.replace(wallet.account.address.lower(), wallet.account.address)
        unsigned = replace(granted(wallet), issuer=issuer)
        cacao = replace(
            unsigned, signature=wallet.sign_in(sign_in_message(unsigned, wallet.network, wallet.account))
        )
        assert Session(KEY, cacao).controller == (wallet.issuer if is_lowered else issuer)


def test_sessions_keep_their_secret() -> None:
    session = Session(KEY, granted())
    assert repr(session) == f"Session(key=Ed25519Signer({KEY.did}))"
    with pytest.raises(TypeError, match="can't be pickled"):
        pickle.dumps(session)


@wallets
def test_events_under_a_tampered_capability_are_rejected(wallet: Wallet) -> None:
    for tampered in changes(granted(wallet)):
        builder = EventBuilder(KEY, controller=tampered.issuer, capability=tampered.encode())
        history = judged(builder, NOW)
        assert history.reason is not None
        assert history.reason.outcome is Outcome.REJECTED
        assert history.reason.value.startswith("cacao_") or history.reason is Reason.UNSUPPORTED_DID
        assert history.log == ()
