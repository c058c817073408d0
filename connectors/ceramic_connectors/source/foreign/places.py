"""Places in the feed of a ceramic-one that are safe to go on from.

Numbers that no event has got yet may be told twice, with a start of the node between. A number that an event
has stays that event's. So a place is the number behind an event and the CID of that event; by the latter a
store shows itself that was restored and has given the number to another one.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Final, NamedTuple, Self

from ceramic_connectors.source.errors import ForeignPositionError
from ceramic_connectors.source.foreign.client import OneClient, Row, Rows
from ceramic_connectors.source.origin import Place
from ceramic_protocol.limits import MAX_FOREIGN_PAGE

_TEXT: Final = re.compile(r"([0-9]{1,19})/([0-9A-Za-z-]{1,200})", re.ASCII)
_CID: Final = re.compile(r"[0-9A-Za-z]{1,200}", re.ASCII)
_FIRST_BACK: Final = 1
_WIDER: Final = 16
_WAY_OUT: Final = "Give the source another --name to read all of it"


class After(NamedTuple):
    """Behind an event: the token there, and by what the event is known (`mark_of`)."""

    token: int
    mark: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """What `str` has made.

        Raises:
            ForeignPositionError: it is no place of a ceramic-one.
        """
        found = _TEXT.fullmatch(text)
        if found is None:
            raise ForeignPositionError(f"the position isn't one of a ceramic-one. {_WAY_OUT}")
        return cls(int(found[1]), found[2])

    @classmethod
    def behind(cls, rows: Rows) -> Self:
        """Behind a page that has events."""
        return cls(rows.token, mark_of(rows.rows[-1]))

    def __str__(self) -> str:
        return f"{self.token}/{self.mark}"


def mark_of(row: Row) -> str:
    """By what an event is known: the CID that the node names, or a hash of what it names that can be none."""
    if _CID.fullmatch(row.cid) is not None:
        return row.cid
    return f"sha256-{sha256(row.cid.encode('utf-8', 'surrogatepass')).hexdigest()}"


def first_mark(client: OneClient) -> str:
    """By what the very first event is known, which tells stores apart; empty while there is none."""
    rows = client.ids(0, 1).rows
    return mark_of(rows[0]) if rows else ""


def end_of(client: OneClient) -> After | None:
    """Behind the last event that is there; None without any.

    The number that the node gives out next may lie far behind it, and is no safe place.
    """
    end, back = client.next_token(), _FIRST_BACK
    found = client.ids(max(0, end - back), MAX_FOREIGN_PAGE)
    while not found.rows and back < end:
        back *= _WIDER
        found = client.ids(max(0, end - back), MAX_FOREIGN_PAGE)
    last: After | None = None
    while found.rows:
        last = After.behind(found)
        if last.token >= end:
            break  # what comes now needn't be run after
        found = client.ids(last.token, MAX_FOREIGN_PAGE)
    return last


def check_place(client: OneClient, place: Place) -> None:
    """See to it that the node's store is the one that a place is of.

    Raises:
        ForeignPositionError: it isn't.
    """
    after = None if place.resume is None else After.parse(place.resume)
    if place.counter and first_mark(client) != place.counter:
        raise ForeignPositionError(f"{client.name} has another store than the one that was read. {_WAY_OUT}")
    if after is None:
        return
    if after.token > client.next_token():
        raise ForeignPositionError(
            f"{client.name} has fewer events than were read: its store was restored or set up anew."
            f" {_WAY_OUT}"
        )
    _check_event(client, after)


def follow(client: OneClient, after: After | None, limit: int) -> Rows:
    """The events behind a place, or the first ones.

    Raises:
        ForeignPositionError: there are some, and they don't follow the event that the place is of.
    """
    rows = client.events(0 if after is None else after.token, limit)
    if rows.rows and after is not None:
        # A node that was started again with another store needn't have been missed.
        _check_event(client, after)
    return rows


def _check_event(client: OneClient, after: After) -> None:
    rows = client.ids(after.token - 1, 1).rows
    if not rows or mark_of(rows[0]) != after.mark:
        raise ForeignPositionError(
            f"{client.name} has another event than {after.mark} where that was read: its store was restored"
            f" or set up anew. {_WAY_OUT}"
        )
