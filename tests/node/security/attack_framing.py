"""Requests that one server takes for one and another one for two (smuggling), and what is no HTTP."""

from __future__ import annotations

from tests.node.operation.running import Running
from tests.node.security.attack import Subject, answers, head

SUBJECT = Subject("Framing")
_SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


def _refuses(node: Running, raw: bytes, *statuses: int) -> None:
    """Answered once, with a refusal: what follows is never taken for a request."""
    before = _smuggled(node)
    found = answers(node.tell(raw))
    assert len(found) == 1, (raw[:200], found)
    assert found[0] in (statuses or (400,)), (raw[:200], found)
    assert _smuggled(node) == before


def _smuggled(node: Running) -> float:
    samples = node.metrics().items()
    return sum(
        value for name, value in samples if name.startswith("ceramic_http_requests_total") and "other" in name
    )


@SUBJECT.attack("Content-Length and Transfer-Encoding together", "400, connection closed")
def both(node: Running) -> None:
    for lines in (
        ("Content-Length: 5", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: chunked", "Content-Length: 5"),
        ("transfer-encoding: Chunked", "content-length: 0"),
    ):
        _refuses(node, head("/ready", "POST", *lines) + b"\r\n0\r\n\r\n" + _SMUGGLED)


@SUBJECT.attack("Content-Length twice", "400, connection closed")
def two_lengths(node: Running) -> None:
    for first, second in (("0", "44"), ("44", "0"), ("5", "5"), ("5, 6", "5")):
        lines = (f"Content-Length: {first}", f"Content-Length: {second}")
        _refuses(node, head("/ready", "POST", *lines) + b"\r\n" + _SMUGGLED)


@SUBJECT.attack("a Content-Length that is no number", "400, connection closed")
def odd_lengths(node: Running) -> None:
    for text in ("+5", "-1", "0x10", "1e3", "5 5", "5,5", "", "\x0b5", "9" * 40):
        _refuses(node, head("/ready", "POST", f"Content-Length: {text}") + b"\r\n" + _SMUGGLED, 400, 413)


@SUBJECT.attack("a Transfer-Encoding that only some servers take for chunked", "400, connection closed")
def odd_encodings(node: Running) -> None:
    for text in (
        "xchunked",
        "chunked, identity",
        "chunked, chunked",
        "identity, chunked2",
        "\x0bchunked",
        '"chunked"',
    ):
        lines = (f"Transfer-Encoding: {text}",)
        _refuses(node, head("/ready", "POST", *lines) + b"\r\n0\r\n\r\n" + _SMUGGLED, 400, 415)
    for line in (
        "Transfer-Encoding : chunked",
        " Transfer-Encoding: chunked",
        "Transfer-Encoding\t: chunked",
    ):
        _refuses(node, head("/ready", "POST", line) + b"\r\n0\r\n\r\n" + _SMUGGLED)


@SUBJECT.attack("chunks whose sizes make no sense", "400, connection closed")
def odd_chunks(node: Running) -> None:
    start = head("/ceramic/events", "POST", "Transfer-Encoding: chunked") + b"\r\n"
    for size in (b"-1", b"0x5", b"g", b"", b"f" * 17, b"5 5", b"+5"):
        _refuses(node, start + size + b"\r\naaaaa\r\n0\r\n\r\n" + _SMUGGLED)
    _refuses(node, start + b"2\r\naaaaa\r\n0\r\n\r\n" + _SMUGGLED)


@SUBJECT.attack("lines that end in LF or CR alone, or are folded", "400, connection closed")
def odd_lines(node: Running) -> None:
    for raw in (
        b"GET /ready HTTP/1.1\nHost: 127.0.0.1\n\n",
        b"GET /ready HTTP/1.1\rHost: 127.0.0.1\r\r",
        head() + b"X-A: b\r\n c: d\r\n\r\n",
        head() + b"X-A: b\rX-C: d\r\n\r\n",
        head() + b"X-A: b\0c\r\n\r\n",
        head() + b"X\0A: b\r\n\r\n",
        head() + b": b\r\n\r\n",
        head() + b"X A: b\r\n\r\n",
    ):
        _refuses(node, raw + _SMUGGLED)


@SUBJECT.attack("what is no request of HTTP/1.1", "400 or 403, connection closed")
def no_http(node: Running) -> None:
    for raw in (
        b"GET /ready\r\n\r\n",
        b"GET  /ready HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /ready HTTP/9.9\r\nHost: a\r\n\r\n",
        b"GET /ready FTP/1.1\r\nHost: a\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 40,
        b"\0" * 1000,
        b"{}" * 1000 + b"\r\n\r\n",
    ):
        _refuses(node, raw, 400, 403)


@SUBJECT.attack("a request behind one that was refused", "connection closed, never looked at")
def behind(node: Running) -> None:
    raw = head("/ready", "GET").replace(b"127.0.0.1", b"evil.example") + b"\r\n"
    before = _smuggled(node)
    assert answers(node.tell(raw + _SMUGGLED)) == [403]
    assert _smuggled(node) == before
