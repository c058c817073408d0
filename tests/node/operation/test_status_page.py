"""The status page, in a real browser; and pages of others, which want to use that browser."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web

from ceramic_node.http.guard.tokens import Scope, new_token
from ceramic_node.operation.service import Service
from ceramic_node.watching.status_page import PAGE
from ceramic_protocol import multibase
from tests.node.operation.posting import body, init
from tests.node.operation.running import Running, running
from tests.support.browser import Page, browser_page, find_browser
from tests.support.web import Exchange, serving

BROWSER = find_browser()
needs_browser = pytest.mark.skipif(BROWSER is None, reason="no Chromium here: install it with apt-get")
EVENTS = "/ceramic/events"
REJECTS = "document.querySelector('#rejects').textContent"
EVIL = '<img src=x onerror="document.body.dataset.evil=1">'


def in_browser(work: Callable[[Page], Awaitable[None]], *flags: str) -> None:
    async def run() -> None:
        assert BROWSER is not None
        async with browser_page(BROWSER, *flags) as page:
            await work(page)

    asyncio.run(run())


def test_the_page_stands_for_itself() -> None:
    text = PAGE.decode()
    assert text.count("<script>") == text.count("<style>") == 1
    for word in (
        "http://",
        "https://",
        "src=",
        "href=",
        "innerHTML",
        "eval(",
        " style=",
        "onclick",
        "import ",
    ):
        assert word not in text.replace("http://www.w3.org/2000/svg", ""), word


def test_the_figures_are_those_of_the_node() -> None:
    with running() as node:
        for number in range(3):
            node.ask(EVENTS, "POST", body(init(number)))
        status = node.ask("/status.json").value
        assert (status["network"], status["position"]) == ("inmemory", 3)
        assert set(status["series"]) == {"kept", "refused", "requests", "lag"}
        assert {len(values) for values in status["series"].values()} == {len(status["times"])}


@needs_browser
def test_the_page_draws_and_goes_on_drawing() -> None:
    with running(name_evil_peer) as node:

        async def look(page: Page) -> None:
            await page.open(f"{node.url}/status")
            await page.until("document.body.dataset.shown === 'yes'")
            assert "inmemory" in await page.value("document.querySelector('#facts').textContent")
            before = await page.until(f"{POINTS}('kept')")
            for number in range(5):
                await asyncio.to_thread(node.ask, EVENTS, "POST", body(init(number)))
            await asyncio.to_thread(refuse, node)
            await page.until(f"{REJECTS}.includes('block_hash_mismatch')")
            await page.until(f"{POINTS}('kept') > {before + 1}")
            await page.until("document.querySelector('#facts').textContent.includes('feed at 5')")
            await page.until("document.querySelector('#now-kept').textContent !== '0 now, 1 at most'")
            # What peers call themselves is text and nothing else.
            assert EVIL in await page.value("document.querySelector('#peers').textContent")
            assert await page.value("document.body.dataset.evil || 'no'") == "no"
            assert not page.messages, page.messages
            asked = {url.removeprefix(node.url) for url in page.requests if not url.endswith("favicon.ico")}
            assert asked == {"/status", "/status.json"}

        in_browser(look)


@needs_browser
def test_what_does_not_stand_in_the_page_does_not_run() -> None:
    with running() as node:

        async def look(page: Page) -> None:
            await page.open(node.url)
            await page.until("document.body && document.body.dataset.shown === 'yes'")
            await page.value(
                "(() => { const s = document.createElement('script'); s.textContent = 'window.ran = 1';"
                " document.body.append(s); })()"
            )
            assert await page.value("window.ran === undefined")
            far = await page.value("fetch('http://127.0.0.1:1/').then(() => 'sent', () => 'not sent')")
            assert far == "not sent"
            assert any("Content Security Policy" in message for message in page.messages)

        in_browser(look)


@needs_browser
def test_the_page_says_when_the_node_is_gone_and_when_it_is_back() -> None:
    async def look(page: Page) -> None:
        with running() as node:
            port = node.address[1]
            await page.open(f"{node.url}/status")
            await page.until("document.body && document.body.dataset.shown === 'yes'")
        await page.until("document.querySelector('#trouble').textContent === \"the node doesn't answer\"")
        with running(bind=f"127.0.0.1:{port}"):
            await page.until("document.querySelector('#trouble').textContent === ''")

    in_browser(look)


@needs_browser
def test_the_page_asks_for_a_token_and_keeps_it_to_itself(tmp_path: Path) -> None:
    secret, token = new_token("page", [Scope.READ])
    tokens = tmp_path / "tokens"
    tokens.write_text(token.line)
    tokens.chmod(0o600)
    with running(tokens=str(tokens)) as node:

        async def look(page: Page) -> None:
            await page.open(f"{node.url}/status")
            await page.until("document.querySelector('#ask') && !document.querySelector('#ask').hidden")
            assert await page.value("document.querySelector('#facts').children.length") == 0
            await page.value(f"document.querySelector('#token').value = {json.dumps(secret)}")
            await page.value("document.querySelector('#ask').requestSubmit()")
            await page.until("document.body.dataset.shown === 'yes' && document.querySelector('#ask').hidden")
            assert (
                await page.value("localStorage.length + sessionStorage.length + document.cookie.length") == 0
            )
            assert not any(secret in url for url in page.requests)

        in_browser(look)


@needs_browser
def test_a_page_of_another_site_can_not_write() -> None:
    """As in the attacks, but it is the browser that says where the page is from. One of this machine can."""
    written = [str(init(number).cid) for number in range(2)]
    with serving(a_page) as site, running() as node:
        port = site.url.rpartition(":")[2]

        async def look(page: Page) -> None:
            for number, host in enumerate(("localhost", "evil.example", "localhost")):
                data = json.dumps(body(init(number % 2)).decode())
                await page.open(f"http://{host}:{port}/")
                await page.until(f"document.title === 'a page' && location.hostname === '{host}'")
                post = f"fetch('{node.url}{EVENTS}', {{method: 'POST', mode: 'no-cors', body: {data}}})"
                await page.value(f"{post}.then(() => 1, () => 1)")

        in_browser(look, "--host-resolver-rules=MAP evil.example 127.0.0.1")
        events = [event["id"] for event in node.ask("/ceramic/feed/events").value["events"]]
        assert events == written[:1]


@needs_browser
def test_a_name_that_suddenly_means_this_machine_does_not_help() -> None:
    with running() as node:
        port = node.address[1]

        async def look(page: Page) -> None:
            await page.open(f"http://evil.example:{port}/status")
            await page.until("document.body && document.body.textContent.includes('host_refused')")
            asked = await page.value("fetch('/status.json').then(answer => answer.status)")
            assert asked == 403

        in_browser(look, "--host-resolver-rules=MAP evil.example 127.0.0.1")
        assert node.metrics()['ceramic_http_refused_total{code="host_refused"}'] >= 2


POINTS = "(name => (document.querySelector(`#chart-${name} polyline`)?.points.length || 0))"


def a_page(exchange: Exchange) -> None:
    exchange.reply(200, b"<title>a page</title>", Content_Type="text/html")


def name_evil_peer(service: Service) -> None:
    def add(app: web.Application) -> None:
        del app
        service.peer_names = lambda: [EVIL]

    service.before_listening = add


def refuse(node: Running) -> None:
    made = init(99)
    broken = made.with_blocks([(cid, block[:-1] + b"\0") for cid, block in made.blocks])
    assert node.ask(EVENTS, "POST", car(broken)).status == 400


def car(data: bytes) -> bytes:
    return json.dumps({"data": multibase.encode(data, "m")}).encode()


@needs_browser
def test_a_page_follows_a_feed_with_a_ticket(tmp_path: Path) -> None:
    """A browser's `EventSource` sends no token."""
    secret, token = new_token("page", [Scope.READ])
    tokens = tmp_path / "tokens"
    tokens.write_text(token.line)
    tokens.chmod(0o600)
    script = f"""(async () => {{
      const headers = {{ Authorization: 'Bearer ' + {json.dumps(secret)} }};
      const {{ ticket }} = await (await fetch('/v1/tickets', {{ method: 'POST', headers }})).json();
      const source = new EventSource('/v1/feed/stream?ticket=' + ticket);
      return await new Promise((yes) => {{
        source.addEventListener('live', () => {{ source.close(); yes('live'); }});
        source.onerror = () => {{ source.close(); yes('failed'); }};
      }});
    }})()"""
    with running(tokens=str(tokens)) as node:

        async def look(page: Page) -> None:
            await page.open(f"{node.url}/status")
            await page.until("document.body !== null")
            await page.value(f"void ({script}).then((said) => {{ window.said = said; }})")
            await page.until("window.said === 'live'")

        in_browser(look)
