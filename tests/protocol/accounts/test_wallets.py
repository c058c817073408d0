"""Wallets: what they sign is theirs, whoever signs it for them, and their secrets stay with them."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from coincurve import PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from ceramic_protocol.accounts.did import KeyType, PublicKey
from ceramic_protocol.accounts.eip191 import personal_hash, recover_address
from ceramic_protocol.accounts.signatures import verify
from ceramic_protocol.accounts.wallets import (
    SOLANA_DEVNET,
    SOLANA_MAINNET,
    SOLANA_TESTNET,
    Eip191Wallet,
    SolanaWallet,
    Wallet,
)
from ceramic_protocol.errors import CeramicError, EncodeError, IdentifierError, UsageError
from ceramic_protocol.multibase import decode_base58, encode_base58
from tests.support.signing import SECP256K1_ORDER, join_signature, split_signature

SECRET = bytes.fromhex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")
ADDRESS = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
"""The first account of the development chains Hardhat and Anvil, as their documentation has it."""

KEY = PrivateKey(SECRET)
SEED = bytes(range(32))
SOLANA_ADDRESS = encode_base58(bytes(SigningKey(SEED).verify_key))

secrets = st.integers(1, SECP256K1_ORDER - 1).map(lambda number: number.to_bytes(32, "big"))
ascii_texts = st.text(st.characters(max_codepoint=127), max_size=200)


def personal_sign(text: str) -> bytes:
    """r‖s‖v of Hardhat's account, v counting from 27."""
    signature: bytes = KEY.sign_recoverable(personal_hash(text), hasher=None)
    return signature[:64] + bytes([27 + signature[64]])


class HexBytes(bytes):
    """What eth-account answers."""


