"""Bodies that are hard to read, and what is to be done with them."""

from __future__ import annotations

import contextlib
import json
import socket

from ceramic_protocol import multibase, varint
from tests.node.operation.running import Running
from tests.node.security.attack import Subject
from tests.support import signing

SUBJECT = Subject("Content")
_EVENTS = "/ceramic/events"
_ME = signing.ed25519(1)
_INIT = signing.init(_ME, {"a": 1})


def _post(node: Running, body: bytes, path: str = _EVENTS) -> int:
    return node.ask(path, "POST", body).status


def _car(node: Running, car: bytes) -> int:
    return _post(node, json.dumps({"data": multibase.encode(car, "m")}).encode())


@SUBJECT.attack("JSON nested a hundred thousand times", "400")
def deep_json(node: Running) -> None:
    for path in (_EVENTS, "/ceramic/interests", "/api/v0/multiqueries"):
        for opening, closing in ((b"[", b"]"), (b'{"data":', b"}")):
            assert _post(node, opening * 100_000 + b"1" + closing * 100_000, path) == 400
            assert _post(node, opening * 100_000, path) == 400
        assert _post(node, b'{"data":' + b"[" * 100_000 + b"]" * 100_000 + b"}", path) == 400


@SUBJECT.attack("JSON with numbers of a million digits", "400")
def giant_numbers(node: Running) -> None:
    for number in (
        b"9" * 1_000_000,
        b"1e" + b"9" * 1_000_000,
        b"0." + b"0" * 1_000_000 + b"1",
        b"-" + b"9" * 100_000,
    ):
        assert _post(node, b'{"data":' + number + b"}") == 400
        assert _post(node, number) == 400


@SUBJECT.attack("JSON with a member twice", "400")
def duplicates(node: Running) -> None:
    car = multibase.encode(_INIT.car, "m")
    assert _post(node, f'{{"data":"{car}","data":"mAAAA"}}'.encode()) == 400
    assert _post(node, f'{{"data":"mAAAA","d\\u0061ta":"{car}"}}'.encode()) == 400


@SUBJECT.attack("what is no JSON, or no UTF-8", "400")
def odd_json(node: Running) -> None:
    for body in (
        b"",
        b"\0",
        b"\xff\xfe{}",
        b'\xef\xbb\xbf{"data":"m"}',
        b'{"data":"\xff"}',
        b'{"data":"\\ud800"}',
        b'{"data":NaN}',
        b"{'data':1}",
        b'{"data":"m"}x',
        b"data=m",
        b'{"__proto__":{},"constructor":1}',
        b"null",
        b"[]",
        b'"m"',
    ):
        assert _post(node, body) == 400, body


@SUBJECT.attack("a CAR with lengths, headers and roots that make no sense", "400")
def odd_cars(node: Running) -> None:
    car = _INIT.car
    header_end = 1 + car[0]
    for data in (
        b"",
        b"\0" * 100,
        b"\xff" * 100,
        b"\xff\xff\xff\xff\xff\xff\xff\xff\x7f" + car,
        varint.encode(1 << 40) + car,
        car[:header_end],
        car[:-1],
        car + b"\x05",
        car + b"\0" * 1000,
        car[:header_end] + b"\x01\x71" + car[header_end:],
        b"\x0a\xa1\x67version\x01" + car[header_end:],
    ):
        assert _car(node, data) == 400, data[:40].hex()


@SUBJECT.attack("a CAR in a CAR, and blocks that lead to themselves", "400")
def recursive_cars(node: Running) -> None:
    nested = _INIT.car
    for _ in range(8):
        nested = signing.plain({"data": nested, "header": {}}).car
    assert _car(node, nested) == 400
    cid, block = _INIT.blocks[-1]
    # A root whose bytes are another block's: if it were followed by name, it would lead back to itself.
    looped = _INIT.with_blocks([(found, block) for found, _bytes in _INIT.blocks])
    assert _car(node, looped) == 400
    many = _INIT.with_blocks([*_INIT.blocks, *([(cid, block)] * 200)])
    assert _car(node, many) == 400


@SUBJECT.attack("an event nested a hundred thousand times", "400")
def deep_cars(node: Running) -> None:
    cid, block = _INIT.blocks[0]
    for data in (
        b"\x81" * 100_000 + b"\0",
        b"\xa1\x61a" * 60_000 + b"\0",
        b"\x9b" + b"\xff" * 8,
        b"\xbb" + b"\xff" * 8,
    ):
        assert _car(node, _INIT.with_blocks([(cid, data), *_INIT.blocks[1:]])) == 400
    del block


@SUBJECT.attack("peers at addresses inside the network (SSRF)", "not dialled")
def ssrf(node: Running) -> None:
    peer = "12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.5)
        port = listener.getsockname()[1]
        for address in (
            f"/ip4/127.0.0.1/tcp/{port}/p2p/{peer}",
            f"/ip4/127.0.0.1/tcp/{port}/http/p2p/{peer}",
            f"/ip6/::1/tcp/{port}/p2p/{peer}",
            f"/ip6/::ffff:127.0.0.1/tcp/{port}/p2p/{peer}",
            f"/dns4/localhost/tcp/{port}/p2p/{peer}",
            f"/dnsaddr/localhost/p2p/{peer}",
            f"/unix/%2fvar%2frun%2fdocker.sock/p2p/{peer}",
            f"/ip4/169.254.169.254/tcp/80/p2p/{peer}",
            f"/ip4/0.0.0.0/tcp/{port}/p2p/{peer}",
            "http://169.254.169.254/latest/meta-data",
            "/" * 10_000,
        ):
            reply = node.ask_with(f"/ceramic/peers?addresses={address}", {}, "POST")
            assert reply.status >= 400, (address, reply)
            assert b"169.254" not in reply.body or reply.status == 400
        with contextlib.suppress(TimeoutError):
            listener.accept()
            raise AssertionError("the node has dialled")
    assert node.ask("/ceramic/peers").value == {"peers": []}


@SUBJECT.attack("line ends in what is repeated or logged", "never repeated; one line each in the log")
def injection(node: Running) -> None:
    for name in ("X-Request-ID", "X-Span-ID"):
        for value in ("a b", "<script>", "a" * 1000, "\xff"):
            raw = node.ask_with("/ready", {name: value})
            assert raw.headers["X-Request-ID"] != value
    reply = node.ask("/ceramic/streams/%0d%0aSet-Cookie:a=b")
    assert "Set-Cookie" not in reply.headers
    assert node.ask("/ready", X_Request_ID="abc-1.2_3").headers["X-Request-ID"] == "abc-1.2_3"


@SUBJECT.attack("a thousand paths that don't exist, to fill the metrics", "counted as one: `other`")
def many_paths(node: Running) -> None:
    before = len(node.metrics())
    for number in range(200):
        node.ask(f"/nowhere/{number}")
        node.ask(f"/ceramic/nowhere/{number}")
        node.ask(f"/ceramic/streams/k{number}", f"X{number}" if number < 20 else "GET")
    assert len(node.metrics()) < before + 200
