"""When the passing of time alone may change a verdict: as capabilities begin and run out."""

from __future__ import annotations

from heapq import heappop, heappush

from ceramic_protocol.accounts.access import expires_at
from ceramic_protocol.accounts.grant import Grant
from ceramic_protocol.cid import Cid
from ceramic_protocol.rules import Rules

_SECOND = 1000


def next_turn(grant: Grant, rules: Rules) -> int | None:
    """The next unix millisecond at which a signature under a grant may be judged otherwise than now.

    The moments are those of `access.check_moment`, and of the writers of a stream, who give no skew.
    """
    moments = []
    skew = rules.skew * _SECOND
    if grant.not_before is not None:
        moments.append(grant.not_before - skew)
    limit = expires_at(grant, rules.terms)
    if limit is not None:
        moments += (limit + 1, limit + skew + 1)
    return min((moment for moment in moments if moment > rules.at), default=None)


class Turns:
    """The events of one stream by the time of their next turn."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, Cid]] = []
        self._moments: dict[Cid, int] = {}

    def set(self, event: Cid, moment: int | None) -> None:
        """Note the next turn of an event, or that it has none."""
        if moment is None:
            self._moments.pop(event, None)
        elif self._moments.get(event) != moment:
            self._moments[event] = moment
            heappush(self._heap, (moment, event))

    def take(self, at: int) -> list[Cid]:
        """The events whose turn has come by a unix millisecond; they have none from now on."""
        found = []
        while self._heap and self._heap[0][0] <= at:
            moment, event = heappop(self._heap)
            if self._moments.get(event) == moment:
                del self._moments[event]
                found.append(event)
        return found

    @property
    def next(self) -> int | None:
        """The time of the first turn of all."""
        while self._heap and self._moments.get(self._heap[0][1]) != self._heap[0][0]:
            heappop(self._heap)
        return self._heap[0][0] if self._heap else None
