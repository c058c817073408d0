"""A node of ours as origin, over its HTTP API `/v1` (docs/node-api.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPException
from typing import Any, Final
from urllib.parse import urlencode

import orjson

from ceramic_connectors.endpoint import Endpoint
from ceramic_connectors.http_post import Poster, TooLargeError
from ceramic_connectors.source.errors import ForeignPositionError, NodeRefusedError, NodeUnreachableError
from ceramic_connectors.source.origin import About, Feed, Page, Place
from ceramic_protocol.limits import (
    MAX_ORIGIN_ANSWER_BYTES,
    ORIGIN_ANSWER_SECONDS,
    ORIGIN_WAIT_SECONDS,
)

_PATHS: Final = {Feed.EVENTS: "/v1/feed", Feed.CHANGES: "/v1/states/feed"}
_ENTRIES: Final = {Feed.EVENTS: "events", Feed.CHANGES: "changes"}
_FOREIGN: Final = frozenset({"resume_token_foreign", "resume_token_ahead"})
_LATER: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT})


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries are asked for. Values of one kind add up, those of different kinds have to fit together.

    Attributes:
        models: StreamIDs.
        streams: StreamIDs.
        controllers: DIDs.
        include: how much of an event comes along, as the node calls it.
        settled: whether events come with their verdicts, and not before these are known.
    """

    models: tuple[str, ...] = ()
    streams: tuple[str, ...] = ()
    controllers: tuple[str, ...] = ()
    include: str = "full"
    settled: bool = True

    def parameters(self, feed: Feed) -> list[tuple[str, str]]:
        """As parameters of a request."""
        found = [("model", value) for value in self.models]
        found += [("stream", value) for value in self.streams]
        found += [("controller", value) for value in self.controllers]
        if feed is Feed.CHANGES:
            return [*found, ("includeData", "state")]
        return [*found, ("includeData", self.include), *([("settled", "true")] if self.settled else [])]


class NodeOrigin:
    """See `origin.Origin`."""

    def __init__(self, endpoint: Endpoint, wanted: Wanted, token: str | None = None) -> None:
        """An origin that has asked nothing yet; `token` is a bearer token of the node."""
        self._endpoint = endpoint
        self._wanted = wanted
        self._poster = Poster(endpoint, ORIGIN_WAIT_SECONDS + ORIGIN_ANSWER_SECONDS)
        self._headers = {} if token is None else {"Authorization": f"Bearer {token}"}

    def about(self) -> About:
        """See `Origin.about`."""
        found = self._ask("/v1/info", [])
        events, changes = found["head"], found["follower"]
        ends = {
            Feed.EVENTS: Place(events["resume"], events["position"], found["epoch"]),
            Feed.CHANGES: Place(changes["resume"], changes["position"], changes["generation"]),
        }
        begins = {feed: Place(None, 0, end.counter) for feed, end in ends.items()}
        return About(found["network"], begins, ends)

    def page(self, feed: Feed, after: Place, limit: int, wait: float) -> Page:
        """See `Origin.page`."""
        asked = [*self._wanted.parameters(feed), ("limit", str(limit)), ("wait", f"{wait:g}")]
        if after.resume is not None:
            asked.append(("resume", after.resume))
        found = self._ask(_PATHS[feed], asked)
        entries = found[_ENTRIES[feed]]
        position = entries[-1]["position"] if entries else after.position
        return Page(entries, Place(found["resume"], position, after.counter), found["is_end"])

    def place_before(self, moment: int) -> str:
        """Behind which place the feed has the events that came at or after a time, in unix milliseconds."""
        asked = [("since", str(moment)), ("limit", "1"), ("includeData", "none")]
        found = self._ask(_PATHS[Feed.EVENTS], asked)
        resume: str = found["resume"]
        entries = found[_ENTRIES[Feed.EVENTS]]
        if not entries:
            return resume
        position = entries[0]["position"]
        return f"{resume.removesuffix(str(position))}{position - 1}"

    def states(
        self, model: str, resume: str | None, limit: int
    ) -> tuple[Sequence[Mapping[str, Any]], str | None]:
        """See `Origin.states`."""
        return self._streams([("model", model), ("includeData", "state")], resume, limit)

    def tips(self, resume: str | None, limit: int) -> tuple[Sequence[Mapping[str, Any]], str | None]:
        """A page of all streams with their tips now (`StreamItem`), and what to go on with."""
        return self._streams([("includeData", "none")], resume, limit)

    def lag(self) -> int:
        """How many changes of streams the states are behind the events."""
        found: int = self._ask("/v1/info", [])["follower"]["lag"]
        return found

    def close(self) -> None:
        """See `Origin.close`."""
        self._poster.close()

    def _streams(
        self, asked: Sequence[tuple[str, str]], resume: str | None, limit: int
    ) -> tuple[Sequence[Mapping[str, Any]], str | None]:
        place = [] if resume is None else [("resume", resume)]
        found = self._ask("/v1/streams", [*asked, ("limit", str(limit)), *place])
        return found["streams"], None if found["is_end"] else found["resume"]

    def _ask(self, path: str, parameters: Sequence[tuple[str, str]]) -> Any:
        target = self._endpoint.target.rstrip("/") + path
        if parameters:
            target += f"?{urlencode(parameters)}"
        try:
            status, body = self._poster.ask("GET", target, None, self._headers, MAX_ORIGIN_ANSWER_BYTES)
        except TooLargeError:
            raise NodeRefusedError(
                f"{self._name} answers with over {MAX_ORIGIN_ANSWER_BYTES:,} bytes; take a smaller --batch"
            ) from None
        except (OSError, HTTPException) as error:
            told = str(error) or type(error).__name__
            raise NodeUnreachableError(f"{self._name} doesn't answer: {told}") from error
        return self._answer(status, body)

    def _answer(self, status: int, body: bytes) -> Any:
        try:
            found = orjson.loads(body)
        except orjson.JSONDecodeError:
            found = None
        if status == HTTPStatus.OK and isinstance(found, dict):
            return found
        code, detail = _problem(found)
        if code in _FOREIGN:
            raise ForeignPositionError(
                f"{self._name} isn't the one that was read before, or was set up or restored anew: its"
                " positions are others. Give the source another --name to read all of it"
            )
        if status == HTTPStatus.OK or status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _LATER:
            raise NodeUnreachableError(f"{self._name} can't answer now: {detail or status}")
        raise NodeRefusedError(f"{self._name} refuses: {self._endpoint.clean(detail) or status}")

    @property
    def _name(self) -> str:
        return f"the node at {self._endpoint.name}"


def _problem(found: Any) -> tuple[str, str]:
    if not isinstance(found, dict):
        return "", ""
    return str(found.get("code", "")), str(found.get("detail") or found.get("title") or "")
