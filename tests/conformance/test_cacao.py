"""Capabilities by themselves: blocks, texts and signatures of js-did, ceramic-one and js-did's sample data.

What a capability allows, and when, is no matter of this module; a time that can't be read is.
"""

from __future__ import annotations

import base64
import re
from collections import Counter
from contextlib import suppress
from hashlib import blake2b, sha256
from typing import Any, Final

import pytest

from ceramic_protocol import dagcbor
from ceramic_protocol.accounts.cacao import Cacao, decode_cacao, parse_time
from ceramic_protocol.accounts.cacao_signatures import check_cacao_signature
from ceramic_protocol.accounts.pkh import PkhAccount, checksum_address, parse_pkh
from ceramic_protocol.accounts.siwx import Network, sign_in_message
from ceramic_protocol.accounts.stacks import stacks_hash
from ceramic_protocol.accounts.tezos import tezos_hash
from ceramic_protocol.accounts.webauthn import challenge_of
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import DecodeError, IdentifierError
from ceramic_protocol.ports import NoContracts
from ceramic_protocol.reasons import Reason
from tests.support import vectors

OFFICIAL: Final = "accounts_official.json"
PIECES: Final = "rust_gitcoin_cacao_from_pieces.json"
SAMPLES: Final = "siwx_ethereum_messages.json"
RUST_TEXTS: Final = "rust_siwx_message.json"


def finding(block: bytes) -> Reason | None:
    """What is wrong with a capability, but for when and where it is used."""
    try:
        cacao = decode_cacao(block)
        for text in (cacao.issued_at, cacao.not_before, cacao.expires_at):
            if text is not None:
                parse_time(text)
    except DecodeError as error:
        return error.reason
    found = check_cacao_signature(cacao, NoContracts())
    return None if found is None else found.reason


# Blocks of the accounts vectors.

BLOCKS: Final[dict[str, dict[str, Any]]] = vectors.by_name(
    (case["name"], case)
    for name in ("cacao.json", "negative.json")
    for case in vectors.accounts(name)["cases"]
    if "cacaoHex" in case["event"]
)
TIMELY: Final = {"CACAO is not valid yet", "CACAO has expired"}
"""js-did looks at the time before it looks at the signature."""

OURS: Final = {
    "header eip4361 but solana signature / init": Reason.CACAO_TYPE_UNSUPPORTED,
    'header type unknown "foo" / init': Reason.CACAO_TYPE_UNSUPPORTED,
    "time: iat/exp as decimal unix strings, properly signed / init": Reason.CACAO_MALFORMED,
}
"""js-did takes these, the notes on it (accounts.md 5) recommend to refuse them."""

INCOMPLETE: Final = {
    "cacao without s / init": Reason.CACAO_MALFORMED,
    "iat missing / init": Reason.CACAO_MALFORMED,
}

REASONS: Final = {
    **OURS,
    **INCOMPLETE,
    "signature type eip1271 / init": Reason.CACAO_CONTRACT_UNKNOWN,
    "iss is a did:key with eip191 / init": Reason.CACAO_TYPE_UNSUPPORTED,
}
"""Why capabilities are refused, where it isn't the signature itself."""


def is_taken_by_js(case: dict[str, Any]) -> bool:
    """What js-did says, whenever the capability is used."""
    answer = case["js"]["cacao"]
    return answer["ok"] or answer["error"] in TIMELY


@pytest.mark.parametrize("name", BLOCKS)
def test_a_block_of_the_accounts(name: str) -> None:
    case = BLOCKS[name]
    found = finding(bytes.fromhex(case["event"]["cacaoHex"]))
    assert (found is None) is (is_taken_by_js(case) and name not in OURS)
    if found is not None:
        assert found is REASONS.get(name, Reason.CACAO_SIGNATURE_INVALID)
        assert case["recommended"] == "reject"


