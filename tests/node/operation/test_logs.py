"""The log: one line each, with the request it belongs to, and without secrets."""

from __future__ import annotations

import asyncio
import io
import itertools
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from ceramic_connectors.config.values import LogFormat, LogLevel
from ceramic_connectors.watching.logs import REQUEST_ID, fields, start_logging, stop_logging
from ceramic_connectors.watching.secrets import Censor
from ceramic_node.http.guard.tickets import Tickets
from ceramic_node.http.guard.tokens import Scope, new_token
from ceramic_node.http.keys import NODE
from ceramic_node.operation.service import Service
from ceramic_protocol.errors import StoreCorruption
from ceramic_protocol.limits import MAX_LOGGED_CHARS
from tests.node.operation.running import running

TOKEN = new_token("a", [Scope.READ])[0]
TICKET = Tickets().issue(None)
KEY = "0123456789abcdef0123456789abcdef"
RPC = f"https://me:passw0rd9@rpc.example/v3/{KEY}?apikey=other-secret"
LOG = logging.getLogger("ceramic_node.test")


def fail(message: str) -> None:
    """Log an exception with that message."""
    try:
        int(message)
    except ValueError as error:
        LOG.exception("it failed", exc_info=ValueError(f"{message}: {type(error)}"))


@contextmanager
def logged(form: LogFormat = LogFormat.JSON, level: LogLevel = LogLevel.INFO) -> Iterator[io.StringIO]:
    text = io.StringIO()
    handler = start_logging(form, level, Censor([RPC], ["hush-hush"]), text)
    try:
        yield text
    finally:
        stop_logging(handler)


@pytest.mark.parametrize("form", list(LogFormat))
@pytest.mark.parametrize(
    ("said", "secret"),
    [
        (f"can't ask {RPC}", KEY),
        (f"can't ask {RPC}", "passw0rd9"),
        (f"can't ask {RPC}", "other-secret"),
        (f"path /v3/{KEY} failed", KEY),
        (f"a ticket {TICKET} in words", TICKET),
        ("a word: hush-hush!", "hush-hush"),
        (f"Authorization: Bearer {TOKEN}", TOKEN),
        (f"header {{'authorization': 'Bearer {'x' * 30}'}}", "x" * 30),
        (f"the token {TOKEN} is wrong", TOKEN),
        (f"Basic {'dXNlcjpwYXNzd29yZA=='}", "dXNlcjpwYXNzd29yZA"),
        ("https://node.example/feed?access_token=abcdefg&x=1", "abcdefg"),
        ("https://node.example/feed?API_KEY=abcdefg", "abcdefg"),
        ("postgres://bob:secretpw@db/x", "secretpw"),
        (f"private key: 0x{'ab' * 32}", "ab" * 32),
        (f'{{"secret": "{"ab" * 32}"}}', "ab" * 32),
        (f"seed={'ab' * 32}", "ab" * 32),
        ("-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\n-----END PRIVATE KEY-----", "MIGHAgEAMBMG"),
    ],
    # The token is another one in every process, and names of tests have to be the same in all of them.
    ids=itertools.count(),
)
def test_secrets_do_not_stand_in_it(form: LogFormat, said: str, secret: str) -> None:
    with logged(form) as text:
        LOG.warning(said)
        LOG.warning("said: %s", said)
        LOG.warning("with fields", extra=fields(value=said))
        fail(said)
    assert secret not in text.getvalue()
    assert "***" in text.getvalue()


def test_what_is_no_secret_stays() -> None:
    said = "stream kjzl6hvfrbw6c5ykyyjq0v80od0nhdimprq7j2pccg1l100ktiiqcc01ddka001 by did:key:z6Mkq at http://localhost:8545/x"
    with logged() as text:
        LOG.warning(said)
    assert json.loads(text.getvalue())["message"] == said


@given(st.text(max_size=200), st.text(max_size=50))
def test_each_event_is_one_line(message: str, value: str) -> None:
    with logged() as text:
        LOG.info("%s", message, extra=fields(value=value, number=3, level="mine"))
    (line,) = text.getvalue().splitlines()
    found = json.loads(line)
    assert (found["number"], found["level"]) == (3, "info")
    with logged(LogFormat.TEXT) as text:
        LOG.info("%s", message, extra=fields(value=value))
    assert len(text.getvalue().rstrip("\n").split("\n")) == 1


