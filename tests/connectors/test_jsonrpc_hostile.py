from __future__ import annotations

import itertools
import json
import socket
import time
from contextlib import closing
from pathlib import Path

import pytest

from ceramic_connectors.bounded_socket import BoundedSocket
from ceramic_connectors.jsonrpc import AnswerTooLargeError, JsonRpcClient
from ceramic_protocol.errors import OutsideError
from ceramic_protocol.limits import RPC_ATTEMPTS
from tests.support import tls
from tests.support.web import Answer, Exchange, client, closed_port, echo, serving

KEY = "0123456789abcdef"
TIMEOUT, PATIENCE = 1.0, 60.0
"""Seconds that we wait for slow answers, and by which we must have given up: those answers take longer."""
OK = b"HTTP/1.1 200 OK\r\n"


def refusal(answer: Answer, timeout: float = 30.0) -> tuple[str, int]:
    """What a call raises, and how often the endpoint was asked. No message betrays the key."""
    with serving(answer) as web:
        secret = web.url.replace("://", f"://me:{KEY}@") + f"/v3/{KEY}?key={KEY}"
        with client(secret, timeout) as rpc, pytest.raises(OutsideError) as caught:
            rpc.call("eth_chainId")
        assert str(caught.value).startswith((web.url, f"can't talk to {web.url}"))
        assert KEY not in f"{caught.value} {caught.value!r} {vars(caught.value)} {rpc!r}"
        assert caught.value.__suppress_context__ or caught.value.__context__ is None
        return str(caught.value).replace(web.url, "NODE"), len(web.bodies)


def busy_then(busy: Answer, times: int) -> Answer:
    turns = itertools.count()
    return lambda exchange: busy(exchange) if next(turns) < times else echo(exchange)


BUSY: dict[str, Answer] = {
    "503": lambda exchange: exchange.reply(503, b"<html>"),
    "429": lambda exchange: exchange.reply(429, b'{"id":1,"error":{"code":-1,"message":"slow down"}}'),
    "limit exceeded": lambda exchange: exchange.rpc(error={"code": -32005, "message": "limit exceeded"}),
    "429 inside": lambda exchange: exchange.rpc(error={"code": 429, "message": "slow down"}),
    "no answer": lambda exchange: exchange.raw(b""),
    "half an answer": lambda exchange: exchange.raw(OK, b"Transfer-Encoding: chunked\r\n\r\nff\r\n{"),
}


@pytest.mark.parametrize("kind", BUSY)
def test_busy_endpoints_are_asked_again(kind: str) -> None:
    with serving(busy_then(BUSY[kind], RPC_ATTEMPTS - 1)) as web, client(web.url) as rpc:
        assert rpc.call("m", [1]) == [1]
        assert len(web.bodies) == RPC_ATTEMPTS
    assert refusal(BUSY[kind])[1] == RPC_ATTEMPTS


def test_waits_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    with closing(JsonRpcClient(closed_port(), backoff=0.25)) as rpc, pytest.raises(OutsideError):
        rpc.call("m")
    assert waits == [0.25 * 2**number for number in range(RPC_ATTEMPTS - 1)]


def test_what_busy_endpoints_say() -> None:
    assert refusal(BUSY["503"])[0] == "NODE answers with HTTP 503; try again later"
    assert refusal(BUSY["limit exceeded"])[0] == "NODE answers with error -32005: 'limit exceeded'"
    assert refusal(BUSY["no answer"])[0] == "can't talk to NODE: RemoteDisconnected"


@pytest.mark.parametrize("status", [200, 400])
def test_errors_are_told_once_and_without_the_key(status: int) -> None:
    def complain(exchange: Exchange) -> None:
        error = {"code": -32000, "message": f"the key {KEY} is for\nanother chain", "data": "0x"}
        exchange.reply(status, json.dumps({"id": json.loads(exchange.body)["id"], "error": error}).encode())

    assert refusal(complain) == (
        "NODE answers with error -32000: 'the key *** is for\\nanother chain'",
        1,
    )


def test_errors_of_questions_that_were_not_understood() -> None:
    answer = b'{"id":null,"error":{"code":-32700}}'
    assert refusal(lambda exchange: exchange.reply(200, answer)) == (
        "NODE answers with error -32700: ''",
        1,
    )


def test_credentials_that_are_repeated() -> None:
    def repeat(exchange: Exchange) -> None:
        exchange.reply(200, exchange.headers["Authorization"].encode())

    assert refusal(repeat)[0] == "NODE doesn't speak JSON-RPC: HTTP 200, 'Basic ***'"


def page(body: str, status: int = 200) -> tuple[Answer, str]:
    """Something that isn't JSON-RPC, and what is said about it."""
    what = "doesn't speak JSON-RPC" if status < 400 else "refuses to answer"
    return (lambda exchange: exchange.reply(status, body.encode())), f"NODE {what}: HTTP {status}, {body!r}"


