"""Sessions: a key that writes in the name of an account, which signed a capability for it (accounts.md 3).

Nothing here looks at a clock or is random: times, keys and nonces are brought along.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from ceramic_protocol.accounts.cacao import Cacao, parse_time
from ceramic_protocol.accounts.cacao_signatures import check_cacao_signature
from ceramic_protocol.accounts.capability import grant_of
from ceramic_protocol.accounts.did import resolve_did_key
from ceramic_protocol.accounts.signers import Signer
from ceramic_protocol.accounts.siwx import sign_in_message
from ceramic_protocol.accounts.wallets import Wallet
from ceramic_protocol.builder import EventBuilder
from ceramic_protocol.errors import DecodeError, EncodeError, UsageError
from ceramic_protocol.ids import StreamId
from ceramic_protocol.ports import NoContracts

STATEMENT: Final = "Give this application access to some of your data on Ceramic"
"""What wallets show above the rest unless one says otherwise (js-did)."""

EVERYTHING: Final = "ceramic://*"
"""The resource of all streams of an account."""

_VERSION: Final = "1"
_NONCE: Final = re.compile("[A-Za-z0-9]{8,}")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LOWERED: Final = "did:pkh:eip155:1:"


def one_model(model: StreamId) -> str:
    """The resource of all streams of an account that have this model; `METAMODEL` stands for its models."""
    return f"{EVERYTHING}?model={model}"


def one_stream(stream: StreamId) -> str:
    """The resource of one stream."""
    return f"ceramic://{stream}"


def create_capability(
    wallet: Wallet,
    audience: str,
    *,
    domain: str,
    resources: Sequence[str],
    issued_at: datetime,
    expires_at: datetime | None,
    nonce: str,
    statement: str | None = STATEMENT,
    not_before: datetime | None = None,
    request_id: str | None = None,
) -> Cacao:
    """A capability that lets a key write in the name of a wallet. The wallet is asked to sign once.

    Args:
        wallet: who lets write.
        audience: did:key of the key that may write.
        domain: who asks; wallets show it, and everyone who reads the events can.
        resources: what may be written, see `EVERYTHING`, `one_model` and `one_stream`.
        issued_at: from when on; milliseconds count.
        expires_at: until when, or None for ever, which models of the SDK ask for.
        nonce: 8 letters and digits or more that weren't there before.
        statement: what the wallet shows, or None.
        not_before: from when on, if that is later than `issued_at`.
        request_id: name of the request, or None.

    Raises:
        UsageError: a text or a time makes no sense.
        IdentifierError: `audience` is not the did:key of a key that signs.
        EncodeError: the wallet's answer is not its signature over this.
    """
    resolve_did_key(audience)
    unsigned = Cacao(
        header_type=wallet.header_type,
        domain=domain,
        issuer=wallet.issuer,
        audience=audience,
        version=_VERSION,
        nonce=nonce,
        issued_at=_text(issued_at),
        signature_type=wallet.signature_type,
        signature="",
        not_before=None if not_before is None else _text(not_before),
        expires_at=None if expires_at is None else _text(expires_at),
        # js-did leaves an empty text out of what is signed, ceramic-one doesn't.
        statement=statement or None,
        request_id=request_id or None,
        resources=(resources,) if isinstance(resources, str) else tuple(resources),
    )
    problem = _nonsense(unsigned)
    if problem is not None:
        raise UsageError(problem)
    text = sign_in_message(unsigned, wallet.network, wallet.account)
    signed = replace(unsigned, signature=wallet.sign_in(text))
    problem = _forgery(signed)
    if problem is not None:
        raise EncodeError(f"{wallet.issuer}: {problem}")
    return signed


def _nonsense(cacao: Cacao) -> str | None:
    """What makes a capability useless before anyone has signed it."""
    if not cacao.resources:
        return "a capability without resources lets nobody write"
    lines = [cacao.domain, *cacao.resources, *filter(None, (cacao.statement, cacao.request_id))]
    if not all(line and line.isprintable() for line in lines):
        # A line break inside a text would let it pass for other members of what the wallet shows.
        return "domain, statement, request and resources are single lines of printable text"
    if not _NONCE.fullmatch(cacao.nonce):
        return "a nonce has 8 letters and digits or more"
    if cacao.parent_hint is not None:
        return f"the resource {cacao.parent_hint} is a capability, which no implementation follows"
    grant = grant_of(cacao)
    if grant.expires is not None and grant.not_before is not None and grant.expires <= grant.not_before:
        return "a capability can't expire before it starts"
    return None


def _forgery(cacao: Cacao) -> str | None:
    """Why nobody will take a capability for its issuer's; a contract's word is taken for good."""
    finding = check_cacao_signature(cacao, NoContracts())
    return finding.detail if finding is not None and finding.is_certain else None


@dataclass(frozen=True, slots=True)
class Session:
    """A key and the capability under which it writes in the name of `controller`."""

    key: Signer
    capability: Cacao = field(repr=False)

    def __post_init__(self) -> None:
        """Compare the two.

        Raises:
            UsageError: the capability was given to another key, or isn't signed by its issuer, or its times
                can't be read.
        """
        if self.capability.audience != self.key.did:
            raise UsageError(f"the capability was given to {self.capability.audience}, not to {self.key.did}")
        problem = _forgery(self.capability) or self._misread()
        if problem is not None:
            raise UsageError(f"the capability is of no use: {problem}")

    def _misread(self) -> str | None:
        try:
            _ = grant_of(self.capability), self.expires_at
        except (DecodeError, OverflowError) as error:
            return str(error)
        return None

    @property
    def controller(self) -> str:
        """The account in whose name the key writes, as new streams spell it."""
        issuer = self.capability.issuer
        # As in dids, which leaves other chains' addresses as they are: ceramic-one compares them by letter.
        return issuer.lower() if issuer.startswith(_LOWERED) else issuer

    @property
    def block(self) -> bytes:
        """The capability as it travels with each event."""
        return self.capability.encode()

    @property
    def expires_at(self) -> datetime | None:
        """Until when the session may write; None if it may for ever."""
        text = self.capability.expires_at
        return None if text is None else _EPOCH + timedelta(milliseconds=parse_time(text))

    def builder(
        self, *, at: datetime | None = None, fragment: bool = True, as_js: bool = True
    ) -> EventBuilder:
        """Makes events in the name of the account.

        Args:
            at: the time that counts as now; without it nobody looks whether the session has run out.
            fragment: see `EventBuilder`.
            as_js: see `EventBuilder`.

        Raises:
            UsageError: at that time the session has run out, or doesn't hold yet.
        """
        if at is not None:
            self._check_moment(_checked(at))
        return EventBuilder(
            self.key, controller=self.controller, capability=self.block, fragment=fragment, as_js=as_js
        )

    def _check_moment(self, at: datetime) -> None:
        if self.expires_at is not None and self.expires_at < at:
            raise UsageError(f"the session has run out at {self.capability.expires_at}; open another one")
        start = self.capability.not_before
        if start is not None and _EPOCH + timedelta(milliseconds=parse_time(start)) > at:
            raise UsageError(f"the session doesn't hold before {start}")


def _checked(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise UsageError("a time needs a zone: datetime.now(UTC), not datetime.now()")
    return moment


def _text(moment: datetime) -> str:
    """A time as JavaScript writes it; what is finer than a millisecond is cut off."""
    return _checked(moment).astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
