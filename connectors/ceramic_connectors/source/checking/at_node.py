"""Is the node there, does it let us in, and does it take the filters?"""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Final

from ceramic_connectors.endpoint import Endpoint
from ceramic_connectors.kafka.passwords import read_password
from ceramic_connectors.source.checking.asking import (
    Answer,
    NoEntryError,
    RefusedError,
    Service,
    UnreachableError,
)
from ceramic_connectors.source.checking.at_foreign import check_feed, network_of, version_of
from ceramic_connectors.source.checking.findings import Finding, Side, failed, tried
from ceramic_connectors.source.choices import Writes
from ceramic_connectors.source.config import SourceConfig
from ceramic_protocol.errors import CeramicError

_INFO: Final = "/v1/info"
_FEEDS: Final = {Writes.EVENTS: ("/v1/feed",), Writes.STATES: ("/v1/states/feed",)}
_OUT: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_SCOPE: Final = "scope_missing"


class NodeCheck:
    """Checks of a node.

    Attributes:
        network: of the node, once it has told.
    """

    def __init__(self, config: SourceConfig) -> None:
        """Ask nothing yet."""
        self.network: str | None = None
        self._config = config

    def findings(self) -> Iterator[Finding]:
        """Whether it is there, lets us in, and has the feeds."""
        try:
            service = self._service()
        except CeramicError as error:
            yield failed(Side.NODE, "token", error)
            return
        try:
            answer = service.ask(_INFO)
        except CeramicError as error:
            yield failed(Side.NODE, "reachable", error)
            return
        if answer.status == HTTPStatus.NOT_FOUND and (version := version_of(service)) is not None:
            yield from self._foreign(service, version)
            return
        reachable = tried(Side.NODE, "reachable", lambda: self._told(service, answer))
        yield reachable
        if reachable.error is not None:
            return
        token = tried(Side.NODE, "token", lambda: self._let_in(service, answer))
        yield token
        if token.error is None:
            yield tried(Side.NODE, "feeds", lambda: self._feeds(service))

    def _foreign(self, service: Service, version: str) -> Iterator[Finding]:
        """A ceramic-one: from events alone, or with a node of the source's own."""

        def told() -> str:
            self.network = network_of(service)
            return f"{service.name} is ceramic-one {version} on {self.network}"

        reachable = tried(Side.NODE, "reachable", told)
        yield reachable
        if reachable.error is None:
            yield tried(Side.NODE, "feeds", lambda: check_feed(service))

    def _service(self) -> Service:
        place = self._config.node_token
        token = "" if place is None else read_password(place, "the node's token (--node-token)")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return Service(Endpoint.parse(self._config.source), "--source", headers)

    def _told(self, service: Service, answer: Answer) -> str:
        if answer.status in _OUT and isinstance(answer.value, dict) and "code" in answer.value:
            return f"{service.name} answers, and asks who we are"
        found = answer.value
        try:
            network, position = found["network"], found["head"]["position"]
            version, lag = found["version"], found["follower"]["lag"]
        except (TypeError, KeyError):
            raise UnreachableError(
                f"{service.name} answers {answer.status} to GET {_INFO}, not as a node of ceramic-streams"
                " does; check --source (other nodes have no /v1)"
            ) from None
        self.network = str(network)
        behind = f", states {lag} changes behind" if lag else ""
        return f"{service.name} is ceramic-streams {version} on {network}, at position {position}{behind}"

    def _let_in(self, service: Service, answer: Answer) -> str:
        place = self._config.node_token
        if answer.status not in _OUT:
            return "none is needed" if place is None else "accepted"
        if answer.value["code"] == _SCOPE:
            raise NoEntryError(
                f"{service.name} knows the token, but it lacks the scope read; make one with"
                " `ceramic-streams node token new --scope read`"
            )
        if answer.status == HTTPStatus.FORBIDDEN:
            raise NoEntryError(f"{service.name} refuses: {answer.said}")
        if place is None:
            raise NoEntryError(f"{service.name} wants a token: give --node-token file:PATH or env:NAME")
        raise NoEntryError(
            f"{service.name} doesn't know the token at {place}, or it has expired: make a new one with"
            " `ceramic-streams node token new` there"
        )

    def _feeds(self, service: Service) -> str:
        config = self._config
        asked = [("limit", "1"), *(("model", value) for value in config.model)]
        asked += [("stream", value) for value in config.stream]
        asked += [("controller", value) for value in config.controller]
        paths = _FEEDS.get(config.write) or tuple(path for found in _FEEDS.values() for path in found)
        for path in paths:
            answer = service.ask(path, asked)
            if answer.status != HTTPStatus.OK:
                said = answer.said or "no reason is told"
                raise RefusedError(f"{service.name} answers {answer.status} to GET {path}: {said}")
        return f"{' and '.join(paths)} can be read{' with these filters' if len(asked) > 1 else ''}"
