"""Events to show to a profile, and what it says of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from ceramic_protocol import dagcbor
from ceramic_protocol.accounts.access import Stream, Terms
from ceramic_protocol.accounts.cacao import Cacao
from ceramic_protocol.cid import Cid
from ceramic_protocol.events import InvalidEvent
from ceramic_protocol.profiles.profile import Profile
from ceramic_protocol.profiles.registry import ACCOUNT_RULES
from ceramic_protocol.reasons import Reason
from tests.protocol.accounts.issuers import Issuer
from tests.support import signing
from tests.support.accounts import checked
from tests.support.signing import Made, Signer

SESSION: Final = signing.ed25519(77)
"""To whom `issuers` give their capabilities."""

AT: Final = 1_717_416_000_000
"""2024-06-03T12:00:00Z, when these are valid."""

TERMS: Final = Terms(0, 300)


def header(signer: Signer = SESSION, **members: object) -> bytes:
    """A protected header with changes."""
    return json.dumps({"alg": signer.alg, "kid": signer.did} | members).encode()


def own(head: bytes, signer: Signer = SESSION, controller: str | None = None) -> Made:
    """An init event with any protected header, of a stream that is the signer's own."""
    payload = signing.init_payload(signer, {"a": 1}, controllers=[controller or signer.did])
    return signing.sign(payload, signer, head)


def under(block: bytes, controller: str, head: bytes | None = None) -> Made:
    """An init event under whatever calls itself a capability."""
    cid = Cid.of(block)
    made = own(header(cap=f"ipfs://{cid}") if head is None else head, controller=controller)
    return Made(made.cid, ((cid, block), *made.blocks))


def granted(issuer: Issuer, cacao: Cacao | None = None, controller: str | None = None) -> Made:
    """An init event of an account's stream, or another's, under a capability of the account."""
    capability = issuer.grant() if cacao is None else cacao
    return under(capability.encode(), controller or issuer.did)


def reason(
    made: Made | bytes, profile: Profile, controller: str, *, at: int = AT, terms: Terms = TERMS
) -> Reason | None:
    """Why a profile doesn't let the signer write to a stream of `controller`; None if it does."""
    event = checked(made if isinstance(made, bytes) else made.car, profile)
    if isinstance(event, InvalidEvent) or event.reason is not None:
        return event.reason
    found = ACCOUNT_RULES[profile].may_write(event, Stream(controller, "k123", None), at, terms)
    return None if found is None else found.reason


def block(cacao: Cacao, **payload: object) -> bytes:
    """The block of a capability with changed members of `p`, which its signature doesn't cover."""
    members = cacao.members
    assert isinstance(members["p"], dict)
    return dagcbor.encode(members | {"p": members["p"] | payload})


def without(members: Mapping[str, object], name: str) -> dict[str, object]:
    """A map without one of its members."""
    return {key: value for key, value in members.items() if key != name}
