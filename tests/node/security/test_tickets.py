"""Tickets: what browsers give in place of a token, which they can't send."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ceramic_node.http.guard.tickets import TICKET_ROUTES, Tickets
from ceramic_node.http.guard.tokens import Scope, new_token
from ceramic_node.http.v1.operations import OPERATIONS
from ceramic_protocol.limits import MAX_TOKEN_TICKETS, TICKET_SECONDS
from tests.node.operation.running import Running, running

FEED = "/v1/feed/stream"


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[tuple[Running, str, Path]]:
    """A node with a token that reads, and the file of its tokens."""
    secret, token = new_token("page", [Scope.READ])
    path = tmp_path / "tokens"
    path.write_text(token.line)
    path.chmod(0o600)
    with running(tokens=str(path)) as node:
        yield node, secret, path


def ticket_of(node: Running, secret: str) -> str:
    said = node.ask("/v1/tickets", "POST", Authorization=f"Bearer {secret}")
    assert (said.status, said.headers["Cache-Control"]) == (200, "no-store")
    assert said.value["seconds"] == TICKET_SECONDS
    ticket: str = said.value["ticket"]
    return ticket


def test_it_opens_a_feed_once(guarded: tuple[Running, str, Path]) -> None:
    node, secret, _path = guarded
    assert node.ask(f"{FEED}?seconds=0").status == 401
    for path in (FEED, "/v1/states/feed/stream"):
        ticket = ticket_of(node, secret)
        said = node.ask(f"{path}?seconds=0&ticket={ticket}")
        assert (said.status, said.headers["Content-Type"]) == (200, "text/event-stream")
        again = node.ask(f"{path}?seconds=0&ticket={ticket}")
        assert (again.status, again.code) == (401, "ticket_invalid")


def test_it_opens_nothing_else(guarded: tuple[Running, str, Path]) -> None:
    node, secret, _path = guarded
    ticket = ticket_of(node, secret)
    for path in ("/v1/feed", "/v1/info", "/ceramic/feed/events", "/status.json", "/v1/tickets"):
        assert node.ask(f"{path}?ticket={ticket}").status == 401, path
        assert node.ask(f"{path}?ticket={ticket}", "POST").status == 401, path
    assert node.ask(f"{FEED}?seconds=0&ticket=cstt_{'a' * 43}").code == "ticket_invalid"
    assert node.ask(f"{FEED}?seconds=0&ticket={ticket}").status == 200


def test_who_has_no_token_gets_none(guarded: tuple[Running, str, Path], tmp_path: Path) -> None:
    node, _secret, _path = guarded
    assert node.ask("/v1/tickets", "POST").status == 401
    writer, token = new_token("writer", [Scope.WRITE])
    other = tmp_path / "others"
    other.write_text(token.line)
    other.chmod(0o600)
    with running(tokens=str(other)) as second:
        assert second.ask("/v1/tickets", "POST", Authorization=f"Bearer {writer}").status == 403


def test_it_ends_with_its_token(guarded: tuple[Running, str, Path]) -> None:
    node, secret, path = guarded
    first, second = ticket_of(node, secret), ticket_of(node, secret)
    host, port = node.address
    with closing(http.client.HTTPConnection(host, port, timeout=60)) as connection:
        connection.request("GET", f"{FEED}?ticket={first}")
        answer = connection.getresponse()
        assert answer.status == 200
        path.write_text("")
        node.do(node.service.reload)
        with pytest.raises(http.client.IncompleteRead):
            answer.read()
    said = node.ask(f"{FEED}?seconds=0&ticket={second}")
    assert (said.status, said.code) == (401, "ticket_invalid")


def test_a_node_without_tokens_gives_and_takes_them_too() -> None:
    with running() as node:
        ticket = node.ask("/v1/tickets", "POST").value["ticket"]
        assert node.ask(f"{FEED}?seconds=0&ticket={ticket}").status == 200


def test_it_is_in_no_log(guarded: tuple[Running, str, Path], caplog: pytest.LogCaptureFixture) -> None:
    node, secret, _path = guarded
    caplog.set_level(0)
    ticket = ticket_of(node, secret)
    assert node.ask(f"{FEED}?seconds=0&ticket={ticket}").status == 200
    assert node.ask(f"{FEED}?seconds=0&ticket={ticket}").status == 401
    assert ticket not in caplog.text


def test_all_feeds_that_are_followed_take_them(guarded: tuple[Running, str, Path]) -> None:
    node, secret, _path = guarded
    endless = {f"/v1{operation.path}" for operation in OPERATIONS if operation.is_endless}
    assert endless == TICKET_ROUTES
    for route in endless:
        said = node.ask(f"{route}?seconds=0&ticket={ticket_of(node, secret)}")
        assert said.status == (426 if route.endswith("ws") else 200), route


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_they_are_few_and_do_not_last() -> None:
    clock, one, two = Clock(), *(new_token(name, [Scope.READ])[1] for name in "ab")
    tickets = Tickets(clock)
    kept = tickets.issue(two)
    many = [tickets.issue(one) for _ in range(MAX_TOKEN_TICKETS + 1)]
    assert len(tickets) == MAX_TOKEN_TICKETS + 1
    assert tickets.redeem(many[0]) is None, "the oldest has made room"
    assert tickets.redeem(many[1]) == (one,)
    assert tickets.redeem(many[1]) is None
    clock.now = TICKET_SECONDS - 1
    assert tickets.redeem(kept) == (two,)
    clock.now = TICKET_SECONDS
    assert tickets.redeem(many[2]) is None
    fresh = tickets.issue(None)
    assert len(tickets) == 1, "what is too old is forgotten"
    assert tickets.redeem(fresh) == (None,)
    assert len(tickets) == 0
