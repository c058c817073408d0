"""What can be said of one event alone: its form, signature, capability and proof of time.

Who may write to the stream and what it builds on is asked by `history`, which knows the stream's other
events. Both are pure; chains and contracts come in as ports (accounts.md 2, consensus.md 2.6).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple, TypeAlias, cast

from ceramic_protocol.anchors import Anchored, check_unasked, verify_anchor
from ceramic_protocol.checked import CheckedEvent, Kind
from ceramic_protocol.events import DataEvent, Event, InitEvent, InvalidEvent, TimeEvent, decode_event
from ceramic_protocol.networks import Network
from ceramic_protocol.ports import Chain, Contracts, Damage, DistantChain, NoChain, NoContracts, SourceItem
from ceramic_protocol.profiles.profile import AccountRules, Profile, Signed
from ceramic_protocol.profiles.registry import ACCOUNT_RULES
from ceramic_protocol.reasons import Finding, Reason

Checked: TypeAlias = CheckedEvent | InvalidEvent
"""An event after its own checks, or what is none."""


class Inspected(NamedTuple):
    """An event after its own checks, and as it was decoded for them."""

    checked: Checked
    event: Event | InvalidEvent


@dataclass(frozen=True, slots=True)
class Verifier:
    """The first step for every host: decodes what a source yields and checks it by itself.

    Without a chain time events stay pending, and without contracts what contract wallets have signed. Can be
    pickled if its ports can.

    `anchor_contracts` are addresses of the anchor contract, by CAIP-2 chain, where it isn't the usual one.
    `network` refuses anchors on chains of other networks; without one every chain counts that `chain` knows.
    """

    chain: Chain = field(default_factory=NoChain)
    contracts: Contracts = field(default_factory=NoContracts)
    profile: Profile = Profile.STRICT
    anchor_contracts: Mapping[str, str] = field(default_factory=dict)
    network: Network | None = None

    @property
    def _rules(self) -> AccountRules:
        return ACCOUNT_RULES[self.profile]

    @property
    def asks_at_once(self) -> bool:
        """Whether it is better given many events at a time, for the sake of a chain far away."""
        return _is_distant(type(self.chain))

    def check(self, item: SourceItem) -> Checked:
        """Decode and verify what a source yields."""
        return self._inspect(self.decode(item)).checked

    def check_all(self, items: Iterable[SourceItem]) -> list[Checked]:
        """Decode and verify many, in order; a chain far away is asked about all of their anchors at once."""
        return [inspected.checked for inspected in self.inspect_all(items)]

    def inspect_all(self, items: Iterable[SourceItem]) -> list[Inspected]:
        """The same, for those who need what was decoded as well."""
        return self.inspect_decoded(self.decode_all(items))

    def decode_all(self, items: Iterable[SourceItem]) -> list[Event | InvalidEvent]:
        """What sources hold, in order; a chain far away is asked about all of their anchors at once."""
        events = list(map(self.decode, items))
        if self.asks_at_once:
            cast("DistantChain", self.chain).prefetch(
                (event.proof.chain_id, event.proof.tx_hash)
                for event in events
                if isinstance(event, TimeEvent) and check_unasked(event, self.network) is None
            )
        return events

    def inspect_decoded(self, events: Iterable[Event | InvalidEvent]) -> list[Inspected]:
        """Verify what was decoded, in order."""
        return list(map(self._inspect, events))

    def _inspect(self, event: Event | InvalidEvent) -> Inspected:
        return Inspected(event if isinstance(event, InvalidEvent) else self.verify(event), event)

    def decode(self, item: SourceItem) -> Event | InvalidEvent:
        """The event that a source holds; damage is none, nor is one under another CID than claimed."""
        if isinstance(item, Damage):
            return InvalidEvent(item.reason, item.detail)
        event = decode_event(item.car, self._rules.decode_envelope)
        if isinstance(event, InvalidEvent):
            return event if event.cid else event._replace(cid=item.cid)
        if item.cid is not None and item.cid != event.cid:
            detail = f"the source says {item.cid}, the CAR's root is {event.cid}"
            return InvalidEvent(Reason.EVENT_MALFORMED, detail, event.cid, event.stream)
        return event

    def verify(self, event: Event) -> CheckedEvent:
        """Check one decoded event by itself."""
        if isinstance(event, TimeEvent):
            return self._verify_time(event)
        envelope = event.envelope
        rules = self._rules
        finding = _check_init(event, rules) if isinstance(event, InitEvent) else _check_data(event)
        signed = Signed(finding)
        if finding is None and envelope is not None:
            signed = rules.check_signed(envelope, self.contracts)
        reason, detail = signed.finding or (None, None)
        return CheckedEvent(
            cid=event.cid,
            stream=event.stream,
            kind=Kind.INIT if isinstance(event, InitEvent) else Kind.DATA,
            prev=event.prev,
            payload=event.payload,
            signer=envelope.header.signer if envelope else None,
            capability=envelope.header.capability if envelope else None,
            reason=reason,
            detail=detail,
            grant=signed.grant,
            model=event.header.model if isinstance(event, InitEvent) else None,
        )

    def _verify_time(self, event: TimeEvent) -> CheckedEvent:
        found = verify_anchor(event, self.chain, self.anchor_contracts, self.network)
        common = (event.cid, event.stream, Kind.TIME, event.prev, b"")
        if isinstance(found, Anchored):
            return CheckedEvent(*common, timestamp=found.timestamp, chain_id=found.chain_id)
        return CheckedEvent(*common, reason=found.reason, detail=found.detail)


@cache
def _is_distant(chain: type) -> bool:
    # Few events come at a time where they come one by one, and looking through a protocol takes its time.
    return issubclass(chain, DistantChain)


def _check_init(event: InitEvent, rules: AccountRules) -> Finding | None:
    if not event.header.controller:
        return Finding(Reason.INIT_NO_CONTROLLERS, "header.controllers is empty")
    if event.envelope is None and event.data is not None and not rules.takes_unsigned_content:
        return Finding(Reason.UNSIGNED_INIT_WITH_DATA, "init event with content and no signature")
    return None


def _check_data(event: DataEvent) -> Finding | None:
    if event.envelope is None:
        return Finding(Reason.DATA_EVENT_UNSIGNED, "data event without envelope")
    return None
