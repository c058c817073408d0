"""Making capabilities, and events that are signed under them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from coincurve import PrivateKey

from ceramic_protocol import dagcbor
from ceramic_protocol.accounts.cacao import Cacao
from ceramic_protocol.accounts.eip191 import personal_hash
from ceramic_protocol.accounts.hashes import keccak256
from ceramic_protocol.accounts.pkh import parse_pkh
from ceramic_protocol.accounts.siwx import Network, sign_in_message
from ceramic_protocol.cid import Cid
from tests.support import signing
from tests.support.signing import Made, Signer, protected


class Wallet:
    """An Ethereum account that lets others write in its name."""

    def __init__(self, secret: int = 1) -> None:
        self._key = PrivateKey(secret.to_bytes(32, "big"))
        point = self._key.public_key.format(compressed=False)
        self.did = f"did:pkh:eip155:1:0x{keccak256(point[1:])[-20:].hex()}"

    def grant(self, session: Signer, **members: object) -> Cacao:
        """A capability for `session`: without changes for everything, from 2024 on and for ever."""
        usual: dict[str, object] = {
            "header_type": "eip4361",
            "signature_type": "eip191",
            "signature": "",
            "domain": "app",
            "issuer": self.did,
            "audience": session.did,
            "version": "1",
            "nonce": "abcdefghij",
            "issued_at": iso(1_704_067_200),
            "resources": ("ceramic://*",),
        }
        return self.sign(Cacao(**(usual | members)))  # type: ignore[arg-type]

    def sign(self, cacao: Cacao) -> Cacao:
        """The same capability with a good signature."""
        text = sign_in_message(cacao, Network.ETHEREUM, parse_pkh(cacao.issuer))
        signature = self._key.sign_recoverable(personal_hash(text), hasher=None)
        return replace(cacao, signature=signature[:64].hex() + f"{27 + signature[64]:02x}")


def iso(seconds: int) -> str:
    """A time as js-did writes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def under(payload: object, session: Signer, capability: Cacao) -> Made:
    """A signed event of any payload under a capability."""
    block = capability.encode()
    cid = Cid.of(block)
    made = signing.envelop(dagcbor.encode(payload), session, protected(session, cap=f"ipfs://{cid}"))
    return Made(made.cid, ((cid, block), *made.blocks))


def data(session: Signer, capability: Cacao, stream: Made, prev: Made, patch: object) -> Made:
    """A data event under a capability."""
    return under({"id": stream.cid, "prev": prev.cid, "data": patch}, session, capability)


def init(wallet: Wallet, session: Signer, capability: Cacao, content: object = None) -> Made:
    """An init event of a stream of the wallet."""
    return under(signing.init_payload(session, content, controllers=[wallet.did]), session, capability)
