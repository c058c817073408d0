"""Streams that are kept judged in memory, those that changed last."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from ceramic_node.states.asking import Asking
from ceramic_node.states.loading import anchors_of
from ceramic_node.states.moves import Moves
from ceramic_node.states.turns import Turns, next_turn
from ceramic_protocol.cid import Cid
from ceramic_protocol.history import Judged
from ceramic_protocol.ids import StreamId
from ceramic_protocol.limits import MAX_LIVE_BYTES, MAX_LIVE_EVENTS, MAX_LIVE_STREAMS
from ceramic_protocol.live_stream import LiveStream
from ceramic_protocol.profiles.registry import ACCOUNT_RULES
from ceramic_protocol.rules import Rules


class Live:
    """A stream in memory, and what has been written of it.

    Attributes:
        stream: what follows from the events.
        asking: what it has asked of other streams.
        needs: what has been noted that it asked for.
        version: the version of the events that it knows.
        rules: those by which it was judged last.
        is_stale: whether a model has changed while it was being judged.
        canonical: the canonical log as it was written.
        anchors: height and time of each time event in it.
        turns: when time changes something.
        size: payloads and states in bytes.
    """

    __slots__ = (
        "anchors",
        "asking",
        "canonical",
        "is_stale",
        "needs",
        "rules",
        "size",
        "stream",
        "turns",
        "version",
    )

    def __init__(self, stream: LiveStream, asking: Asking, rules: Rules) -> None:
        self.stream = stream
        self.asking = asking
        self.needs: set[Cid] = set()
        self.version = 0
        self.rules = rules
        self.is_stale = False
        self.canonical: set[Cid] = set()
        self.anchors: list[tuple[int, int]] = []
        self.turns = Turns()
        self.size = 0

    def settle(self, moves: Moves, *, is_anew: bool) -> None:
        """Take note of how the canonical log moved; of all of it if the stream was judged anew."""
        judged = self.stream.judged
        if is_anew:
            log = self.stream.log()
            self.canonical = set(log)
            self.anchors = anchors_of(log, judged)
            return
        for cid in moves.undone:
            self.canonical.discard(cid)
            if judged[cid].event.timestamp is not None:
                self.anchors.pop()
        for cid in moves.applied:
            item = judged[cid]
            self.canonical.add(cid)
            if item.event.timestamp is not None:
                self.anchors.append((item.height or 0, item.event.timestamp))

    def turn(self, events: Iterable[Cid]) -> None:
        """Take note of when time changes something about events."""
        uses_anchors = ACCOUNT_RULES[self.rules.profile].uses_anchors
        anchored = self.stream.anchored
        for cid in events:
            grant = self.stream.judged[cid].event.grant
            if grant is not None:
                is_settled = uses_anchors and cid in anchored
                self.turns.set(cid, None if is_settled else next_turn(grant, self.rules))

    def weigh(self, items: Iterable[Judged]) -> None:
        """Count what events take."""
        self.size += sum(
            len(item.event.payload) + (0 if item.state is None else len(item.state.json)) for item in items
        )


class LiveCache:
    """Forgets streams that weren't used for longest when there get too many; one always fits in."""

    def __init__(
        self,
        max_streams: int = MAX_LIVE_STREAMS,
        max_events: int = MAX_LIVE_EVENTS,
        max_bytes: int = MAX_LIVE_BYTES,
    ) -> None:
        """Make an empty one with these limits."""
        self._max = max_streams, max_events, max_bytes
        self._streams: OrderedDict[Cid, tuple[Live, int, int]] = OrderedDict()
        self._users: dict[StreamId, set[Cid]] = {}
        self._events = self._bytes = 0

    def __len__(self) -> int:
        """Number of streams."""
        return len(self._streams)

    @property
    def events(self) -> int:
        """Number of their events."""
        return self._events

    def version_of(self, stream: Cid) -> int | None:
        """The version of the events that a stream knows, if it is there."""
        found = self._streams.get(stream)
        return None if found is None else found[0].version

    def take(self, stream: Cid) -> Live | None:
        """Take a stream out, if it is there: what is done with it may fail half way."""
        found = self._streams.pop(stream, None)
        if found is None:
            return None
        live, events, size = found
        self._events -= events
        self._bytes -= size
        for model in live.asking.models:
            users = self._users[model]
            users.discard(stream)
            if not users:
                del self._users[model]
        return live

    def put(self, stream: Cid, live: Live) -> None:
        """Put a stream in, or back."""
        events = len(live.stream.judged)
        self._streams[stream] = live, events, live.size
        self._events += events
        self._bytes += live.size
        for model in live.asking.models:
            self._users.setdefault(model, set()).add(stream)
        max_streams, max_events, max_bytes = self._max
        while len(self._streams) > 1 and (
            len(self._streams) > max_streams or self._events > max_events or self._bytes > max_bytes
        ):
            self.take(next(iter(self._streams)))

    def drop_users(self, model: StreamId) -> None:
        """Forget the streams that have asked for a model, as they have to be judged anew."""
        for stream in list(self._users.get(model, ())):
            self.take(stream)

    def clear(self) -> None:
        """Forget all."""
        self._streams.clear()
        self._users.clear()
        self._events = self._bytes = 0
