"""Wallets that let a key write in their name by signing a text (accounts.md 3.2 and 3.3).

A wallet asks whoever holds the account's key: a secret at hand, a hardware wallet, a service. What comes back
is checked before anyone gets to see it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NoReturn, Protocol, Self, SupportsBytes

from coincurve import PrivateKey as Secp256k1Key
from coincurve import PublicKey as Secp256k1Point

from ceramic_protocol.accounts.cacao_signatures import CAIP122, EIP191, EIP4361, SOLANA
from ceramic_protocol.accounts.did import KeyType, PublicKey
from ceramic_protocol.accounts.eip191 import personal_hash, recover_address
from ceramic_protocol.accounts.hashes import keccak256
from ceramic_protocol.accounts.pkh import PkhAccount, checksum_address, parse_pkh
from ceramic_protocol.accounts.recoverable import SIGNATURE_BYTES, decode_hex
from ceramic_protocol.accounts.signatures import verify
from ceramic_protocol.accounts.signers import Ed25519Signer, Secp256k1Signer
from ceramic_protocol.accounts.siwx import Network
from ceramic_protocol.accounts.solana import decode_base58
from ceramic_protocol.errors import EncodeError, IdentifierError, UsageError
from ceramic_protocol.multibase import encode_base58

SOLANA_MAINNET: Final = "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp"
SOLANA_TESTNET: Final = "4uhcVJyU9pJkvQyS88uRDiswHXSCkY3z"
SOLANA_DEVNET: Final = "EtWTRABZaYq6iMfeYKouRu166VU2xqa1"

_SECP256K1_ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_ED25519_BYTES: Final = 32
_FIRST_V: Final = 27


class Wallet(Protocol):
    """An account that can sign a text; where its key lies is its own business."""

    @property
    def account(self) -> PkhAccount:
        """The account, its address in the letters that the text shows."""
        ...

    @property
    def issuer(self) -> str:
        """Its did:pkh, in the letters that streams name their controller with."""
        ...

    @property
    def network(self) -> Network:
        """What the text calls this kind of account."""
        ...

    @property
    def header_type(self) -> str:
        """`h.t` of its capabilities."""
        ...

    @property
    def signature_type(self) -> str:
        """`s.t` of its capabilities."""
        ...

    def sign_in(self, text: str) -> str:
        """The signature over a text, as it stands in `s.s`.

        Raises:
            EncodeError: the text can't be signed, or what came back is not this account's signature.
        """
        ...


class _PkhWallet:
    """What wallets have in common. What they sign with shows in no text, and doesn't travel by pickle."""

    __slots__ = ("account", "issuer")

    def __init__(self, account: PkhAccount, issuer: str) -> None:
        self.account: Final = account
        self.issuer: Final = issuer

    def __repr__(self) -> str:
        """Class and DID."""
        return f"{type(self).__name__}({self.issuer})"

    def __reduce__(self) -> NoReturn:
        """Refuse: a secret that travels is no longer one."""
        msg = f"{type(self).__name__} can't be pickled or copied"
        raise TypeError(msg)

    def _refusal(self, problem: str) -> EncodeError:
        return EncodeError(f"{self.issuer}: {problem}")


