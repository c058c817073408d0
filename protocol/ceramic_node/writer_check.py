"""Whether somebody who hands an event in may write to its stream now: what writers are told at once.

The verdict on an event is `history`'s, and takes more into account: an anchor that comes later proves that a
capability was used in time. So this is asked of events that are written here, not of those that come from
elsewhere.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Final

from ceramic_protocol.accounts.access import Stream
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.cid import Cid
from ceramic_protocol.limits import MAX_CACHED_STREAMS
from ceramic_protocol.ports import Clock
from ceramic_protocol.profiles.profile import Profile
from ceramic_protocol.profiles.registry import ACCOUNT_RULES
from ceramic_protocol.reasons import Finding
from ceramic_protocol.rules import Rules
from ceramic_protocol.store_port import EventReader
from ceramic_protocol.stored import StreamFacts, is_init, stream_of


class WriterCheck:
    """Looks up who controls a stream; used from one thread.

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
        # What an init event says of its stream is fixed.
        self._known: Final[OrderedDict[Cid, Stream]] = OrderedDict()

    def finding(self, event: CheckedEvent, batch: Mapping[Cid, CheckedEvent]) -> Finding | None:
        """Why the signer may not write to the event's stream; None if it may, or if there is no signer.

        Args:
            event: the event, whose own checks are good.
            batch: init events that come along with it and aren't kept yet.
        """
        cid = stream_of(event)
        if event.signer is None or cid is None:
            return None
        stream = self._stream(cid, event if is_init(event) else batch.get(cid))
        if stream is None:
            return None
        rules = Rules(self._clock.now(), profile=self._profile)
        return self._accounts.may_write(event, stream, rules.at, rules.terms)

    def _stream(self, cid: Cid, init: CheckedEvent | None) -> Stream | None:
        known = self._known.get(cid)
        if known is not None:
            self._known.move_to_end(cid)
            return known
        if init is None:
            stored = self._store.event(cid)
            if stored is None or not is_init(stored.checked):
                return None
            if stored.checked.is_hollow:
                # Nobody can say who may write any more; what comes is kept and waits (`payload_pruned`).
                return None
            init = stored.checked
        found = self._known[cid] = self._accounts.stream_of(_as_stream(StreamFacts.of(init)), init)
        if len(self._known) > MAX_CACHED_STREAMS:
            self._known.popitem(last=False)
        return found


def _as_stream(facts: StreamFacts) -> Stream:
    return Stream(facts.controller, facts.stream_id, facts.model)
