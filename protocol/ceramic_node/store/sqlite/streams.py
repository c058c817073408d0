"""What the rows of `init` say of streams, remembered: it never changes."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Mapping
from itertools import chain
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from ceramic_node.short_keys import number_list, short_key
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import StoreCorruption
from ceramic_protocol.event_ids import MODEL_SEPARATOR
from ceramic_protocol.ids import StreamId
from ceramic_protocol.limits import MAX_CACHED_STREAM_FACTS
from ceramic_protocol.stored import StreamFacts

FACTS: Final = (
    "stream.cid, init.type, model.name, controller.name, init.sep, init.uniq, init.context, init.model,"
    " init.controller"
)
"""Columns of `facts_of`, from `FACTS_FROM`."""

_WITH_FACTS: Final = (
    "CROSS JOIN init ON init.position = stream.begun LEFT JOIN model ON model.id = init.model"
    " LEFT JOIN controller ON controller.id = init.controller"
)
FACTS_FROM: Final = f"stream {_WITH_FACTS}"
_BY_NUMBER: Final = (
    f"SELECT stream.id, {FACTS} FROM json_each(?) AS wanted"
    f" CROSS JOIN stream ON stream.id = wanted.value {_WITH_FACTS}"
)
_ROWS: Final = (
    "SELECT stream.cid, stream.id, stream.version, stream.begun FROM json_each(?) AS wanted"
    " CROSS JOIN stream ON stream.{} = wanted.value"
)
_BY_KEY, _BY_ID = _ROWS.format("key"), _ROWS.format("id")


NO_NUMBERS: Final[Mapping[Cid, int]] = MappingProxyType({})
"""Where no stream's number is known."""


class StreamRow(NamedTuple):
    """A row of `stream`: its number, its version, and the position of its init event if that is there."""

    number: int
    version: int
    begun: int | None


class Home(NamedTuple):
    """What events take over from their stream.

    Attributes:
        stream: its CID.
        facts: what its init event fixes.
        model: number of its model, if it has one.
        controller: number of its controller, if it has one.
    """

    stream: Cid
    facts: StreamFacts
    model: int | None
    controller: int | None


def rows_of(
    db: sqlite3.Connection, streams: Collection[Cid], numbers: Mapping[Cid, int] = NO_NUMBERS
) -> dict[Cid, StreamRow]:
    """The rows of streams, for as many as have one.

    Args:
        db: the store.
        streams: CIDs of their init events.
        numbers: of streams whose numbers are known, as these needn't be looked up by their CIDs.
    """
    known = {numbers[cid] for cid in streams if cid in numbers}
    keys = {short_key(cid) for cid in streams if cid not in numbers}
    asked = ((_BY_ID, known), (_BY_KEY, keys))
    rows = chain.from_iterable(db.execute(rows, (number_list(some),)) for rows, some in asked if some)
    return {Cid(cid): StreamRow(*row) for cid, *row in rows if cid in streams}


class Homes:
    """Streams by number; remembers those that it has seen. For several threads."""

    def __init__(self) -> None:
        self._known: dict[int, Home] = {}

    def of(self, db: sqlite3.Connection, numbers: Iterable[int]) -> dict[int, Home]:
        """Those with these numbers.

        Raises:
            StoreCorruption: one of them isn't there, or has no init event.
        """
        wanted = set(numbers)
        known = self._known
        found = {number: known[number] for number in wanted if number in known}
        missing = wanted - found.keys()
        if missing:
            for number, *row in db.execute(_BY_NUMBER, (number_list(missing),)):
                found[number] = _home(row)
            if len(found) != len(wanted):
                raise StoreCorruption(f"{len(wanted) - len(found)} streams of events have no init event")
            self.remember(found)
        return found

    def remember(self, homes: dict[int, Home]) -> None:
        """Keep streams in mind that are in the store for good."""
        # Threads that do this at once lose what one of them has found, nothing else.
        if len(self._known) + len(homes) > MAX_CACHED_STREAM_FACTS:
            self._known = {}
        self._known.update(homes)


def _home(row: list[Any]) -> Home:
    *columns, model, controller = row
    facts = facts_of(columns)
    return Home(facts.stream, facts, model, controller)


def facts_of(columns: Collection[Any]) -> StreamFacts:
    """The facts in the first seven of the columns `FACTS`."""
    cid, number, model, controller, sep, unique, context = columns
    return StreamFacts(
        StreamId.of(number, Cid(cid)),
        controller or "",
        None if model is None else StreamId(model),
        MODEL_SEPARATOR if sep is None else sep,
        unique,
        context,
    )
