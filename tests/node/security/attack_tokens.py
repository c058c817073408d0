"""Doing what one has no token for."""

from __future__ import annotations

from hashlib import sha256

from tests.node.operation.running import Running
from tests.node.security.attack import ADMIN, BOTH, READ, WRITE, Subject, answers, head, refused

SUBJECT = Subject("Tokens and paths")
_EVENTS = "/ceramic/events"


def _bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


@SUBJECT.attack("writing, reading or ruling without a token", "401", tokens=True)
def without(node: Running) -> None:
    for method, path in (
        ("POST", _EVENTS),
        ("POST", "/ceramic/interests"),
        ("POST", "/ceramic/peers?addresses=/ip4/1.1.1.1"),
        ("GET", "/ceramic/feed/events"),
        ("GET", "/status.json"),
        ("GET", "/nowhere"),
        ("PUT", "/nowhere"),
        ("DELETE", _EVENTS),
        ("PATCH", "/"),
        ("POST", "/ready"),
    ):
        refused(node.ask_with(path, {}, method, b"{}"), 401, "token_missing")
    for path in ("/health", "/ready", "/status", "/ceramic/liveness"):
        assert node.ask(path).status == 200


@SUBJECT.attack(
    "tokens that are guessed, cut, expired, revoked, or not where they belong", "401", tokens=True
)
def wrong(node: Running) -> None:
    digest = sha256(BOTH.encode()).hexdigest()
    for given in (
        "Bearer",
        "Bearer ",
        "Bearer cst_" + "x" * 43,
        f"Bearer {BOTH[:-1]}",
        f"Bearer {BOTH}x",
        f"Bearer {BOTH.upper()}",
        f"Bearer {digest}",
        f"Bearer sha256:{digest}",
        f"Bearer {'e' * 47}",
        f"Bearer cst_{'e' * 43}",
        "Bearer " + "x" * 7000,
        f"Basic {BOTH}",
        BOTH,
        f"Bearer {BOTH}, Bearer {BOTH}",
        "Bearer \xff\xfe",
    ):
        reply = node.ask_with(_EVENTS, {"Authorization": given}, "POST", b"{}")
        refused(reply, 401, "token_invalid")
        assert reply.headers["WWW-Authenticate"].startswith("Bearer ")
        assert BOTH not in reply.body.decode()
    assert node.ask_with(f"{_EVENTS}?access_token={BOTH}", {}, "POST", b"{}").status == 401
    twice = head(
        _EVENTS, "POST", f"Authorization: Bearer {BOTH}", "Authorization: Bearer x", "Content-Length: 0"
    )
    assert answers(node.tell(twice + b"\r\n")) == [401]


@SUBJECT.attack("more than a token's scopes allow", "403, with the scope that is lacking", tokens=True)
def scopes(node: Running) -> None:
    for secret, method, path, lacking in (
        (READ, "POST", _EVENTS, "write"),
        (WRITE, "GET", "/ceramic/feed/events", "read"),
        (BOTH, "POST", "/ceramic/peers?addresses=/ip4/1.1.1.1", "admin"),
        (BOTH, "POST", "/ceramic/interests", "admin"),
        (BOTH, "GET", "/ceramic/debug/heap", "admin"),
    ):
        reply = node.ask_with(path, _bearer(secret), method, b"{}")
        refused(reply, 403, "scope_missing")
        assert f'scope="{lacking}"' in reply.headers["WWW-Authenticate"]
    assert node.ask_with(_EVENTS, _bearer(WRITE), "POST", b"{}").status == 400
    assert node.ask_with("/ceramic/version", _bearer(READ), "POST").status == 200
    assert node.ask_with("/ceramic/interests", _bearer(ADMIN), "POST", b"{}").status == 400


@SUBJECT.attack("a path that is written otherwise, to get by with less", "403 or 404", tokens=True)
def paths(node: Running) -> None:
    for path in (
        "//ceramic/peers",
        "/ceramic//peers",
        "/ceramic/./peers",
        "/ceramic/x/../peers",
        "/ceramic/%70eers",
        "/ceramic%2fpeers",
        "/ceramic/peers/",
        "/ceramic/peers%00",
        "/ceramic/peers;a=b",
        "/ceramic/peers%20",
        "/CERAMIC/PEERS",
        "/ceramic/events/../peers",
        "/ceramic/events%2f..%2fpeers",
        "/ceramic/peers?x#/ceramic/events",
    ):
        query = "" if "?" in path else "?addresses=/ip4/127.0.0.1/tcp/1"
        status = node.ask_with(path + query, _bearer(BOTH), "POST", b"{}").status
        assert status in {403, 404, 405}, (path, status)


@SUBJECT.attack("paths that lead out of where they should", "404, nothing of the disk")
def traversal(node: Running) -> None:
    for path in (
        "/../../../../etc/passwd",
        "/..%2f..%2f..%2fetc%2fpasswd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/status/../../etc/passwd",
        "/ceramic/events/..%2f..%2fetc%2fpasswd",
        "/ceramic/streams/%2fetc%2fpasswd",
        "/ceramic/streams/" + "%00" * 50,
        "/\\..\\..\\etc\\passwd",
    ):
        reply = node.ask(path)
        assert reply.status in {400, 404}, (path, reply)
        assert b"root:" not in reply.body


@SUBJECT.attack("another method than the one that is checked", "ignored, 403 or 405", tokens=True)
def methods(node: Running) -> None:
    for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        headers = {**_bearer(READ), name: "POST"}
        assert node.ask_with(_EVENTS, headers, "GET").status == 405
    for method in ("TRACE", "PROPFIND", "LINK", "PURGE"):
        assert node.ask_with(_EVENTS, _bearer(READ), method).status in {400, 403, 405}
        assert node.ask_with("/ready", {}, method).status in {400, 401, 405}
    assert answers(node.tell(b"CONNECT evil.example:443 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"))[0] in {
        400,
        401,
        403,
    }


@SUBJECT.attack(
    "more requests a second than a token may send", "429 with Retry-After", tokens=True, token_rate="5"
)
def token_rate(node: Running) -> None:
    replies = [node.ask_with("/ceramic/version", _bearer(READ)) for _ in range(30)]
    assert {reply.status for reply in replies} == {200, 429}
    refused(replies[-1], 429, "too_many_requests")
    assert node.ask_with("/status.json", _bearer(ADMIN)).status == 200


@SUBJECT.attack(
    "being another address, by a header",
    "headers of proxies are ignored",
    address_rate="5",
    limit_loopback="true",
)
def forwarded(node: Running) -> None:
    statuses = set()
    for number in range(30):
        fake = f"10.0.0.{number}"
        headers = {"X-Forwarded-For": fake, "Forwarded": f"for={fake}", "X-Real-IP": fake}
        statuses.add(node.ask_with("/ready", headers).status)
    assert 429 in statuses