class SolanaSignature:
    """What solders answers."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __bytes__(self) -> bytes:
        return self._data


def test_a_published_account() -> None:
    wallet: Wallet = Eip191Wallet.of_secret(SECRET)
    assert wallet.account.address == ADDRESS
    assert wallet.issuer == f"did:pkh:eip155:1:{ADDRESS.lower()}"
    assert (wallet.header_type, wallet.signature_type) == ("eip4361", "eip191")
    assert Eip191Wallet.of_secret(SECRET, 137).account.chain_id == "eip155:137"


@given(secrets, ascii_texts)
def test_ethereum_texts_are_signed(secret: bytes, text: str) -> None:
    wallet = Eip191Wallet.of_secret(secret)
    found = wallet.sign_in(text)
    signature = bytes.fromhex(found.removeprefix("0x"))
    assert (len(found), found, signature[64] in (27, 28)) == (132, found.lower(), True)
    assert recover_address(personal_hash(text), signature) == wallet.account.address.lower()
    assert split_signature(signature[:64])[1] <= SECP256K1_ORDER // 2
    assert wallet.sign_in(text) == found


@given(st.binary(min_size=32, max_size=32), st.text(st.characters(codec="utf-8"), max_size=200))
def test_solana_texts_are_signed(seed: bytes, text: str) -> None:
    wallet: Wallet = SolanaWallet.of_seed(seed, SOLANA_DEVNET)
    key = PublicKey(KeyType.ED25519, decode_base58(wallet.account.address))
    assert verify(key, text.encode(), decode_base58(wallet.sign_in(text)))
    assert wallet.issuer == f"did:pkh:solana:{SOLANA_DEVNET}:{wallet.account.address}"
    assert (wallet.header_type, wallet.signature_type) == ("caip122", "solana:ed25519")


def _high_s(text: str) -> bytes:
    signature = personal_sign(text)
    r, s = split_signature(signature[:64])
    return join_signature(r, SECP256K1_ORDER - s) + bytes([55 - signature[64]])


ANSWERS: dict[str, Callable[[str], Any]] = {
    "bytes": personal_sign,
    "eth-account": lambda text: HexBytes(personal_sign(text)),
    "v from 0": lambda text: personal_sign(text)[:64] + bytes([personal_sign(text)[64] - 27]),
    "0x": lambda text: "0x" + personal_sign(text).hex(),
    "hex": lambda text: personal_sign(text).hex(),
    "upper case": lambda text: personal_sign(text).hex().upper(),
    "high S": _high_s,
}


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize("address", [ADDRESS, ADDRESS.lower()])
def test_whatever_signs_the_capability_reads_the_same(name: str, address: str) -> None:
    wallet = Eip191Wallet(address, ANSWERS[name])
    for text in ("a", "b", "c", "d"):
        assert wallet.sign_in(text) == "0x" + personal_sign(text).hex()


WRONG_ANSWERS: dict[str, Callable[[str], Any]] = {
    "nothing": lambda _text: None,
    "empty": lambda _text: b"",
    "number": lambda _text: 65,
    "short": lambda text: personal_sign(text)[:64],
    "long": lambda text: personal_sign(text) + b"\0",
    "no hex": lambda _text: "0x" + "g" * 130,
    "no ASCII": lambda _text: "ž" * 130,
    "v of 29": lambda text: personal_sign(text)[:64] + bytes([29]),
    "another text": lambda text: personal_sign(text + " "),
    "another key": lambda text: PrivateKey(bytes(31) + b"\1").sign_recoverable(personal_hash(text), None),
    "no prefix": lambda text: KEY.sign_recoverable(text.encode()),
    "zeros": lambda _text: bytes(65),
}


@pytest.mark.parametrize("name", WRONG_ANSWERS)
def test_wrong_answers_of_an_ethereum_wallet(name: str) -> None:
    with pytest.raises(EncodeError, match=f"^did:pkh:eip155:1:{ADDRESS.lower()}: what came back "):
        Eip191Wallet(ADDRESS, WRONG_ANSWERS[name]).sign_in("text")


@pytest.mark.parametrize("name", ["eth-account", "bytes"])
def test_texts_that_js_did_would_count_wrongly(name: str) -> None:
    with pytest.raises(EncodeError, match="ASCII"):
        Eip191Wallet(ADDRESS, ANSWERS[name]).sign_in("žluť")


def test_whatever_signs_for_a_solana_account() -> None:
    key = SigningKey(SEED)
    direct = SolanaWallet.of_seed(SEED).sign_in("text")
    for form in (bytes, SolanaSignature):

        def sign(message: bytes, form: Callable[[bytes], Any] = form) -> Any:
            return form(key.sign(message).signature)

        assert SolanaWallet(SOLANA_ADDRESS, sign).sign_in("text") == direct


@pytest.mark.parametrize(
    "answer",
    [
        None,
        64,
        "5" * 64,
        b"",
        bytes(64),
        SigningKey(SEED).sign(b"other").signature,
        SigningKey(SEED).sign(b"text").signature + b"\0",
        SigningKey(bytes(32)).sign(b"text").signature,
    ],
)
def test_wrong_answers_of_a_solana_wallet(answer: Any) -> None:
    with pytest.raises(EncodeError, match=f"{SOLANA_TESTNET}:{SOLANA_ADDRESS}: what came back"):
        SolanaWallet(SOLANA_ADDRESS, lambda _message: answer, chain_reference=SOLANA_TESTNET).sign_in("text")


def test_what_a_callable_raises_is_passed_on() -> None:
    def refuse(_text: object) -> bytes:
        raise PermissionError("not today")

    for wallet in (Eip191Wallet(ADDRESS, refuse), SolanaWallet(SOLANA_ADDRESS, refuse)):
        with pytest.raises(PermissionError, match="not today"):
            wallet.sign_in("text")


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: Eip191Wallet("", personal_sign), IdentifierError),
        (lambda: Eip191Wallet(ADDRESS[:-1], personal_sign), IdentifierError),
        (lambda: Eip191Wallet(ADDRESS[2:], personal_sign), IdentifierError),
        (lambda: Eip191Wallet(ADDRESS, personal_sign, chain_id=0), UsageError),
        (lambda: Eip191Wallet(ADDRESS, personal_sign, chain_id=-1), UsageError),
        (lambda: Eip191Wallet(ADDRESS, personal_sign, chain_id=10**40), IdentifierError),
        (lambda: SolanaWallet(SOLANA_ADDRESS[:-4], bytes), IdentifierError),
        (lambda: SolanaWallet("0", bytes), IdentifierError),
        (lambda: SolanaWallet(SOLANA_ADDRESS, bytes, chain_reference="main net"), IdentifierError),
        (lambda: Eip191Wallet.of_secret(bytes(32)), UsageError),
        (lambda: Eip191Wallet.of_secret(SECP256K1_ORDER.to_bytes(32, "big")), UsageError),
        (lambda: Eip191Wallet.of_secret(SECRET[1:]), UsageError),
        (lambda: SolanaWallet.of_seed(SEED + SEED), UsageError),
    ],
)
def test_what_is_no_account(make: Callable[[], object], error: type[CeramicError]) -> None:
    with pytest.raises(error):
        make()


def test_secrets_stay_with_the_wallet() -> None:
    wallets = [Eip191Wallet.of_secret(SECRET), SolanaWallet.of_seed(SEED, SOLANA_MAINNET)]
    for wallet, secret in zip(wallets, (SECRET, SEED), strict=True):
        assert repr(wallet) == str(wallet) == f"{type(wallet).__name__}({wallet.issuer})"
        assert not hasattr(wallet, "__dict__")
        assert not any(secret.hex() in repr(getattr(wallet, name)) for name in ("account", "issuer", "_sign"))
        for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(TypeError, match="can't be pickled"):
                attempt(wallet)
