"""Too much, and too slowly."""

from __future__ import annotations

import contextlib
import gzip
import select
import socket
import time
import zlib
from collections.abc import Sequence

from ceramic_protocol.limits import MAX_HEADER_BYTES
from tests.node.operation.running import Running, Wire
from tests.node.security.attack import Subject, answers, head, refused
from tests.support.waiting import PATIENCE_SECONDS, wait_until

SUBJECT = Subject("Size and time")
_EVENTS = "/ceramic/events"


def refusals(wires: Sequence[Wire], enough: int) -> int:
    """How many connections were told 503; waits for so many."""
    waiting, told = {wire.sock for wire in wires}, 0
    until = time.monotonic() + PATIENCE_SECONDS
    while waiting and told < enough and time.monotonic() < until:
        for sock in select.select(list(waiting), [], [], 1.0)[0]:
            waiting.remove(sock)
            with contextlib.suppress(ConnectionResetError):
                told += sock.recv(4096).startswith(b"HTTP/1.1 503")
    return told


@SUBJECT.attack(
    "a body that says it is too large", "413 before it is read, connection closed", max_body="64KiB"
)
def large_by_head(node: Running) -> None:
    raw = node.tell(head(_EVENTS, "POST", "Content-Length: 1000000000000") + b"\r\n")
    assert answers(raw) == [413]
    assert b"body_too_large" in raw


@SUBJECT.attack("a chunked body without an end", "413 at the limit, connection closed", max_body="64KiB")
def endless_chunks(node: Running) -> None:
    chunk = b"1000\r\n" + b"a" * 0x1000 + b"\r\n"
    with node.wire() as wire:
        wire.send(head(_EVENTS, "POST", "Transfer-Encoding: chunked") + b"\r\n")
        until = time.monotonic() + 60
        while wire.send(chunk):
            assert time.monotonic() < until
    raw = node.tell(head(_EVENTS, "POST", "Transfer-Encoding: chunked") + b"\r\n" + chunk * 17)
    assert answers(raw) == [413]


@SUBJECT.attack(
    "many large bodies at once",
    "503 beyond what all bodies may take together",
    max_body="1MiB",
    max_bodies="2MiB",
)
def many_bodies(node: Running) -> None:
    with contextlib.ExitStack() as stack:
        wires = [stack.enter_context(node.wire()) for _ in range(8)]
        for wire in wires:
            wire.send(head(_EVENTS, "POST", "Content-Length: 1000000") + b"\r\n" + b"a" * 900_000)
        wait_until(lambda: node.metrics()["ceramic_http_bodies_bytes"])
        assert refusals(wires, 5) >= 5
        assert 0 < node.metrics()["ceramic_http_bodies_bytes"] <= 2 * 1024 * 1024


@SUBJECT.attack("a target of 100 kB", "431, connection closed")
def long_target(node: Running) -> None:
    assert answers(node.tell(head("/" + "a" * 100_000) + b"\r\n")) == [431]


@SUBJECT.attack("a header of 100 kB", "431, connection closed")
def long_header(node: Running) -> None:
    assert answers(node.tell(head("/ready", "GET", "X-Long: " + "a" * 100_000) + b"\r\n")) == [431]
    fits = head("/ready", "GET", "X-Fits: " + "a" * (MAX_HEADER_BYTES - 200), "Connection: close")
    assert answers(node.tell(fits + b"\r\n")) == [200]


@SUBJECT.attack("a thousand headers", "400, connection closed")
def many_headers(node: Running) -> None:
    lines = [f"X-{number}: 1" for number in range(1000)]
    assert answers(node.tell(head("/ready", "GET", *lines) + b"\r\n")) == [400]


@SUBJECT.attack(
    "half a head, a byte now and then (slowloris)",
    "closed after `idle_seconds`",
    idle_seconds="0.5",
    body_seconds="0.5",
)
def slow_head(node: Running) -> None:
    with node.wire() as wire:
        start = time.monotonic()
        for letter in head("/ready"):
            if not wire.send(bytes([letter])):
                break
            time.sleep(0.1)
            wire.sock.settimeout(0.01)
            with contextlib.suppress(TimeoutError, ConnectionResetError):
                if not wire.sock.recv(1):
                    break
        assert time.monotonic() - start < 30


@SUBJECT.attack(
    "a connection that says nothing", "closed after `idle_seconds`", idle_seconds="0.5", body_seconds="0.5"
)
def silence(node: Running) -> None:
    with node.wire() as wire:
        assert wire.is_closed_within(20)


