"""How a canonical log moved, step by step and as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ceramic_protocol.cid import Cid
from ceramic_protocol.corrections import Correction
from ceramic_protocol.history import Judged


class Moves:
    """Events that left a log, the last one first, and those that came into it, in order."""

    def __init__(self) -> None:
        self.undone: list[Cid] = []
        self.applied: list[Cid] = []

    def add(self, correction: Correction | None) -> None:
        """Go one step further."""
        if correction is None:
            return
        for cid in correction.undone:
            if self.applied and self.applied[-1] == cid:
                self.applied.pop()
            else:
                self.undone.append(cid)
        for cid in correction.applied:
            if not self.applied and self.undone and self.undone[-1] == cid:
                self.undone.pop()
            else:
                self.applied.append(cid)

    @classmethod
    def between(cls, old_tip: Cid | None, log: Sequence[Cid], judged: Mapping[Cid, Judged]) -> Moves:
        """From the log that ended in a tip to another one of the same stream."""
        made, places = cls(), {cid: place for place, cid in enumerate(log)}
        at = old_tip
        while at is not None and at not in places:
            made.undone.append(at)
            known = judged.get(at)
            at = None if known is None else known.event.prev
        made.applied += log if at is None else log[places[at] + 1 :]
        return made