@pytest.mark.parametrize("name", [name for name in BLOCKS if name not in INCOMPLETE])
def test_a_block_comes_back(name: str) -> None:
    event = BLOCKS[name]["event"]
    block = bytes.fromhex(event["cacaoHex"])
    assert str(Cid.of(block)) == event["cacaoCid"]
    assert decode_cacao(block).encode() == block


def test_rust_takes_no_signature_that_we_refuse() -> None:
    """But one, whose statement was added afterwards; and it takes no header or times that we refuse."""
    taken = {
        name
        for name, case in BLOCKS.items()
        if case["rust"].get("cacao", {}).get("ok") and finding(bytes.fromhex(case["event"]["cacaoHex"]))
    }
    assert vectors.is_named() or taken == {"webauthn statement added after signing / init"}


def network(account: PkhAccount) -> Network:
    """What the text calls an account."""
    return Network.ETHEREUM if account.namespace == "eip155" else Network(account.namespace.title())


def prepared(cacao: Cacao) -> dict[str, str]:
    """The texts of a capability and what is signed of them, by the names that the vectors give them."""
    if cacao.issuer.startswith("did:key:"):
        challenge = challenge_of(cacao)
        return {"challengeCid": str(challenge), "challengeCidBytesHex": challenge.hex()}
    account = parse_pkh(cacao.issuer)
    plain = sign_in_message(cacao, network(account), account)
    if account.namespace == "eip155":
        shown = account._replace(address=checksum_address(account.address))
        return {
            "plain": plain,
            "eip55": sign_in_message(cacao, Network.ETHEREUM, shown),
            "legacy": sign_in_message(cacao, Network.ETHEREUM, account, is_legacy=True),
        }
    return {"plain": plain, "sha256Hex": stacks_hash(plain).hex(), "signed": tezos_hash(plain).hex()}


def assert_prepared(cacao: Cacao, messages: dict[str, str]) -> None:
    """What a vector has of a capability's texts is what we make of it."""
    wanted = dict(messages)
    if "signedHex" in wanted:
        wanted["signed"] = blake2b(bytes.fromhex(wanted.pop("signedHex")), digest_size=32).hexdigest()
    if "challengeBlockHex" in wanted:
        assert str(Cid.of(bytes.fromhex(wanted.pop("challengeBlockHex")))) == wanted["challengeCid"]
    if "hashedBytesHex" in wanted:
        hashed = sha256(bytes.fromhex(wanted.pop("hashedBytesHex"))).hexdigest()
        assert hashed == wanted["sha256Hex"]
    ours = prepared(cacao)
    assert {name: ours.get(name) for name in wanted} == wanted


WITH_TEXTS: Final = [name for name, case in BLOCKS.items() if case.get("messages") and name not in INCOMPLETE]


@pytest.mark.parametrize("name", WITH_TEXTS)
def test_the_texts_of_a_block(name: str) -> None:
    case = BLOCKS[name]
    assert_prepared(decode_cacao(bytes.fromhex(case["event"]["cacaoHex"])), case["messages"])


# Texts for one set of members, by every library.

TEXTS: Final[dict[str, dict[str, Any]]] = vectors.by_name(
    (case["name"], case) for case in vectors.accounts("messages.json")["cases"]
)
THIRD: Final = "siwxPackageToString_EIP4361"
"""A library whose texts no Ceramic node takes; it has two empty lines where there is no statement."""


def of_fields(fields: dict[str, Any], issuer: str) -> Cacao:
    """The capability of a library's names for its members."""
    resources = fields.get("resources")
    return Cacao(
        header_type="caip122",
        signature_type="",
        signature="",
        issuer=issuer,
        domain=fields["domain"],
        audience=fields["uri"],
        version=fields["version"],
        nonce=fields["nonce"],
        issued_at=fields["issuedAt"],
        expires_at=fields.get("expirationTime"),
        not_before=fields.get("notBefore"),
        request_id=fields.get("requestId"),
        statement=fields.get("statement"),
        resources=None if resources is None else tuple(resources),
    )