class Eip191Wallet(_PkhWallet):
    """An account of Ethereum or a chain like it that is a key, not a contract (EIP-191, EIP-4361)."""

    __slots__ = ("_sign",)

    network: Final = Network.ETHEREUM
    header_type: Final = EIP4361
    signature_type: Final = EIP191

    def __init__(self, address: str, sign: Callable[[str], bytes | str], *, chain_id: int = 1) -> None:
        """Take an account whose key is elsewhere.

        Args:
            address: `0x` and 40 hexadecimal digits in upper or lower case.
            sign: gives the signature of `personal_sign` over a text: r‖s‖v as 65 bytes or in hexadecimal
                digits. `personal_sign` puts its prefix before the text and hashes; v may count from 0 or 27.
            chain_id: of the chain, such as 1 for Ethereum.

        Raises:
            IdentifierError: no such address.
            UsageError: no such chain.
        """
        if chain_id < 1:
            raise UsageError(f"{chain_id} is no number of a chain")
        # The case of the controller's letters counts when streams are compared, so all write it the same.
        issuer = f"did:pkh:eip155:{chain_id}:{address.lower()}"
        account = parse_pkh(issuer)
        super().__init__(account._replace(address=checksum_address(address)), issuer)
        self._sign = sign

    @classmethod
    def of_secret(cls, secret: bytes, chain_id: int = 1) -> Self:
        """The account of a secret key.

        Raises:
            UsageError: `secret` is no big-endian number of 32 bytes from 1 to the order of the curve.
        """
        point = Secp256k1Point(Secp256k1Signer(secret).public_key.data).format(compressed=False)
        key = Secp256k1Key(secret)

        def sign(text: str) -> bytes:
            return bytes(key.sign_recoverable(personal_hash(text), hasher=None))

        return cls("0x" + keccak256(point[1:])[-20:].hex(), sign, chain_id=chain_id)

    def sign_in(self, text: str) -> str:
        """The signature over a text: 0x and 130 hexadecimal digits, v of 27 or 28 and S low.

        Raises:
            EncodeError: the text is not ASCII, or what came back is not this account's signature.
        """
        if not text.isascii():
            # EIP-4361 has nothing else; js-did counts the letters where the wallet counts bytes.
            raise self._refusal("the text to be signed may have ASCII characters only")
        answer: object = self._sign(text)
        signature = decode_hex(answer, SIGNATURE_BYTES) if isinstance(answer, str) else answer
        if not isinstance(signature, bytes) or len(signature) != SIGNATURE_BYTES:
            raise self._refusal(f"what came back is no signature of {SIGNATURE_BYTES} bytes")
        if recover_address(personal_hash(text), signature) != self.account.address.lower():
            raise self._refusal("what came back is signed by another account, or another text is")
        return "0x" + _as_usual(signature).hex()


class SolanaWallet(_PkhWallet):
    """An account of Solana, whose address is its Ed25519 key (CAIP-122)."""

    __slots__ = ("_sign",)

    network: Final = Network.SOLANA
    header_type: Final = CAIP122
    signature_type: Final = SOLANA

    def __init__(
        self, address: str, sign: Callable[[bytes], SupportsBytes], *, chain_reference: str = SOLANA_MAINNET
    ) -> None:
        """Take an account whose key is elsewhere.

        Args:
            address: a key of 32 bytes in base58.
            sign: gives the Ed25519 signature over the bytes of a message, 64 bytes.
            chain_reference: one of the constants of this module.

        Raises:
            IdentifierError: no such address, or nothing that could be a chain.
        """
        if decode_base58(address, _ED25519_BYTES) is None:
            raise IdentifierError(f"{address[:80]!r} is not {_ED25519_BYTES} bytes of base58 text")
        issuer = f"did:pkh:solana:{chain_reference}:{address}"
        super().__init__(parse_pkh(issuer), issuer)
        self._sign = sign

    @classmethod
    def of_seed(cls, seed: bytes, chain_reference: str = SOLANA_MAINNET) -> Self:
        """The account of an Ed25519 seed.

        Raises:
            UsageError: `seed` has not 32 bytes.
        """
        key = Ed25519Signer(seed)
        return cls(encode_base58(key.public_key.data), key.sign, chain_reference=chain_reference)

    def sign_in(self, text: str) -> str:
        """The signature over a text, in base58.

        Raises:
            EncodeError: what came back is not this account's signature.
        """
        message = text.encode()
        answer: object = self._sign(message)
        key = PublicKey(KeyType.ED25519, decode_base58(self.account.address, _ED25519_BYTES) or b"")
        signature = bytes(answer) if isinstance(answer, SupportsBytes) else b""
        if not verify(key, message, signature):
            raise self._refusal("what came back is not this account's signature of 64 bytes")
        return encode_base58(signature)


def _as_usual(signature: bytes) -> bytes:
    """r‖s‖v as most wallets write it. A high S is as good, but ceramic-one refuses it."""
    s, odd = int.from_bytes(signature[32:64], "big"), signature[64] % _FIRST_V
    if s > _SECP256K1_ORDER // 2:
        s, odd = _SECP256K1_ORDER - s, 1 - odd
    return signature[:32] + s.to_bytes(32, "big") + bytes([_FIRST_V + odd])
