"""Who may write to a stream, and when: where capabilities and anchors meet (consensus.md 1.6 and 1.8)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ceramic_protocol.accounts.access import Stream, expired, expires_at
from ceramic_protocol.checked import CheckedEvent, Kind
from ceramic_protocol.cid import Cid
from ceramic_protocol.events import InitHeader
from ceramic_protocol.ids import StreamId
from ceramic_protocol.profiles.registry import ACCOUNT_RULES
from ceramic_protocol.reasons import Finding, Outcome, Reason
from ceramic_protocol.rules import Rules
from ceramic_protocol.tree import LowestBelow

_SECOND = 1000


class Writers:
    """Judges the signers of one stream's events.

    An event is as old as the earliest proven anchor anywhere below it: that proves that it was there then,
    even if what lies between is worth nothing. Without an anchor it is judged by the time that counts as now.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._terms = rules.terms
        self._accounts = ACCOUNT_RULES[rules.profile]
        self._stream: Stream | None = None
        self._anchored = LowestBelow()
        self._awaited = LowestBelow()

    def open(self, init: CheckedEvent, header: InitHeader) -> None:
        """Take note of the stream."""
        stream_id = StreamId.of(header.stream_type, init.cid)
        self._stream = self._accounts.stream_of(
            Stream(header.controller, stream_id, header.model), init.payload
        )

    def learn(self, order: Sequence[Cid], events: Mapping[Cid, CheckedEvent]) -> None:
        """Take note of all anchors of the stream; `order` has all events, parents first."""
        if self._accounts.uses_anchors:
            proven = {cid: stamp for cid in order if (stamp := events[cid].timestamp) is not None}
            awaited = {cid: 0 for cid in order if _is_awaited(events[cid])}
            self._anchored = LowestBelow.of(reversed(order), events, proven)
            self._awaited = LowestBelow.of(reversed(order), events, awaited)

    def learn_one(
        self, event: CheckedEvent, events: Mapping[Cid, CheckedEvent], children: Sequence[Cid]
    ) -> Iterator[CheckedEvent]:
        """Take note of one more event, of which `children` are known; gives those to be judged again."""
        if not self._accounts.uses_anchors:
            return
        awaited = 0 if _is_awaited(event) else None
        for cid in (
            *self._anchored.add(event, event.timestamp, events, children),
            *self._awaited.add(event, awaited, events, children),
        ):
            if events[cid].grant is not None:
                yield events[cid]

    def finding(self, event: CheckedEvent) -> Finding | None:
        """What is wrong with the event itself or with its signer: what is certain before what may change."""
        own = None if event.reason is None else Finding(event.reason, event.detail or "")
        if own is not None and own.is_certain:
            return own
        writer = None if self._stream is None else self._check(event, self._stream)
        return writer if writer is not None and (own is None or writer.is_certain) else own

    def _check(self, event: CheckedEvent, stream: Stream) -> Finding | None:
        stamp = self._anchored.lowest.get(event.cid)
        at = self._rules.at if stamp is None else stamp * _SECOND
        found = self._accounts.may_write(event, stream, at, self._terms)
        grant = event.grant
        if found is None and grant is not None and self._accounts.uses_anchors:
            limit = expires_at(grant, self._terms)
            found = expired(grant) if limit is not None and limit < at else None
        if found is None or found.reason is not Reason.CACAO_EXPIRED:
            return found
        if event.cid in self._awaited.lowest:
            detail = f"{found.detail}; an anchor that can't be checked may prove that it was used before"
            return Finding(Reason.ANCHOR_CHAIN_UNKNOWN, detail)
        proof = "no anchor proves" if stamp is None else "its anchor came too late to prove"
        return found._replace(detail=f"{found.detail}; {proof} that it was used before")

    def expires_at(self, event: CheckedEvent) -> int | None:
        """Unix second up to which an anchor has to prove that the event's capability was used in time."""
        if event.grant is None or event.cid in self._anchored.lowest or not self._accounts.uses_anchors:
            return None
        limit = expires_at(event.grant, self._terms)
        return None if limit is None else limit // _SECOND


def _is_awaited(event: CheckedEvent) -> bool:
    return event.kind is Kind.TIME and event.outcome is Outcome.PENDING