def account_in(text: str) -> PkhAccount:
    """The account that a text shows; the vectors name it nowhere else."""
    reference = re.search("^Chain ID: (.*)$", text, re.MULTILINE)
    assert reference is not None
    return PkhAccount("", reference[1], text.split("\n")[1])


@pytest.mark.parametrize("name", TEXTS)
def test_the_texts_of_members(name: str) -> None:
    fields, texts = TEXTS[name]["fields"], dict(TEXTS[name]["text"])
    cacao = of_fields(fields, "")
    account = PkhAccount("eip155", fields["chainId"], fields["address"])
    shown = account._replace(address=checksum_address(account.address))
    third = texts.pop(THIRD)
    ours = {
        "Ethereum": sign_in_message(cacao, Network.ETHEREUM, account),
        "EthereumEip55": sign_in_message(cacao, Network.ETHEREUM, shown),
        "EthereumLegacyChainId": sign_in_message(cacao, Network.ETHEREUM, account, is_legacy=True),
    }
    for found in (Network.SOLANA, Network.TEZOS, Network.STACKS):
        ours[found.value] = sign_in_message(cacao, found, account_in(texts[found.value]))
    signed = bytes.fromhex(texts.pop("TezosSignedPayloadHex"))
    assert tezos_hash(ours["Tezos"]) == blake2b(signed, digest_size=32).digest()
    assert ours == texts
    # It differs wherever something is empty that may be: a statement, a list of resources.
    assert (third == ours["Ethereum"]) is bool(fields.get("statement") and fields.get("resources") != [])


# Files of `reference`, which isn't in every checkout.


def cases_of(name: str) -> dict[str, Any]:
    """The `cases` of a file, if it is there."""
    found: dict[str, Any] = vectors.reference(name)["cases"] if name in vectors.names("reference") else {}
    return found


MESSAGES: Final = cases_of(SAMPLES)
VALID: Final = [name for name, case in MESSAGES.items() if case["status"] == "valid"]
INVALID: Final = [name for name in MESSAGES if name not in VALID]
UNJUDGED: Final = {
    "test@127.0.0.1` is not valid `domain`",
    "`test@127.0.0.1:8080` is not valid `domain`",
    "missing domain",
    "domain not RFC4501 authority",
    "address not EIP-55",
    "statement has line break",
    "uri is non-RFC 3986",
    "version not 1",
    "nonce with less then 8 chars",
    "non-ISO 8601 issuedAt",
    "non-ISO 8601 expirationTime",
    "non-ISO 8601 notBefore",
    "resources not separated by line break",
    "first resource not-RFC 3986",
    "second resource is not-RFC3986",
}
"""Wrong only in what they say. Nobody reads texts here: one that was signed stands for its members."""

LABELS: Final = {
    "URI": "uri",
    "Version": "version",
    "Chain ID": "chainId",
    "Nonce": "nonce",
    "Issued At": "issuedAt",
    "Expiration Time": "expirationTime",
    "Not Before": "notBefore",
    "Request ID": "requestId",
}


@pytest.mark.parametrize("name", VALID)
def test_a_sample_text(name: str) -> None:
    """It is ours; but where there is no statement, EIP-4361 wants two empty lines and Ceramic has one."""
    case = MESSAGES[name]
    fields, text = case["fields"], case["message"]
    account = PkhAccount("eip155", fields["chainId"], fields["address"])
    ours = sign_in_message(of_fields(fields, ""), Network.ETHEREUM, account)
    if not fields.get("statement"):
        assert ours != text
        text = text.replace("\n\n\nURI: ", "\n\nURI: ")
    assert ours == text


