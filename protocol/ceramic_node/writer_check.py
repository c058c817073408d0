"""Whether somebody who hands an event in may write to its stream now: what writers are told at once.

The verdict on an event is `history`'s, and takes more into account: an anchor that comes later proves that a
capability was used in time. So this is asked of events that are written here, not of those that come from
elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ceramic_protocol.accounts.access import Stream
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.cid import Cid
from ceramic_protocol.ports import Clock
from ceramic_protocol.profiles.profile import Profile
from ceramic_protocol.profiles.registry import ACCOUNT_RULES
from ceramic_protocol.reasons import Finding
from ceramic_protocol.rules import Rules
from ceramic_protocol.store_port import EventReader
from ceramic_protocol.stored import StreamFacts


class WriterCheck:
    """Says who may write to a stream.

    Args:
        store: where init events are.
        clock: what tells the time.
        profile: whose rules on accounts apply.
    """

    def __init__(self, store: EventReader, clock: Clock, profile: Profile = Profile.STRICT) -> None:
        self._store: Final = store
        self._clock: Final = clock
        self._profile: Final = profile
        self._accounts: Final = ACCOUNT_RULES[profile]

    def finding(
        self, event: CheckedEvent, facts: StreamFacts | None, batch: Mapping[Cid, CheckedEvent]
    ) -> Finding | None:
        """Why the signer may not write to the event's stream; None if it may, or if there is no signer.

        Args:
            event: the event, whose own checks are good.
            facts: those of its stream; as long as there are none, nobody can say.
            batch: init events that come along with it and aren't kept yet.
        """
        if event.signer is None or facts is None:
            return None
        payload = self._payload(event, facts.stream, batch) if self._accounts.names_by_payload else b""
        if payload is None:
            # It was pruned, and with it the stream's name; what comes is kept and waits (`payload_pruned`).
            return None
        plain = Stream(facts.controller, facts.stream_id, facts.model)
        rules = Rules(self._clock.now(), profile=self._profile)
        return self._accounts.may_write(
            event, self._accounts.stream_of(plain, payload), rules.at, rules.terms
        )

    def _payload(self, event: CheckedEvent, stream: Cid, batch: Mapping[Cid, CheckedEvent]) -> bytes | None:
        init = event if event.cid == stream else batch.get(stream)
        if init is None:
            stored = self._store.event(stream)
            init = None if stored is None else stored.checked
        return None if init is None or init.is_hollow else init.payload
