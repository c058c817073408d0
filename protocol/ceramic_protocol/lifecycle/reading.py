"""States of streams: one as it is or was, and pages of those that fit a filter."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from ceramic_protocol.audit import state_at_commit, state_at_time
from ceramic_protocol.errors import UsageError
from ceramic_protocol.ids import CommitId, StreamId
from ceramic_protocol.lifecycle.looking import Looker
from ceramic_protocol.lifecycle.state import StateAt, state_at_tip
from ceramic_protocol.lifecycle.updating import tip_in
from ceramic_protocol.stored import StreamFilter


class Page(NamedTuple):
    """Some of the streams that fit a filter. `end` is where the next page begins; None after the last one."""

    states: tuple[StateAt, ...]
    end: int | None


def state_of(looker: Looker, what: StreamId | CommitId, as_of: datetime | None = None) -> StateAt:
    """A stream at its tip, at one of its events, or at a time.

    Raises:
        StreamUnknown: it has no valid init event.
        IdentifierError: it is of another type, or has no such event.
        UsageError: the event is rejected or pending; both an event and a time are given, or a time without
            zone.
    """
    stream = what.stream if isinstance(what, CommitId) else what
    look = looker.look(stream.cid)
    history = look.live.history()
    found = history.judged[tip_in(history, stream)]
    if isinstance(what, CommitId):
        if as_of is not None:
            raise UsageError("a CommitID names an event: give a StreamID to ask for a time")
        found = state_at_commit(history, what.cid)
    elif as_of is not None:
        if as_of.tzinfo is None:
            raise UsageError("a time needs a zone: datetime.now(UTC), not datetime.now()")
        found = state_at_time(history, int(as_of.timestamp())) or found
    return StateAt(found, look.version, history)


def page_of(looker: Looker, wanted: StreamFilter, after: int, limit: int) -> Page:
    """The states of streams that fit, in the order in which they came; those without a tip are left out.

    Args:
        looker: looks at them.
        wanted: which ones.
        after: `end` of the page before, or 0.
        limit: how many streams to look at, from 1 to `MAX_STORE_PAGE`.
    """
    entries = looker.store.find(wanted, after, limit)
    states, moment = [], looker.now()
    for entry in entries:
        look = looker.look(entry.facts.stream, moment)
        state = state_at_tip(look.live.history(), look.version)
        if state is not None:
            states.append(state)
    return Page(tuple(states), entries[-1].position if len(entries) == limit else None)


def states_of(looker: Looker, wanted: StreamFilter, page: int) -> Iterator[StateAt]:
    """The states of all streams that fit, with so many of them at a time in memory."""
    after: int | None = 0
    while after is not None:
        states, after = page_of(looker, wanted, after, page)
        yield from states
