"""What becomes of events that are handed to a node."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from ceramic_protocol.cid import Cid
from ceramic_protocol.reasons import Finding
from ceramic_protocol.stored import PutOutcome


class Submitted(NamedTuple):
    """What became of one event.

    `cid` is None for bytes that are no event. `outcome` is None if nothing was kept, and then `finding` says
    why, or `is_unwanted` that no interest covers it; else `finding` is None or says why the event's own
    checks are pending.
    """

    cid: Cid | None
    outcome: PutOutcome | None
    finding: Finding | None
    is_unwanted: bool = False


class MissingPrev(NamedTuple):
    """What an event builds on and the node has not got: its stream's init event, or its prev."""

    cid: Cid
    missing: Cid
    is_init: bool


Answer: TypeAlias = Submitted | MissingPrev
