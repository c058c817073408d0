"""Tokens: their file, how they are found, and that a change of the file counts."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from aiohttp import web

from ceramic_node.http.guard.scopes import scope_of
from ceramic_node.http.guard.token_file import TokenFile
from ceramic_node.http.guard.tokens import Scope, Token, TokenBook, digest_of, new_token
from ceramic_node.operation.service import Service
from ceramic_protocol.errors import OutsideError, UsageError
from tests.node.operation.running import running

HASH = "sha256:" + "0" * 64


def book(*lines: str) -> TokenBook:
    return TokenBook.parse("\n".join(lines), "tokens")


def write(path: Path, *tokens: Token) -> None:
    """As editors do: a new file in the place of the old one."""
    partial = path.with_suffix(".new")
    partial.write_text("".join(f"{token.line}\n" for token in tokens))
    partial.chmod(0o600)
    partial.replace(path)


def test_a_token_is_found_by_its_secret_alone() -> None:
    secret, token = new_token("me", [Scope.READ], rate=5, expires=1000.0)
    other, _unknown = new_token("me", [Scope.READ])
    known = book(token.line)
    assert known.find(secret, 999.0) == token
    assert known.find(secret, 1000.0) is None
    for wrong in (
        other,
        secret[:-1],
        secret + "x",
        token.digest.hex(),
        f"sha256:{token.digest.hex()}",
        "",
        "é\udcff",
    ):
        assert known.find(wrong, 0.0) is None
    assert secret not in token.line
    assert secret not in repr(token)


def test_a_secret_has_256_random_bits() -> None:
    secrets = {new_token("me", [Scope.READ])[0] for _ in range(100)}
    assert len(secrets) == 100
    assert {len(secret) for secret in secrets} == {47}
    assert all(secret.startswith("cst_") for secret in secrets)


def test_scopes_do_not_include_each_other_but_for_admin() -> None:
    for held, allowed in (
        ({Scope.READ}, {Scope.READ}),
        ({Scope.WRITE}, {Scope.WRITE}),
        ({Scope.READ, Scope.WRITE}, {Scope.READ, Scope.WRITE}),
        ({Scope.ADMIN}, set(Scope)),
    ):
        token = new_token("me", held)[1]
        assert {scope for scope in Scope if token.allows(scope)} == allowed


def test_a_file_may_have_notes_and_options() -> None:
    known = book(
        "# ours", "", f"a read,write {HASH}", f"  b\tadmin\tsha256:{'1' * 64} expires=2030-01-01 rate=7"
    )
    assert len(known) == 2
    again = book(*(token.line for token in known.tokens))
    assert again.tokens == known.tokens


@pytest.mark.parametrize(
    "line",
    [
        "a read",
        f"a read {HASH[:-1]}",
        f"a read {HASH}0",
        f"a read {'0' * 64}",
        f"a read md5:{'0' * 64}",
        f"a rule {HASH}",
        f"a read, {HASH}",
        f"a,b read {HASH}",
        f"a read {HASH} rate=0",
        f"a read {HASH} rate=x",
        f"a read {HASH} rate=1 rate=2",
        f"a read {HASH} expires=soon",
        f"a read {HASH} colour=red",
        f"a read {HASH} rate",
        "a read cst_" + "s" * 43,
        "cst_" + "s" * 43,
    ],
)
def test_lines_that_make_no_sense_are_named_and_not_repeated(line: str) -> None:
    with pytest.raises(UsageError, match="tokens, line 2") as caught:
        book("# first", line)
    assert "s" * 43 not in str(caught.value)


def test_the_same_token_twice_is_refused() -> None:
    with pytest.raises(UsageError, match="twice"):
        book(f"a read {HASH}", f"b admin {HASH}")


def test_a_file_that_others_can_write_or_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    with pytest.raises(OutsideError):
        TokenBook.load(path)
    path.write_text(f"a read {HASH}\n")
    path.chmod(0o664)
    with pytest.raises(UsageError, match="chmod go-w"):
        TokenBook.load(path)
    path.chmod(0o644)
    assert len(TokenBook.load(path)) == 1
    path.write_text("#" * (1 << 20) + "\n")
    with pytest.raises(UsageError, match="more than"):
        TokenBook.load(path)


def test_a_change_of_the_file_counts_and_a_broken_one_does_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, (one, first), (two, second) = (
        tmp_path / "t",
        new_token("a", [Scope.READ]),
        new_token("b", [Scope.READ]),
    )
    write(path, first)
    told: list[int] = []
    file = TokenFile(path, lambda: told.append(1))
    file.check()
    assert not told
    write(path, second)
    file.check()
    assert told == [1]
    assert file.book.find(one, 0.0) is None
    assert file.book.find(two, 0.0) == second
    with caplog.at_level(logging.ERROR):
        path.write_text(two)
        file.check()
        path.unlink()
        file.check()
    assert file.book.find(two, 0.0) == second
    assert len(caplog.records) == 2
    assert two not in caplog.text
    write(path)
    file.check()
    assert len(file.book) == 0


@pytest.mark.parametrize(
    ("method", "route", "scope"),
    [
        ("GET", "/ceramic/feed/events", Scope.READ),
        ("HEAD", "/nowhere", Scope.READ),
        ("GET", "", Scope.READ),
        ("GET", "/ceramic/peers", Scope.READ),
        ("GET", "/ceramic/debug/heap", Scope.ADMIN),
        ("POST", "/ceramic/events", Scope.WRITE),
        ("POST", "", Scope.WRITE),
        ("PUT", "/v1/anything/new", Scope.WRITE),
        ("POST", "/ceramic/peers", Scope.ADMIN),
        ("POST", "/ceramic/interests/{sort_key}/{sort_value}", Scope.ADMIN),
        ("POST", "/v1/backup", Scope.ADMIN),
        ("DELETE", "/v1/peers/{id}", Scope.ADMIN),
        ("POST", "/ceramic/version", Scope.READ),
        ("PUT", "/ceramic/version", Scope.READ),
        ("POST", "/api/v0/collection", Scope.READ),
        ("POST", "/api/v0/collection/count", Scope.READ),
        ("POST", "/api/v0/multiqueries", Scope.READ),
        ("POST", "/api/v0/streams", Scope.WRITE),
        ("POST", "/health", Scope.WRITE),
        ("GET", "/health", None),
        ("HEAD", "/ready", None),
        ("OPTIONS", "/ceramic/peers", None),
    ],
)
def test_which_scope_a_request_needs(method: str, route: str, scope: Scope | None) -> None:
    assert scope_of(method, route) is scope


def test_every_route_that_is_not_only_read_has_a_scope_that_somebody_chose() -> None:
    """A new route that changes something shows up here."""
    with running() as node:
        app = node.service.app
        assert app is not None
        found = {
            (route.method, route.resource.canonical)
            for route in app.router.routes()
            if route.resource is not None and route.method not in {"GET", "HEAD", "OPTIONS"}
        }
    scopes = {path: scope_of("POST", path) for _method, path in found}
    written = {path for path, scope in scopes.items() if scope is Scope.WRITE and "{rest" not in path}
    ruled = {path for path, scope in scopes.items() if scope is Scope.ADMIN}
    assert {"/ceramic/events"} <= written
    assert ruled >= {"/ceramic/peers", "/ceramic/interests"}
    assert not [path for path in written if "peer" in path or "interest" in path or "backup" in path]


@pytest.fixture
def guarded(tmp_path: Path) -> tuple[Path, str, Token]:
    path, (secret, token) = tmp_path / "tokens", new_token("a", [Scope.READ, Scope.WRITE])
    write(path, token)
    return path, secret, token


def _bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def test_a_token_opens_and_closes_while_the_node_runs(guarded: tuple[Path, str, Token]) -> None:
    path, secret, token = guarded
    late, other = new_token("b", [Scope.READ])
    with running(tokens=str(path)) as node:
        assert node.ask_with("/ceramic/version", _bearer(secret)).status == 200
        assert node.ask_with("/ceramic/version", {"Authorization": f"bearer  {secret} "}).status == 200
        assert node.ask_with("/ceramic/version", _bearer(late)).status == 401
        write(path, token, other)
        node.do(node.service.reload)
        assert node.ask_with("/ceramic/version", _bearer(late)).status == 200
        write(path, other)
        _until(lambda: node.ask_with("/ceramic/version", _bearer(secret)).status == 401)
        assert node.ask_with("/ceramic/version", _bearer(late)).status == 200
        assert node.metrics()["ceramic_tokens"] == 1
        assert node.metrics()['ceramic_http_refused_total{code="token_invalid"}'] >= 2


@pytest.mark.parametrize("way", ["revoked", "narrowed", "expired"])
def test_what_goes_on_under_a_token_ends_with_it(tmp_path: Path, way: str) -> None:
    path = tmp_path / "tokens"
    expires = time.time() + 3 if way == "expired" else None
    secret, token = new_token("a", [Scope.READ], expires=expires)
    write(path, token)
    with running(add_endless, tokens=str(path)) as node, node.wire() as wire:
        wire.send(
            f"GET /endless HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {secret}\r\n\r\n".encode()
        )
        assert wire.sock.recv(4096).startswith(b"HTTP/1.1 200")
        if way == "revoked":
            write(path)
        if way == "narrowed":
            write(path, Token(token.name, frozenset([Scope.WRITE]), token.digest))
        assert wire.is_closed_within(10)
        _until(lambda: node.metrics()["ceramic_http_requests_under_way"] == 0)


def test_without_a_token_one_may_read_if_the_operator_says_so(guarded: tuple[Path, str, Token]) -> None:
    with running(tokens=str(guarded[0]), public_read="true") as node:
        assert node.ask("/ceramic/version").status == 200
        assert node.ask_with("/ceramic/version", _bearer("cst_wrong")).status == 401
        assert node.ask("/ceramic/events", "POST", b"{}").status == 401
        assert node.ask("/ceramic/debug/heap").status == 401


def test_pages_may_ask_whether_they_may_send_a_token(guarded: tuple[Path, str, Token]) -> None:
    headers = {"Origin": "https://app.example", "Access-Control-Request-Headers": "authorization"}
    with running(tokens=str(guarded[0])) as node:
        reply = node.ask_with("/ceramic/events", headers, "OPTIONS")
        assert reply.status == 200
        assert "Authorization" in reply.headers["Access-Control-Allow-Headers"]
        refused = node.ask_with("/ceramic/events", headers, "POST")
        assert (refused.status, refused.headers["Access-Control-Allow-Origin"]) == (401, "*")


def test_a_token_may_be_used_by_pages_of_any_origin(guarded: tuple[Path, str, Token]) -> None:
    path, secret, _token = guarded
    headers = {**_bearer(secret), "Origin": "https://app.example", "Host": "node.example"}
    with running(tokens=str(path)) as node:
        assert node.ask_with("/ceramic/events", headers, "POST", b"{}").status == 400


def add_endless(service: Service) -> None:
    """An answer that never ends."""

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        while True:
            await response.write(b": still here\n\n")
            await asyncio.sleep(0.1)

    service.before_listening = lambda app: app.router.add_get("/endless", endless)


def _until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.1)


def test_the_digest_of_any_text_can_be_made() -> None:
    assert len(digest_of("\udc80 é")) == 32


def test_names_and_scopes_of_new_tokens_are_checked() -> None:
    for name in ("", "a b", "-a", "é", "x" * 65):
        with pytest.raises(UsageError, match="name"):
            new_token(name, [Scope.READ])
    with pytest.raises(UsageError, match="scope"):
        new_token("a", [])
