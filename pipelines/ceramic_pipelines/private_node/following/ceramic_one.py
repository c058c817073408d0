"""A ceramic-one that is followed page by page; its places show whether its store is still the same."""

from __future__ import annotations

import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Final

from ceramic_connectors.endpoint import Endpoint
from ceramic_connectors.event_text import maybe_cid
from ceramic_connectors.source import origin
from ceramic_connectors.source.errors import ForeignPositionError, NodeUnreachableError
from ceramic_connectors.source.foreign.client import OneClient, Row, Rows
from ceramic_connectors.source.foreign.places import After, check_place, first_mark, follow
from ceramic_connectors.source.foreign.threads import later
from ceramic_pipelines.private_node.following.port import Parcel, Place, Tell
from ceramic_protocol import multibase
from ceramic_protocol.errors import CeramicError, IdentifierError
from ceramic_protocol.limits import (
    FOREIGN_POLL_SECONDS,
    MAX_DAMAGE_BYTES,
    MAX_INTAKE_BATCH,
    ORIGIN_WAIT_SECONDS,
)
from ceramic_protocol.plain_text import plain
from ceramic_protocol.ports import Damage, RawEvent, SourceItem
from ceramic_protocol.reasons import Reason

_BEGINNING: Final = origin.Place(None, 0, "")
_MAX_SAID_CHARS: Final = 200


@dataclass(frozen=True, slots=True)
class CeramicOne:
    """See `port.Followable`.

    Attributes:
        url: its address.
        token: for what may stand before it.
    """

    url: str
    token: str | None = field(default=None, repr=False)
    name: str = field(default="the ceramic-one", init=False)

    def open(self, place: Place | None, tell: Tell) -> FollowedOne:
        """See `Followable.open`."""
        return FollowedOne(OneClient(Endpoint.parse(self.url), self.token), _read(place), tell)


class FollowedOne:
    """See `port.Followed`. While a page is handed in the next one is asked for."""

    def __init__(self, client: OneClient, place: origin.Place, tell: Tell) -> None:
        self._client: Final = client
        self._tell: Final = tell
        self._place = place
        self._ahead: Future[Rows] | None = None
        self._checked: float | None = None

    def next(self) -> Parcel:
        """See `Followed.next`."""
        try:
            rows = self._next()
            if rows.rows:
                return self._parcel(rows)
        except ForeignPositionError:
            self._begin_anew()
            return Parcel((), None, is_end=False)
        except NodeUnreachableError:
            # When it answers again it may be another one.
            self._checked = self._ahead = None
            raise
        time.sleep(FOREIGN_POLL_SECONDS)
        return Parcel((), self.place, is_end=True)

    @property
    def place(self) -> Place | None:
        """Behind what was read."""
        resume, _position, counter = self._place
        return None if resume is None else [resume, counter]

    def close(self) -> None:
        """See `Followed.close`."""
        self._client.close()

    def _next(self) -> Rows:
        """The next page, which may have been asked for while the last one was handed in."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            found = ahead.result()
            if found.rows:
                return found
        # A store that was restored may have given a number to another event, and tell nothing behind it.
        if self._checked is None or time.monotonic() > self._checked + ORIGIN_WAIT_SECONDS:
            check_place(self._client, self._place)
            self._checked = time.monotonic()
        after = None if self._place.resume is None else After.parse(self._place.resume)
        return follow(self._client, after, MAX_INTAKE_BATCH)

    def _parcel(self, rows: Rows) -> Parcel:
        behind = After.behind(rows)
        counter = self._place.counter or first_mark(self._client)
        if len(rows.rows) == MAX_INTAKE_BATCH:
            self._ahead = later(lambda: follow(self._client, behind, MAX_INTAKE_BATCH), "read-ahead")
        self._place = origin.Place(str(behind), behind.token, counter)
        items = [_item(row, self._client.name, rows.token) for row in rows.rows]
        return Parcel(items, self.place, is_end=False)

    def _begin_anew(self) -> None:
        self._tell(
            "the ceramic-one has another store than before, or was restored: all of it is read again, and"
            " what is known isn't written again"
        )
        self._place, self._ahead, self._checked = _BEGINNING, None, None


def _item(row: Row, source: str, token: int) -> SourceItem:
    try:
        return RawEvent(multibase.decode(row.data or ""), maybe_cid(row.cid), source, token)
    except IdentifierError as error:
        raw = (row.data or "").encode("utf-8", "surrogatepass")
        said = "the node tells no bytes" if row.data is None else str(error)
        detail = f"{plain(row.cid, _MAX_SAID_CHARS)}: {said}"
        cid = maybe_cid(row.cid)
        return Damage(detail, source, token, len(raw), raw[:MAX_DAMAGE_BYTES], Reason.CAR_MALFORMED, cid)


def _read(place: Place | None) -> origin.Place:
    try:
        resume, counter = place or ()
        return origin.Place(str(resume), After.parse(resume).token, str(counter))
    except (ValueError, TypeError, CeramicError):
        return _BEGINNING
