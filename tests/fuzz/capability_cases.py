"""Events under capabilities of every kind of account, with all the keys at hand: what a thief starts from."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Final

from ceramic_protocol import car, dagcbor
from ceramic_protocol.accounts.cacao import Cacao
from ceramic_protocol.accounts.eip191 import personal_hash
from ceramic_protocol.accounts.pkh import parse_pkh
from ceramic_protocol.accounts.siwx import Network, sign_in_message
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.cid import DAG_JOSE, Cid
from ceramic_protocol.errors import IdentifierError
from ceramic_protocol.ids import MODEL, MODEL_INSTANCE, StreamId
from ceramic_protocol.multibase import encode_base64url
from ceramic_protocol.ports import RawEvent
from ceramic_protocol.reasons import Finding, Reason
from ceramic_protocol.verify import Verifier
from tests.protocol.accounts import issuers
from tests.protocol.accounts.issuers import Issuer
from tests.support import signing
from tests.support.capabilities import iso, under
from tests.support.signing import SIGNERS, Signer

DAY: Final = 86_400
START: Final = 1_717_200_000
OLD: Final = 1_640_995_200
"""A capability issued then may have the legacy text."""

MODELS: Final = tuple(StreamId.of(MODEL, Cid.of(name, DAG_JOSE)) for name in (b"covered", b"not covered"))
CONTRACT: Final = "0x" + "5a" * 20
_CONTRACT_SAYS_YES: Final = bytes(range(80))


class Contracts:
    """One contract wallet on Ethereum, which accepts what it was told to."""

    def __init__(self) -> None:
        self.accepted: set[bytes] = set()

    def accepts(self, chain_id: str, address: str, digest: bytes, signature: bytes) -> bool | Finding:
        """See `ports.Contracts`."""
        if chain_id != "eip155:1":
            return Finding(Reason.CACAO_CONTRACT_UNKNOWN, "nobody to ask")
        is_known = address.lower() == CONTRACT and signature == _CONTRACT_SAYS_YES
        return is_known and digest in self.accepted


CONTRACTS: Final = Contracts()
VERIFIER: Final = Verifier(contracts=CONTRACTS)


@dataclass(frozen=True, slots=True)
class Account:
    """Who grants: `controller` is how its streams name it, `sign` gives a capability its signature."""

    kind: str
    controller: str
    unsigned: Callable[..., Cacao]
    sign: Callable[[Cacao], Cacao]
    start: int = START

    def grant(self, session: Signer, **members: Any) -> Cacao:
        """A signed capability for a session key."""
        usual = {"issued_at": iso(self.start), "audience": session.did}
        return self.sign(self.unsigned(**(usual | members)))


def _usual(kind: str, issuer: Issuer, **members: str) -> Account:
    def unsigned(**others: Any) -> Cacao:
        return issuer.unsigned(**(members | others))

    return Account(kind, _lowered(issuer.did), unsigned, issuer.sign)


def _lowered(did: str) -> str:
    return did.lower() if did.startswith("did:pkh:eip155:") else did


def _shown_with_checksum(seed: int) -> Account:
    """The issuer is in lower case, as controllers are, and the wallet showed the address as in EIP-55."""
    issuer = issuers.ethereum(seed, checksummed=True)

    def sign(cacao: Cacao) -> Cacao:
        shown = issuer.sign(replace(cacao, issuer=issuer.did))
        return replace(shown, issuer=_lowered(issuer.did))

    return Account("eip191 shown with checksum", _lowered(issuer.did), issuer.unsigned, sign)


def _legacy(seed: int) -> Account:
    issuer = issuers.ethereum(seed)

    def sign(cacao: Cacao) -> Cacao:
        text = sign_in_message(cacao, Network.ETHEREUM, parse_pkh(cacao.issuer), is_legacy=True)
        return replace(cacao, signature=issuers.personal_signature(text, seed))

    return Account("eip191 legacy", issuer.did, issuer.unsigned, sign, OLD)


def _contract() -> Account:
    issuer = Issuer(f"did:pkh:eip155:1:{CONTRACT}", "eip1271", lambda cacao: cacao)

    def sign(cacao: Cacao) -> Cacao:
        CONTRACTS.accepted.add(personal_hash(issuers.text_of(cacao, Network.ETHEREUM)))
        return replace(cacao, signature=f"0x{_CONTRACT_SAYS_YES.hex()}")

    return Account("eip1271", issuer.did, issuer.unsigned, sign)


def _compact_passkey(seed: int) -> Account:
    def sign(cacao: Cacao) -> Cacao:
        return issuers.passkey_signature(cacao, seed, compact=True)

    return replace(_usual("webauthn compact", issuers.passkey(seed)), sign=sign)


def accounts() -> list[Account]:
    """One of every kind, and of every way in which a kind signs."""
    testnet = issuers.stacks(8, issuers.STACKS_TESTNET, 26)
    return [
        _usual("eip191", issuers.ethereum(2), header_type="eip4361"),
        _usual("eip191 under caip122", issuers.ethereum(3)),
        _usual("eip191 with checksum", issuers.ethereum(4, checksummed=True), header_type="eip4361"),
        _usual("eip191 of another chain", issuers.ethereum(5, "137"), header_type="eip4361"),
        _shown_with_checksum(6),
        _legacy(7),
        _contract(),
        _usual("solana", issuers.solana(2)),
        _usual("tezos", issuers.tezos(2)),
        _usual("stacks", issuers.stacks(2)),
        _usual("stacks testnet", testnet),
        _usual("webauthn", issuers.passkey(2)),
        _compact_passkey(3),
    ]


@dataclass(frozen=True, slots=True)
class Target:
    """A stream that one may try to write to: its init event, checked, and how resources name it."""

    init: CheckedEvent
    controller: str
    model: str

    @property
    def stream_id(self) -> str:
        """The text of its StreamID."""
        return str(StreamId.of(MODEL_INSTANCE, self.init.cid))


@dataclass(frozen=True, slots=True)
class Case:
    """A session key, an event of it, and the capability for that, as the account signed it.

    `targets` are streams of the account; an event without `target` is an init event itself. `value` is the
    content of the capability's block, which holds from unix second `start` until `end`.
    """

    account: Account
    session: Signer
    payload: dict[str, Any]
    targets: Sequence[Target]
    target: Target | None
    value: Any = None
    start: int = START
    end: int | None = None


@dataclass(slots=True)
class Attempt:
    """An event that somebody with keys makes: whatever is in here is signed, over hashes that are right.

    `value` is the content of the capability, unless `block` says byte for byte what it is. `header` is the
    protected header but for `cap`; `name` writes a CID there. `finish` changes the envelope after it was
    signed. `at` is the unix second at which the event is judged.
    """

    value: Any
    signer: Signer
    header: dict[str, Any]
    payload: dict[str, Any]
    target: Target | None
    at: int
    block: bytes | None = None
    name: Callable[[Cid], object] = "ipfs://{}".format
    finish: Callable[[Any], object] = field(default=lambda _envelope: None)

    @classmethod
    def of(cls, case: Case) -> Attempt:
        """The event that is allowed, a day after the capability was given."""
        header = {"alg": case.session.alg, "kid": f"{case.session.did}#{case.session.did[8:]}"}
        value, payload = copy.deepcopy(case.value), copy.deepcopy(case.payload)
        return cls(value, case.session, header, payload, case.target, case.start + DAY)

    @property
    def others(self) -> list[CheckedEvent]:
        """What else there is in its stream."""
        return [] if self.target is None else [self.target.init]


@dataclass(frozen=True, slots=True)
class MadeAttempt:
    """An attempt in bytes, with what went into it."""

    cid: Cid
    car: bytes
    capability: bytes
    protected: bytes
    signature: bytes
    payload: Cid
    envelope: Any


@cache
def cases() -> list[Case]:
    """Every kind of account, with every kind of resource, for changes of streams and for new ones."""
    return [case for number, account in enumerate(accounts()) for case in _cases_of(number, account)]


def _cases_of(number: int, account: Account) -> Iterator[Case]:
    targets = [_target(account, model) for model in MODELS]
    kinds = list(SIGNERS.values())
    for turn, scope in enumerate(_SCOPES, number):
        session = kinds[turn % len(kinds)](100 + number)
        plain = Case(account, session, _change(targets[0], turn), targets, targets[0])
        yield _granted(plain, scope, turn)
        if scope in {"everything", "model"}:
            content = _content(account, session, MODELS[0])
            yield _granted(replace(plain, payload=content, target=None), scope, turn)


def _target(account: Account, model: StreamId) -> Target:
    session = signing.ed25519(99)
    grant = account.grant(session, issued_at=iso(account.start - 30 * DAY), expires_at=None)
    checked = VERIFIER.check(
        RawEvent(under(_content(account, session, model), session, grant).car, None, "", 0)
    )
    assert isinstance(checked, CheckedEvent)
    assert checked.reason is None
    return Target(checked, account.controller, str(model))


def _content(account: Account, session: Signer, model: StreamId) -> dict[str, Any]:
    content = {"title": "as it began"}
    return signing.init_payload(session, content, model=model, controllers=[account.controller])


def _change(target: Target, number: int) -> dict[str, Any]:
    patch = [{"op": "add", "path": "/number", "value": number}]
    return {"id": target.init.cid, "prev": target.init.cid, "data": patch}


_TERMS: Final = ("https://app.example/terms", "https://app.example/privacy")
_SCOPES: Final[Mapping[str, Callable[[Target, Mapping[str, Any]], list[str]]]] = {
    "everything": lambda _target, _payload: ["ceramic://*"],
    "stream": lambda target, _payload: [*_TERMS, f"ceramic://{target.stream_id}"],
    "change": lambda target, payload: [
        f"ceramic://{target.stream_id}?payload={Cid.of(dagcbor.encode(payload))}",
        "https://app.example/terms",
    ],
    "model": lambda target, _payload: [f"ceramic://*?model={target.model}", "urn:recap:e30"],
}
"""What a capability may be for; one that names nothing but terms of use would allow nothing."""


def _granted(plain: Case, scope: str, number: int) -> Case:
    account = plain.account
    start = account.start + (3600 if number % 3 == 0 else 0)
    end = account.start + 7 * DAY if number % 2 else None
    capability = account.grant(
        plain.session,
        resources=tuple(_SCOPES[scope](plain.targets[0], plain.payload)),
        not_before=iso(start) if start > account.start else None,
        expires_at=None if end is None else iso(end),
        statement=(None, "Let this app write", "Laß uns schreiben \N{PILE OF POO}")[number % 3],
        request_id="request 1" if number % 4 == 1 else None,
    )
    return replace(plain, value=dagcbor.decode(capability.encode()), start=start, end=end)


def make(attempt: Attempt) -> MadeAttempt:
    """Sign what is attempted.

    Raises:
        EncodeError: DAG-CBOR can't hold it.
    """
    capability = dagcbor.encode(attempt.value) if attempt.block is None else attempt.block
    named = Cid.of(capability)
    protected = json.dumps({"cap": attempt.name(named), **attempt.header}).encode()
    payload = dagcbor.encode(attempt.payload)
    link = Cid.of(payload)
    signature = attempt.signer.sign(f"{encode_base64url(protected)}.{encode_base64url(link)}".encode())
    envelope = {
        "payload": bytes(link),
        "signatures": [{"protected": protected, "signature": signature}],
    }
    attempt.finish(envelope)
    root = dagcbor.encode(envelope)
    cid = Cid.of(root, DAG_JOSE)
    blocks = [(_named(attempt, named), capability), (link, payload), (cid, root)]
    return MadeAttempt(cid, car.encode([cid], blocks), capability, protected, signature, link, envelope)


def _named(attempt: Attempt, cid: Cid) -> Cid:
    """The CID under which the envelope names the capability, if that is one."""
    text = str(attempt.name(cid)).removeprefix("ipfs://")
    try:
        return Cid.parse(text)
    except IdentifierError:
        return cid