def read(text: str) -> dict[str, Any]:
    """What can be read from the lines of a text, wherever they stand; the rest is empty."""
    head, address, *lines = text.split("\n")
    fields: dict[str, Any] = dict.fromkeys(("uri", "version", "chainId", "nonce", "issuedAt"), "")
    fields |= {"domain": head.split(" wants you")[0], "address": address}
    start = next(at for at, line in enumerate(lines) if line.split(": ")[0] in LABELS)
    fields["statement"] = "\n".join(lines[:start]).strip("\n")
    for line in lines[start:]:
        label, _, value = line.partition(": ")
        if label in LABELS:
            fields[LABELS[label]] = value
        elif line.startswith("- "):
            fields.setdefault("resources", []).append(line.removeprefix("- "))
    return fields


@pytest.mark.parametrize("name", INVALID)
def test_a_wrong_sample_text(name: str) -> None:
    """Where its lines are wrong, it is the text of no capability."""
    text = MESSAGES[name]["message"]
    fields = read(text)
    ours = None
    with suppress(IdentifierError):
        account = parse_pkh(f"did:pkh:eip155:{fields['chainId']}:{fields['address']}")
        ours = sign_in_message(of_fields(fields, ""), Network.ETHEREUM, account)
    without_statement = text.replace("\n\n\nURI: ", "\n\nURI: ")
    assert (ours in {text, without_statement}) is (name in UNJUDGED)


@pytest.mark.skipif(RUST_TEXTS not in vectors.names("reference"), reason=f"there is no {RUST_TEXTS}")
def test_the_texts_of_ceramic_one() -> None:
    vector = vectors.reference(RUST_TEXTS)
    block = dagcbor.encode(vector["input"]["cacao"])
    cacao, wanted = decode_cacao(block), vector["expected"]
    ours = prepared(cacao)
    for name, kind in (("message", "plain"), ("legacy_message", "legacy")):
        assert ours[kind] == wanted[f"{name}_text"]
        assert ours[kind].encode() == base64.b64decode(wanted[f"{name}_base64"])
    assert finding(block) is None


def official() -> dict[str, dict[str, Any]]:
    """The capabilities that stand beside the official events."""
    if OFFICIAL not in vectors.names("reference"):
        return {}
    return vectors.by_name((case["name"], case) for case in vectors.reference(OFFICIAL)["cacaos"])


CAPABILITIES: Final = official()


@pytest.mark.parametrize("name", CAPABILITIES)
def test_an_official_capability(name: str) -> None:
    case = CAPABILITIES[name]
    block = bytes.fromhex(case["cacaoHex"])
    cacao = decode_cacao(block)
    assert str(Cid.of(block)) == case["cid"]
    assert cacao.encode() == block == dagcbor.encode(case["cacao"])
    assert_prepared(cacao, case["messages"])
    assert finding(block) is (None if case["js"]["ok"] else Reason.CACAO_SIGNATURE_INVALID)
    # Some have links to files among their resources, which are no chains of delegation.
    assert cacao.parent_hint is None


@pytest.mark.skipif(PIECES not in vectors.names("reference"), reason=f"there is no {PIECES}")
def test_a_real_capability() -> None:
    vector = vectors.reference(PIECES)
    block = dagcbor.encode(vector["input"]["cacao"])
    assert (finding(block) is None) is vector["expected"]["valid"]
    assert str(Cid.of(block)) == vector["expected"]["cacao_cid"]
    assert decode_cacao(block).issuer == vector["input"]["controller"]


@pytest.mark.skipif(vectors.is_named() or not MESSAGES, reason="other vectors than the project's own")
def test_how_many() -> None:
    found = Counter(finding(bytes.fromhex(case["event"]["cacaoHex"])) for case in BLOCKS.values())
    assert found == {
        None: 58,
        Reason.CACAO_SIGNATURE_INVALID: 21,
        Reason.CACAO_MALFORMED: 3,
        Reason.CACAO_TYPE_UNSUPPORTED: 3,
        Reason.CACAO_CONTRACT_UNKNOWN: 1,
    }
    assert (len(WITH_TEXTS), len(TEXTS), len(CAPABILITIES)) == (81, 13, 6)
    assert (len(VALID), len(INVALID), len(UNJUDGED)) == (16, 31, 15)
