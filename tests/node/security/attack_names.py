"""Browsers as helpers: names that suddenly mean this machine, and pages of others."""

from __future__ import annotations

from tests.node.operation.running import Running
from tests.node.security.attack import BOTH, Subject, answers, refused

SUBJECT = Subject("Names and pages")
_EVENTS = "/ceramic/events"


@SUBJECT.attack(
    "a page whose name now means 127.0.0.1 (DNS rebinding)", "403: the node isn't known by that name"
)
def rebinding(node: Running) -> None:
    for name in (
        "evil.example",
        "evil.example:5101",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "evil.example.",
    ):
        for method, path in (("GET", "/ceramic/feed/events"), ("POST", _EVENTS)):
            headers = {"Host": name, "Origin": f"http://{name}", "Sec-Fetch-Site": "same-origin"}
            refused(node.ask_with(path, headers, method), 403, "host_refused")
    for name in ("localhost", "LOCALHOST:1", "127.0.0.1:99", "[::1]", "a.localhost", "192.168.1.2:5101"):
        assert node.ask_with("/ready", {"Host": name}).status == 200, name


@SUBJECT.attack("no Host, two of them, or one that makes no sense", "400 or 403")
def odd_hosts(node: Running) -> None:
    for lines in (
        b"",
        b"Host: 127.0.0.1\r\nHost: evil.example\r\n",
        b"Host: 127.0.0.1\r\nHost: 127.0.0.1\r\n",
        b"Host:\r\n",
        b"Host: 127.0.0.1@evil.example\r\n",
        b"Host: evil.example#127.0.0.1\r\n",
        b"Host: 127.0.0.1, evil.example\r\n",
        b"Host: 127.0.0.1:5101:80\r\n",
        b"Host: 0x7f000001\r\n",
        b"Host: \xff\xfe\r\n",
    ):
        found = answers(node.tell(b"GET /ready HTTP/1.1\r\n" + lines + b"\r\n"))
        assert len(found) == 1, lines
        assert found[0] in {400, 403}, (lines, found)


@SUBJECT.attack("a target with another host than Host", "403")
def absolute_target(node: Running) -> None:
    for target in (
        b"http://evil.example/ready",
        b"http://127.0.0.1@evil.example/ready",
        b"//evil.example/ready",
    ):
        raw = b"GET " + target + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
        assert answers(node.tell(raw))[0] in {400, 403, 404}, target


@SUBJECT.attack("a page of another site that writes to a node without tokens", "403; nothing is written")
def cross_site(node: Running) -> None:
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "https://evil.example", "Content-Type": "text/plain"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "file://"},
        {"Origin": "https://localhost.evil.example"},
        {"Origin": "https://127.0.0.1.evil.example"},
        {"Origin": "https://evil.example/http://localhost"},
        {"Origin": "chrome-extension://abc"},
        {"Origin": "http://[::1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        for path in (_EVENTS, "/ceramic/interests", "/ceramic/peers"):
            refused(node.ask_with(path, headers, "POST", b"{}"), 403, "origin_refused")
    for headers in (
        {},
        {"Origin": "http://localhost:3000"},
        {"Origin": node.url},
        {"Sec-Fetch-Site": "none"},
    ):
        assert node.ask_with(_EVENTS, headers, "POST", b"{}").status == 400


@SUBJECT.attack(
    "the same where origins are named",
    "403 but for those that are named",
    cors_origins=["https://app.example"],
)
def named_origins(node: Running) -> None:
    refused(node.ask_with(_EVENTS, {"Origin": "https://evil.example"}, "POST"), 403, "origin_refused")
    assert node.ask_with(_EVENTS, {"Origin": "https://app.example"}, "POST", b"{}").status == 400
    reply = node.ask_with("/ceramic/version", {"Origin": "https://evil.example"})
    assert reply.headers["Access-Control-Allow-Origin"] == "https://app.example"


@SUBJECT.attack("a WebSocket from a page that may not read", "403", cors_origins=["https://app.example"])
def web_socket(node: Running) -> None:
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    headers = {**upgrade, "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==", "Origin": "https://evil.example"}
    refused(node.ask_with("/ready", headers), 403, "origin_refused")


@SUBJECT.attack(
    "a page that rides on what the browser remembers", "401: cookies and passwords mean nothing", tokens=True
)
def ambient(node: Running) -> None:
    for headers in (
        {"Cookie": f"token={BOTH}; Authorization=Bearer {BOTH}"},
        {"Authorization": "Basic dXNlcjpwYXNz"},
    ):
        assert node.ask_with(_EVENTS, headers, "POST", b"{}").status == 401


@SUBJECT.attack(
    "a page that frames the status page, or scripts in it", "refused by its Content-Security-Policy"
)
def framing(node: Running) -> None:
    policy = node.ask("/status").headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
