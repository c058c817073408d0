"""Evaluating the streams of a store."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from ceramic_protocol.cid import Cid
from ceramic_protocol.evaluate import evaluate
from ceramic_protocol.history import StreamHistory, unresolved
from ceramic_protocol.lifecycle.surroundings import surroundings
from ceramic_protocol.live_stream import LiveStream
from ceramic_protocol.models.context import Context
from ceramic_protocol.ports import Clock
from ceramic_protocol.rules import Rules
from ceramic_protocol.store_port import EventStore
from ceramic_protocol.stored import StreamSnapshot


class Look(NamedTuple):
    """A stream as it was at a version. `live` may be given more events, to see what they would change."""

    version: int
    live: LiveStream


class Moment(NamedTuple):
    """What streams are judged by at one time: the rules, and what is known of other streams."""

    rules: Rules
    context: Context


@dataclass(frozen=True, slots=True)
class Looker:
    """Evaluates streams as they are in a store, at the time that a clock gives.

    `rules` say how to decide; their time is not used.
    """

    store: EventStore
    clock: Clock
    rules: Rules

    def look(self, stream: Cid, moment: Moment | None = None) -> Look:
        """A stream as it is now; an unknown one has no events.

        Looks at one moment share what is looked up of other streams.
        """
        rules, context = moment or self.now()
        snapshot = self.store.snapshot(stream)
        foreign = self._foreign(snapshot)
        return Look(snapshot.version, LiveStream(stream, rules, context, foreign, known=snapshot.known))

    def now(self) -> Moment:
        """The present moment."""
        rules = replace(self.rules, at=self.clock.now())

        def judge(stream: Cid, context: Context) -> StreamHistory:
            snapshot = self.store.snapshot(stream)
            return evaluate(stream, snapshot.known, rules, context, self._foreign(snapshot))

        return Moment(rules, surroundings(self.store, judge))

    def _foreign(self, snapshot: StreamSnapshot) -> frozenset[bytes]:
        """What events of the stream refer to, of other streams."""
        links = ((event.cid, event.prev) for event in snapshot.events.values())
        wanted = unresolved(snapshot.stream, links)
        return frozenset(self.store.streams_of(wanted)) if wanted else frozenset()