@SUBJECT.attack(
    "a connection that is kept after a request",
    "closed after `idle_seconds`",
    idle_seconds="0.5",
    body_seconds="0.5",
)
def kept(node: Running) -> None:
    with node.wire() as wire:
        wire.send(head() + b"\r\n")
        assert wire.is_closed_within(20)


@SUBJECT.attack(
    "a body, a byte now and then",
    "408 after `body_seconds`, connection closed",
    idle_seconds="0.5",
    body_seconds="0.5",
)
def slow_body(node: Running) -> None:
    with node.wire() as wire:
        wire.send(head(_EVENTS, "POST", "Content-Length: 100") + b"\r\n")
        for _ in range(30):
            if not wire.send(b"a"):
                break
            time.sleep(0.1)
        assert b" 408 " in wire.rest()[:20]


@SUBJECT.attack("more connections than there may be", "503 to those; others go on", max_connections="20")
def connections(node: Running) -> None:
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(node.wire())
        wires = [stack.enter_context(node.wire()) for _ in range(40)]
        assert refusals(wires, 20) >= 20
        first.send(head("/ready", "GET", "Connection: close") + b"\r\n")
        assert answers(first.rest()) == [200]


@SUBJECT.attack(
    "more connections from one address than it may have",
    "503 to those",
    max_address_connections="5",
    limit_loopback="true",
)
def address_connections(node: Running) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(5):
            stack.enter_context(node.wire())
        wait_until(lambda: answers(node.tell(head() + b"\r\n")) == [503])
    wait_until(lambda: node.ask("/ready").status == 200)


@SUBJECT.attack("thousands of requests at once on one connection", "answered in turn; few wait in memory")
def pipelining(node: Running) -> None:
    many = (head("/ready") + b"\r\n") * 2000
    with node.wire() as wire:
        sent = 0
        wire.sock.settimeout(1)
        with contextlib.suppress(TimeoutError, ConnectionResetError, BrokenPipeError):
            while sent < 100:
                wire.sock.sendall(many)
                sent += 1
        # The node reads no faster than it answers: it doesn't take 10 MB of requests.
        assert sent < 100
    assert node.ask("/ready").status == 200


@SUBJECT.attack("requests for large answers, none of which is read", "closed after half a minute")
def unread(node: Running) -> None:
    # The half minute is shortened: what takes part of an answer every time is let go on.
    def shorten() -> None:
        assert node.service.connections is not None
        node.service.connections.limits.answer_seconds = 0.3
        node.service.connections.limits.answer_rate = 100_000

    node.do(shorten)
    before = node.metrics().get('ceramic_http_refused_total{code="answer_too_slow"}', 0)
    with node.wire() as wire:
        wire.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        wire.sock.settimeout(1)
        with contextlib.suppress(TimeoutError, ConnectionResetError, BrokenPipeError):
            for _ in range(2000):
                wire.sock.sendall((head("/status") + b"\r\n") * 100)
        slow = 'ceramic_http_refused_total{code="answer_too_slow"}'
        wait_until(lambda: node.metrics().get(slow, 0) > before)


@SUBJECT.attack("a small compressed body that becomes a large one", "415: compressed bodies aren't taken")
def bombs(node: Running) -> None:
    zeros = b"\0" * (8 << 20)
    for name, data in (
        ("gzip", gzip.compress(zeros)),
        ("deflate", zlib.compress(zeros)),
        ("br", b"\x8b\x03\x80"),
        ("zstd", b"(\xb5/\xfd"),
        ("gzip, gzip", gzip.compress(gzip.compress(zeros))),
        ("x-unknown", b"a"),
    ):
        refused(node.ask_with(_EVENTS, {"Content-Encoding": name}, "POST", data), 415, "encoding_refused")


@SUBJECT.attack("the same hidden in Transfer-Encoding", "501, connection closed")
def transfer_bombs(node: Running) -> None:
    body = b"a\r\n" + gzip.compress(b"")[:10] + b"\r\n0\r\n\r\n"
    raw = node.tell(head(_EVENTS, "POST", "Transfer-Encoding: gzip, chunked") + b"\r\n" + body)
    assert answers(raw) == [501]


@SUBJECT.attack(
    "more requests a second than one address may send",
    "429 with Retry-After",
    address_rate="5",
    limit_loopback="true",
)
def address_rate(node: Running) -> None:
    replies = [node.ask("/ready") for _ in range(30)]
    assert {reply.status for reply in replies} == {200, 429}
    late = replies[-1]
    refused(late, 429, "too_many_requests")
    assert int(late.headers["Retry-After"]) >= 1
