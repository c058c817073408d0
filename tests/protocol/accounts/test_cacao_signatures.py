"""Which check a capability gets, and contracts as issuers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_protocol.accounts.cacao_signatures import (
    CAIP122,
    EIP191,
    EIP1271,
    EIP4361,
    WEBAUTHN,
    check_cacao_signature,
)
from ceramic_protocol.accounts.eip191 import personal_hash
from ceramic_protocol.accounts.pkh import checksum_address, parse_pkh
from ceramic_protocol.accounts.siwx import Network, sign_in_message
from ceramic_protocol.limits import MAX_WALLET_SIGNATURE_BYTES
from ceramic_protocol.ports import NoContracts
from ceramic_protocol.reasons import Finding, Outcome, Reason
from tests.protocol.accounts.issuers import ISSUERS, Issuer, ethereum, passkey
from tests.support import signing, strategies

NOBODY = NoContracts()
KINDS = st.sampled_from(sorted(ISSUERS))


def reason(cacao: Any, contracts: Any = NOBODY) -> Reason | None:
    found = check_cacao_signature(cacao, contracts)
    return None if found is None else found.reason


@pytest.mark.parametrize("kind", ISSUERS)
def test_every_kind_of_account(kind: str) -> None:
    grant = ISSUERS[kind](3).grant()
    assert check_cacao_signature(grant, NOBODY) is None
    assert reason(replace(grant, nonce="other")) is Reason.CACAO_SIGNATURE_INVALID
    assert reason(replace(grant, signature="")) is Reason.CACAO_SIGNATURE_INVALID


@pytest.mark.parametrize("kind", ISSUERS)
def test_only_ethereum_signs_under_eip4361(kind: str) -> None:
    grant = ISSUERS[kind](3).grant(header_type=EIP4361)
    wanted = None if kind == EIP191 else Reason.CACAO_TYPE_UNSUPPORTED
    assert reason(grant) is wanted


@given(KINDS, KINDS, st.sampled_from([EIP4361, CAIP122]))
def test_types_that_do_not_belong_together(signer: str, other: str, header: str) -> None:
    grant = ISSUERS[signer](1).grant(signature_type=other, header_type=header)
    if signer != other:
        assert reason(grant) is Reason.CACAO_TYPE_UNSUPPORTED


@pytest.mark.parametrize("header", ["", "foo", "EIP4361", "eip4361-eip191", "solana-caip122", "x" * 100_000])
def test_unknown_headers(header: str) -> None:
    found = check_cacao_signature(ethereum().grant(header_type=header), NOBODY)
    assert found is not None
    assert found.reason is Reason.CACAO_TYPE_UNSUPPORTED
    assert len(found.detail) < 200


@pytest.mark.parametrize("kind", ["", "jws", "EIP191", "bip122", "aptos:ed25519", "eip6492"])
def test_unknown_signatures(kind: str) -> None:
    assert reason(ethereum().grant(signature_type=kind)) is Reason.CACAO_TYPE_UNSUPPORTED


UNSUPPORTED = [
    "",
    "did:3:kjzl6cwe1jw145m7jxh4jpa6iw1ps3jcjordpo81e0w04krcpz8knxvg5ygiabd",
    "did:web:example.com",
    "did:nft:eip155:1_erc721.0xb300a43751601bd54ffee7de35929537b28e1488_2",
    "did:safe:eip155:1:0xb300a43751601bd54ffee7de35929537b28e1488",
    "did:pkh:bip122:000000000019d6689c085ae165831e93:128Lkh3S7CkDTBZ8W7BbpsN3YYizJMp8p6",
    "did:pkh:cosmos:cosmoshub-3:cosmos1t2uflqwqe0fsj0shcfkrvpukewcw40yjj6hdc0",
    "did:pkh:p256:1:x",
    "did:pkh:eip155:1:0x12",
    "did:pkh:eth:0xb300a43751601bd54ffee7de35929537b28e1488",
    "did:key:z6LSbgqFqrTLJP8ezNtbjqcjDFkkMfFsAMT8sYpPtHUnpgpN",
    "did:key:x",
    "0xb300a43751601bd54ffee7de35929537b28e1488",
]


@pytest.mark.parametrize("issuer", UNSUPPORTED)
@pytest.mark.parametrize("kind", [EIP191, WEBAUTHN, EIP1271, "cosmos:secp256k1"])
def test_issuers_nobody_verifies(issuer: str, kind: str) -> None:
    cacao = replace(ethereum().grant(), issuer=issuer, signature_type=kind)
    assert reason(cacao) is Reason.UNSUPPORTED_DID


def test_keys_that_are_no_passkeys() -> None:
    for make in (signing.ed25519, signing.secp256k1):
        for kind in (WEBAUTHN, EIP191):
            cacao = replace(passkey().grant(), issuer=make(1).did, signature_type=kind)
            assert reason(cacao) is Reason.CACAO_TYPE_UNSUPPORTED
    assert reason(replace(passkey().grant(), signature_type=EIP191)) is Reason.CACAO_TYPE_UNSUPPORTED


@given(
    strategies.texts,
    st.sampled_from([EIP4361, CAIP122]),
    st.sampled_from([*ISSUERS, EIP1271]),
    st.sampled_from([make(1).did for make in ISSUERS.values()]) | strategies.texts,
)
def test_any_signature_is_answered(text: str, header: str, kind: str, issuer: str) -> None:
    unsigned = Issuer(issuer, kind, lambda cacao: cacao).grant(header_type=header, signature=text)
    assert check_cacao_signature(unsigned, NOBODY) is not None


@dataclass(slots=True)
class Contract:
    """Contracts that give one answer, and remember what they were asked; `accepted` are digests they like."""

    answer: bool | Finding = False
    accepted: set[bytes] = field(default_factory=set)
    asked: list[tuple[str, str, bytes, bytes]] = field(default_factory=list)

    def accepts(self, chain_id: str, address: str, digest: bytes, signature: bytes) -> bool | Finding:
        """See `Contracts`."""
        self.asked.append((chain_id, address, digest, signature))
        return True if digest in self.accepted else self.answer


def of_contract(**members: Any) -> Any:
    """A capability that a contract signed with the bytes 1 and 2."""
    usual = {"signature_type": EIP1271, "signature": "0x0102"}
    return replace(ethereum(reference="137").unsigned(), **(usual | members))


@pytest.mark.parametrize("header", [EIP4361, CAIP122])
def test_a_contract_accepts(header: str) -> None:
    cacao = of_contract(header_type=header)
    contract = Contract(answer=True)
    account = parse_pkh(cacao.issuer)
    assert check_cacao_signature(cacao, contract) is None
    digest = personal_hash(sign_in_message(cacao, Network.ETHEREUM, account))
    assert contract.asked == [("eip155:137", account.address, digest, b"\x01\x02")]


def test_a_contract_is_asked_for_every_text() -> None:
    cacao = of_contract(issued_at="2022-08-20T00:00:00Z")
    account = parse_pkh(cacao.issuer)
    shown = account._replace(address=checksum_address(account.address))
    texts = [
        sign_in_message(cacao, Network.ETHEREUM, account),
        sign_in_message(cacao, Network.ETHEREUM, shown),
        sign_in_message(cacao, Network.ETHEREUM, account, is_legacy=True),
    ]
    refusing = Contract()
    assert reason(cacao, refusing) is Reason.CACAO_SIGNATURE_INVALID
    assert [asked[2] for asked in refusing.asked] == [personal_hash(text) for text in texts]
    for text in texts:
        assert reason(cacao, Contract(accepted={personal_hash(text)})) is None


def test_a_contract_that_cannot_be_asked() -> None:
    found = check_cacao_signature(of_contract(), NOBODY)
    assert found is not None
    assert found.reason is Reason.CACAO_CONTRACT_UNKNOWN
    assert found.reason.outcome is Outcome.PENDING
    asked = Contract(answer=Finding(Reason.CACAO_CONTRACT_UNKNOWN, ""))
    assert reason(of_contract(), asked) is Reason.CACAO_CONTRACT_UNKNOWN
    assert len(asked.asked) == 1


@pytest.mark.parametrize("length", [0, 1, 65, 1000, MAX_WALLET_SIGNATURE_BYTES])
def test_signatures_of_contracts_have_any_length(length: int) -> None:
    contract = Contract(answer=True)
    assert reason(of_contract(signature="ab" * length), contract) is None
    assert contract.asked[0][3] == b"\xab" * length


@pytest.mark.parametrize("text", ["0x1", "xyz", "0x 0102", "00" * (MAX_WALLET_SIGNATURE_BYTES + 1)])
def test_a_contract_is_not_asked_about_nonsense(text: str) -> None:
    contract = Contract(answer=True)
    assert reason(of_contract(signature=text), contract) is Reason.CACAO_SIGNATURE_INVALID
    assert not contract.asked


def test_the_key_of_an_account_is_no_contract() -> None:
    grant = ethereum().grant()
    assert reason(replace(grant, signature_type=EIP1271), Contract()) is Reason.CACAO_SIGNATURE_INVALID
    assert reason(replace(grant, signature_type=EIP1271)) is Reason.CACAO_CONTRACT_UNKNOWN
