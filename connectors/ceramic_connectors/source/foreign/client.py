"""What a ceramic-one is asked, over its HTTP API `/ceramic` (api.md 1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from ceramic_connectors.endpoint import Endpoint
from ceramic_connectors.http_post import TooLargeError
from ceramic_connectors.source.errors import NodeRefusedError, NodeUnreachableError
from ceramic_connectors.source.foreign.asking import Asker
from ceramic_protocol.errors import IdentifierError
from ceramic_protocol.limits import (
    MAX_FOREIGN_PAGE,
    MAX_FOREIGN_SMALL_ANSWER_BYTES,
    MAX_ORIGIN_ANSWER_BYTES,
)
from ceramic_protocol.networks import Network

_TOKEN: Final = re.compile(r"[0-9]{1,19}", re.ASCII)
_LARGEST: Final = (1 << 63) - 1


class Row(NamedTuple):
    """An event as the node tells it: its CID, and its CAR in multibase if that was asked for."""

    cid: str
    data: str | None


class Rows(NamedTuple):
    """Events in the order of the feed, and the token that stands behind them."""

    rows: list[Row]
    token: int


class OneClient:
    """Asks a ceramic-one, for several threads at once.

    Every question raises `NodeUnreachableError` if it may be answered later, and `NodeRefusedError` if not.
    """

    def __init__(self, endpoint: Endpoint, token: str | None = None) -> None:
        """Ask nothing yet; `token` is a bearer token, for what may stand before the node."""
        self._asker: Final = Asker(endpoint, token)

    @property
    def name(self) -> str:
        """The node, for messages."""
        return self._asker.name

    def network(self) -> Network:
        """The network that it belongs to."""
        found = self._small("/ceramic/config/network")
        name = found.get("name")
        try:
            return Network.parse(name if isinstance(name, str) else "")
        except IdentifierError as error:
            raise NodeRefusedError(f"{self.name} names no network that is known: {error}") from None

    def next_token(self) -> int:
        """The number that it gives out next; it may be a smaller one after it was started again."""
        return self._token(self._small("/ceramic/feed/resumeToken"))

    def ids(self, token: int, limit: int) -> Rows:
        """Events from a token on without their bytes."""
        return self._rows(token, min(limit, MAX_FOREIGN_PAGE), "none")

    def events(self, token: int, limit: int) -> Rows:
        """Events from a token on with their bytes; fewer if they would be too large together."""
        count = min(limit, MAX_FOREIGN_PAGE)
        while True:
            try:
                return self._rows(token, count, "full")
            except TooLargeError:
                if count == 1:
                    limits = f"more than {MAX_ORIGIN_ANSWER_BYTES:,} bytes"
                    raise NodeRefusedError(f"{self.name} has an event behind {token} of {limits}") from None
                count //= 2

    def event(self, cid: str) -> str | None:
        """The CAR of an event in multibase; None if the node hasn't got it."""
        path = f"/ceramic/events/{quote(cid, safe='')}"
        try:
            status, body = self._asker.ask(path, MAX_ORIGIN_ANSWER_BYTES)
        except TooLargeError:
            return None
        if status in {HTTPStatus.NOT_FOUND, HTTPStatus.BAD_REQUEST}:
            return None
        data = self._asker.json_of(status, body).get("data")
        return data if isinstance(data, str) else None

    def close(self) -> None:
        """Close its connections."""
        self._asker.close()

    def _small(self, path: str) -> Mapping[str, Any]:
        return self._asker.ask_json(path, MAX_FOREIGN_SMALL_ANSWER_BYTES)

    def _rows(self, token: int, limit: int, include: str) -> Rows:
        path = f"/ceramic/feed/events?resumeAt={token}&limit={limit}&includeData={include}"
        found = self._asker.json_of(*self._asker.ask(path, MAX_ORIGIN_ANSWER_BYTES))
        events = found.get("events")
        if not isinstance(events, list):
            raise self._nonsense("no list of events")
        rows = [self._row(event) for event in events]
        after = self._token(found)
        if rows and after <= token:
            raise self._nonsense(f"token {after} behind events from {token} on")
        return Rows(rows, after)

    def _row(self, event: Any) -> Row:
        if not isinstance(event, dict):
            raise self._nonsense("an event that is no object")
        cid, data = event.get("id"), event.get("data")
        if not isinstance(cid, str) or not (data is None or isinstance(data, str)):
            raise self._nonsense("an event without id, or with data that is no text")
        return Row(cid, data)

    def _token(self, found: Mapping[str, Any]) -> int:
        token = found.get("resumeToken")
        if not isinstance(token, str) or _TOKEN.fullmatch(token) is None or int(token) > _LARGEST:
            raise self._nonsense("a token that is no number")
        return int(token)

    def _nonsense(self, what: str) -> NodeUnreachableError:
        return NodeUnreachableError(f"{self.name} can't answer now: it gives {what}")