NONSENSE: dict[str, tuple[Answer, str]] = {
    "unauthorized": (
        lambda exchange: exchange.reply(401, f"no key {KEY}".encode()),
        "NODE refuses to answer: HTTP 401, 'no key ***'",
    ),
    "a page": page("<html>"),
    "a long refusal": (
        lambda exchange: exchange.reply(403, b"x" * 9_000_000),
        f"NODE refuses to answer: HTTP 403, '{'x' * 200}'",
    ),
    "nothing": page("", 204),
    "a list": page("[]"),
    "half a body": (
        lambda exchange: exchange.raw(OK, b'Content-Length: 99\r\n\r\n{"id":'),
        "NODE doesn't speak JSON-RPC: HTTP 200, '{\"id\":'",
    ),
    "neither": page('{"id":1}'),
    "another question's": page('{"id":2,"result":1}'),
    "nobody's": page('{"id":null,"result":1}'),
    "both": page('{"id":1,"result":1,"error":"x"}'),
    "a refusal with a result": page('{"id":1,"result":1}', 400),
    "no error": page('{"id":1,"error":"x"}'),
    "no code": page('{"id":1,"error":{"code":"x"}}'),
    "not even text": (
        lambda exchange: exchange.reply(200, b"\xff\0"),
        "NODE doesn't speak JSON-RPC: HTTP 200, '\ufffd\\x00'",
    ),
    "depth": (
        lambda exchange: exchange.reply(200, b"[" * 100_000),
        f"NODE doesn't speak JSON-RPC: HTTP 200, '{'[' * 200}'",
    ),
    "another protocol": (
        lambda exchange: exchange.raw(b"220 smtp.host ESMTP\r\n"),
        "NODE doesn't speak HTTP: BadStatusLine",
    ),
    "many headers": (
        lambda exchange: exchange.raw(OK, b"a: b\r\n" * 1000),
        "NODE doesn't speak HTTP: HTTPException",
    ),
    "chunks of less than nothing": (
        lambda exchange: exchange.raw(OK, b"Transfer-Encoding: chunked\r\n\r\n-5\r\n"),
        "NODE doesn't speak HTTP: HTTPException",
    ),
}


@pytest.mark.parametrize("kind", NONSENSE)
def test_nonsense(kind: str) -> None:
    answer, message = NONSENSE[kind]
    assert refusal(answer) == (message, 1)


def test_redirections_are_not_followed() -> None:
    with serving(echo) as elsewhere:
        said = refusal(lambda exchange: exchange.reply(307, Location=f"{elsewhere.url}/{KEY}"))
        assert said == ("NODE redirects (HTTP 307), which isn't followed; name the new address", 1)
        assert not elsewhere.bodies


def endless(*start: bytes, piece: bytes, pause: float = 0.0) -> Answer:
    return lambda exchange: exchange.raw(*start, *itertools.repeat(piece, 100_000), pause=pause)


@pytest.mark.parametrize(
    "answer",
    [
        endless(OK, b"\r\n", piece=b"x" * 65536),
        endless(OK, b"Content-Length: 999999999999999\r\n\r\n", piece=b"x" * 65536),
        endless(OK, b"Transfer-Encoding: chunked\r\n\r\n", piece=b"10000\r\n" + b"x" * 65536 + b"\r\n"),
        endless(OK, b"Transfer-Encoding: chunked\r\n\r\n-1\r\n", piece=b"x" * 65536),
        endless(piece=b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
    ],
    ids=["until the end", "length", "chunks", "a chunk of -1", "continue"],
)
def test_endless_answers(answer: Answer) -> None:
    message, asked = refusal(answer, timeout=60)
    expected = "NODE answers with more than 8388608 bytes", "NODE doesn't speak HTTP: HTTPException"
    assert (message in expected, asked) == (True, 1), message


def test_each_operation_ends_by_the_deadline() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        bounds = BoundedSocket(ours)
        bounds.start(time.monotonic() + 5, 100)
        bounds.sendall(b"x")
        timeout = ours.gettimeout()
        assert timeout is not None
        assert 0 < timeout <= 5
        bounds.start(time.monotonic() - 1, 100)
        with pytest.raises(TimeoutError):
            bounds.sendall(b"x")
        with bounds.makefile("rb") as file, pytest.raises(TimeoutError):
            file.read(1)


def test_an_answer_of_the_size_that_was_asked_for() -> None:
    with serving(echo) as web, client(web.url) as rpc:
        whole = len(json.dumps({"jsonrpc": "2.0", "id": 1, "result": ["x"]}))
        assert rpc.call("m", ["x"], max_bytes=whole) == ["x"]
        with pytest.raises(AnswerTooLargeError):
            rpc.call("m", ["xx"], max_bytes=whole)
        assert rpc.call("m", ["x"]) == ["x"]


@pytest.mark.parametrize(
    "answer",
    [
        lambda exchange: exchange.web.stopped.wait(2 * PATIENCE),
        endless(piece=b"H", pause=0.05),
        endless(OK, piece=b"a", pause=0.05),
        endless(OK, b"Content-Length: 1000\r\n\r\n", piece=b" ", pause=0.05),
        endless(OK, b"Transfer-Encoding: chunked\r\n\r\n", piece=b"1\r\n \r\n", pause=0.05),
    ],
    ids=["silence", "status", "headers", "body", "chunks"],
)
def test_slow_answers(answer: Answer) -> None:
    begin = time.monotonic()
    message, asked = refusal(answer, TIMEOUT)
    assert message == f"NODE doesn't answer within {TIMEOUT:g} s"
    assert asked <= 1, "a slow machine may not even have read the question by then"
    assert time.monotonic() - begin < PATIENCE


def test_slow_answers_over_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, context = tls.server(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with (
        serving(endless(OK, b"\r\n", piece=b" ", pause=0.05), context) as web,
        client(web.url, TIMEOUT) as rpc,
    ):
        begin = time.monotonic()
        with pytest.raises(OutsideError, match="doesn't answer within 1 s"):
            rpc.call("m")
        assert time.monotonic() - begin < PATIENCE