def test_lines_have_bounds() -> None:
    with logged() as text:
        LOG.warning("a" * 10_000_000, extra=fields(value="b" * 10_000_000))
        fail("c" * 10_000_000)
    assert all(len(line) < 12 * MAX_LOGGED_CHARS for line in text.getvalue().splitlines())


def test_a_line_has_time_level_logger_and_request() -> None:
    with logged() as text:
        token = REQUEST_ID.set("abc")
        LOG.error("oh %s %d", *["no"])  # too few arguments: logged all the same
        REQUEST_ID.reset(token)
        LOG.debug("too little")
    found = json.loads(text.getvalue())
    assert found["time"].endswith("Z")
    del found["time"]
    assert found == {
        "level": "error",
        "logger": "ceramic_node.test",
        "message": "oh %s %d",
        "request_id": "abc",
    }


def test_a_trace_is_indented_so_that_nobody_can_make_up_a_line() -> None:
    with logged(LogFormat.TEXT) as text:
        fail("one\n2026-01-01T00:00:00.000Z ERROR made up")
    first, *rest = text.getvalue().rstrip("\n").split("\n")
    assert "it failed" in first
    assert rest
    assert all(line.startswith("    ") for line in rest)


def test_others_are_heard_from_warnings_on() -> None:
    with logged(level=LogLevel.DEBUG) as text:
        logging.getLogger("asyncio").info("chatter")
        logging.getLogger("aiohttp.server").warning("trouble")
        logging.getLogger("ceramic_connectors.x").debug("ours")
    assert [json.loads(line)["message"] for line in text.getvalue().splitlines()] == ["trouble", "ours"]


def test_requests_are_logged_by_their_route_and_failures_with_their_id() -> None:
    def add(app: web.Application) -> None:
        async def fail(request: web.Request) -> web.Response:
            raise RuntimeError(f"of {request.headers['Authorization']}")

        app.router.add_get("/fail", fail)

    def prepare(service: Service) -> None:
        service.before_listening = add

    with logged(level=LogLevel.DEBUG) as text, running(prepare) as node:
        node.ask(f"/ceramic/streams/{TOKEN}?token={TOKEN}")
        reply = node.ask("/fail", Authorization=f"Bearer {TOKEN}", X_Request_ID="my-request")
        assert (reply.status, reply.code) == (500, "internal")
        assert reply.headers["X-Request-ID"] == "my-request"
        assert b"RuntimeError" not in reply.body
        failed = node.metrics()['ceramic_http_failures_total{route="/fail"}']
        assert failed == 1
        assert node.ask("/health").status == 200
    lines = [json.loads(line) for line in text.getvalue().splitlines()]
    (failure,) = (line for line in lines if line["message"] == "a request failed")
    assert failure["request_id"] == "my-request"
    assert "RuntimeError" in failure["trace"]
    requests = [line["route"] for line in lines if line["message"] == "request"]
    assert requests[:2] == ["/ceramic/streams/{stream_id}", "/fail"]
    assert TOKEN not in text.getvalue()


def test_a_broken_store_ends_the_node() -> None:
    def add(app: web.Application) -> None:
        async def fail(request: web.Request) -> web.Response:
            del request
            raise StoreCorruption("page 7")

        app.router.add_get("/fail", fail)

    def prepare(service: Service) -> None:
        service.before_listening = add

    with running(prepare) as node:
        assert node.ask("/fail").status == 500
        assert node.call(_ended(node.service))
        assert node.service.broken is not None


@pytest.mark.parametrize("path", ["/v1/feed", "/ceramic/feed/events"])
def test_a_store_that_breaks_under_any_api_ends_the_node(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object, **_named: object) -> NoReturn:
        raise StoreCorruption("page 7")

    with running() as node:
        assert node.service.app is not None
        monkeypatch.setattr(node.service.app[NODE].events, "feed", fail)
        assert node.ask(path).status == 500
        assert node.call(_ended(node.service))
        failed = node.metrics()
        assert [name for name in failed if name.startswith("ceramic_http_failures_total{")]


async def _ended(service: Service) -> bool:
    await asyncio.wait_for(service.ended.wait(), 5)
    return True
