"""Requests that nobody would send who means well: no answer is a failure of ours, and none takes long."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from random import Random
from urllib.parse import quote, urlsplit

import pytest

from ceramic_protocol import multibase
from tests.node.http.making import MODEL_EVENT, NUMBERS, SIGNER, document, id_of
from tests.support.node import RunningNode, running_node

PATHS = [
    "/ceramic/config/network",
    "/ceramic/debug/heap",
    "/ceramic/events",
    "/ceramic/events/{}",
    "/ceramic/experimental/events/{}/{}",
    "/ceramic/experimental/interests",
    "/ceramic/feed/events",
    "/ceramic/feed/resumeToken",
    "/ceramic/interests",
    "/ceramic/interests/{}/{}",
    "/ceramic/peers",
    "/ceramic/streams/{}",
    "/ceramic/version",
    "/api/v0/version",
    "/api/v0/id",
    "/api/v0/collection",
    "/api/v0/collection/count",
    "/api/v0/commits/{}",
    "/api/v0/multiqueries",
    "/api/v0/node/healthcheck",
    "/api/v0/streams/{}",
    "/api/v0/streams/{}/content",
]
NAMES = [
    "limit",
    "offset",
    "resumeAt",
    "includeData",
    "controller",
    "streamId",
    "peerId",
    "addresses",
    "atTime",
]
WORDS = [
    "",
    "0",
    "-1",
    "1",
    "9" * 30,
    "full",
    "model",
    str(NUMBERS),
    str(MODEL_EVENT.cid),
    str(id_of(document(0))),
    SIGNER.did,
    "z" + "1" * 2000,
    "f" + "00" * 600,
    "m" + "A" * 4000,
    "\x00",
    "\ud800".encode("utf-16", "surrogatepass").decode("latin-1"),
    "../../etc/passwd",
    "%2e%2e%2f",
    "<script>alert(1)</script>",
    "ž🐎" * 100,
    "/ip4/1.2.3.4/tcp/99999/p2p/x",
    "/ip4/127.0.0.1/tcp/1/p2p/12D3KooWRyGSRzzEBpHbHyRkGTgCpXuoRMQgYrqk7tFQzM3AFEWp",
    "k" + "z" * 1000,
    multibase.encode(NUMBERS + b"\0", "k"),
]
BODIES = [
    b"",
    b"{}",
    b"[]",
    b"null",
    b"0",
    b'"x"',
    b'{"data":null}',
    b'{"data":["m"]}',
    b'{"data":"\\ud800"}',
    b'{"data":"' + b"m" * 100_000 + b'"}',
    b'{"data":1e999}',
    b'{"data":' + b"9" * 5000 + b"}",
    b'{"\\u017e\\n":1,"data":"m"}',
    b"{" * 10_000,
    b"[" * 100_000 + b"]" * 100_000,
    b"\xff\xfe",
    b'{"sep":"' + b"s" * 5000 + b'","sepValue":"mAA"}',
    b'{"sep":"\\u0000","sepValue":"mAA","controller":"\\u0000"}',
    b'{"first":999999999999999999999,"model":"x"}',
    b'{"queries":[{"streamId":{"a":1},"paths":{"b":2}}]}',
    b'{"queries":[{"streamId":"k1","paths":["/' + b"a/" * 400 + b'"]}]}',
]


@pytest.fixture(scope="module")
def node() -> Iterator[RunningNode]:
    with running_node() as running:
        running.submit(MODEL_EVENT.car, *(document(number).car for number in range(5)))
        yield running


@pytest.mark.parametrize("seed", range(4))
def test_no_request_is_a_failure_of_ours(node: RunningNode, seed: int) -> None:
    random = Random(seed)
    for _ in range(250):
        path = random.choice(PATHS).format(*(quote(random.choice(WORDS), safe="") for _ in range(2)))
        asked = [f"{random.choice(NAMES)}={quote(random.choice(WORDS))}" for _ in range(random.randrange(4))]
        method = random.choice(["GET", "POST", "POST", "PUT", "HEAD", "OPTIONS"])
        body = random.choice(BODIES) if method == "POST" else None
        start = time.monotonic()
        said = node.ask(method, f"{path}?{'&'.join(asked)}", body)
        assert said.status < 500, (method, path, asked, (body or b"")[:80], said.text)
        assert time.monotonic() - start < 30, (method, path, asked)
        assert "x-content-type-options" in said.headers


def test_what_is_repeated_of_a_request_is_no_page(node: RunningNode) -> None:
    for path in ("/ceramic/events/b%3Cscript%3E", "/ceramic/feed/events?includeData=%3Cscript%3E"):
        said = node.get(path)
        assert said.headers["content-type"] in {"application/json", "text/plain"}
        assert said.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /ceramic/version HTTP/1.1\r\nHost: x\r\nX-Span-ID: \xff\xfe\r\nOrigin: \xff\r\n\r\n",
        b"GET /api/v0/node/chains HTTP/1.1\r\nHost: x\r\nOrigin: \xff\xfe\r\n\r\n",
        b"GET /ceramic/events/\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /ceramic/events/%00 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET //ceramic//version HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /ceramic/feed/events?limit=%zz&%ff=%fe HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /ceramic/events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        b"POST /ceramic/events HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
    ],
)
def test_bytes_that_are_hardly_a_request(node: RunningNode, request_bytes: bytes) -> None:
    parts = urlsplit(node.url)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=60) as sock:
        sock.sendall(request_bytes)
        answer = sock.recv(4000)
    assert answer.startswith(b"HTTP/1."), answer
    assert int(answer.split()[1]) < 500, answer
    assert node.get("/ceramic/liveness").status == 200
