from __future__ import annotations

import base64
import gc
import json
import pickle
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from ceramic_connectors import http_post
from ceramic_connectors.jsonrpc import JsonRpcClient, RpcError
from ceramic_protocol.errors import OutsideError, UsageError
from ceramic_protocol.limits import MAX_RPC_IDLE_CONNECTIONS
from tests.support import evm, tls
from tests.support.web import Exchange, client, closed_port, echo, serving

KEY = "0123456789abcdef"


@pytest.fixture(scope="module")
def node() -> Iterator[evm.Evm]:
    with evm.running() as running:
        yield running


def test_a_real_node(node: evm.Evm) -> None:
    with client(node.url) as rpc:
        assert rpc.call("eth_chainId") == "0x539"
        assert rpc.call("eth_getTransactionByHash", ["0x" + "11" * 32]) is None
        block = node.mine(evm.GENESIS + 1000)
        assert rpc.call("eth_getBlockByHash", [block["hash"], False]) == block
        assert int(block["timestamp"], 16) == evm.GENESIS + 1000
        with pytest.raises(RpcError, match="Method not found") as caught:
            rpc.call("eth_nonsense")
        assert caught.value.number == -32601
        copy = pickle.loads(pickle.dumps(caught.value))
        assert (copy.number, str(copy)) == (-32601, str(caught.value))


def test_what_is_sent() -> None:
    with serving(echo) as web:
        url = web.url.replace("://", "://me:p%40ss@")
        with client(f"{url}/v3/{KEY}?a=b") as rpc, client(web.url) as plain:
            assert rpc.call("m", ({"deep": [1, None, "é"]}, True)) == [{"deep": [1, None, "é"]}, True]
            assert plain.call("m") == []
    assert json.loads(web.bodies[0]) == {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "m",
        "params": [{"deep": [1, None, "é"]}, True],
    }
    assert web.paths == [f"/v3/{KEY}?a=b", "/"]
    assert web.headers[0]["Authorization"] == "Basic " + base64.b64encode(b"me:p@ss").decode()
    assert web.headers[0]["Content-Type"] == "application/json"
    assert "Authorization" not in web.headers[1]


def test_connections_are_kept() -> None:
    with serving(echo) as web, client(web.url) as rpc:
        for number in range(5):
            assert rpc.call("m", [number]) == [number]
        assert len(web.sockets) == 1


def test_connections_are_not_kept_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_post, "MAX_RPC_IDLE_SECONDS", 0)
    with serving(echo) as web, client(web.url) as rpc:
        assert [rpc.call("m", [number]) for number in range(3)] == [[0], [1], [2]]
        assert len(web.sockets) == 3
        assert len(rpc._poster._idle) == 1


def test_connections_that_are_of_no_more_use() -> None:
    def and_goodbye(exchange: Exchange) -> None:
        exchange.reply(200, b'{"id":1,"result":5}', Connection="close")

    with serving(and_goodbye) as web, client(web.url) as rpc:
        assert rpc.call("m") == 5
        assert not rpc._poster._idle
    with serving(lambda exchange: exchange.reply(403, b"x" * 9_000_000)) as web, client(web.url) as rpc:
        with pytest.raises(OutsideError):
            rpc.call("m")
        assert not rpc._poster._idle


def test_connections_end_with_their_client() -> None:
    with warnings.catch_warnings(record=True) as caught, serving(echo) as web:
        warnings.simplefilter("always")
        rpc = JsonRpcClient(web.url)
        assert rpc.call("m", [1]) == [1]
        del rpc
        gc.collect()
    assert not caught


def test_a_kept_connection_that_the_server_has_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("no need to wait"))

    def and_goodbye(exchange: Exchange) -> None:
        echo(exchange)
        exchange.close_connection = True

    with serving(and_goodbye) as web, client(web.url) as rpc:
        for number in range(5):
            assert rpc.call("m", [number]) == [number]
        assert len(web.bodies) == 5


def test_many_threads() -> None:
    with serving(echo) as web, client(web.url) as rpc, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: rpc.call("m", [number]), range(200)))
        assert answers == [[number] for number in range(200)]
        assert len(rpc._poster._idle) <= MAX_RPC_IDLE_CONNECTIONS


def test_a_copy_for_another_process() -> None:
    with serving(echo) as web, client(f"{web.url}/{KEY}") as rpc:
        assert rpc.call("m", [1]) == [1]
        with closing(pickle.loads(pickle.dumps(rpc))) as copy:
            assert copy.call("m", [2]) == [2]
            assert repr(copy) == repr(rpc) == f"JsonRpcClient('{web.url}')"


def test_nobody_there() -> None:
    url = closed_port()
    with client(f"{url}/{KEY}") as rpc, pytest.raises(OutsideError) as caught:
        rpc.call("m")
    assert str(caught.value) == f"can't talk to {url}: Connection refused"


def test_a_name_that_is_no_name() -> None:
    with client("http://nowhere.invalid/") as rpc, pytest.raises(OutsideError, match=r"//nowhere\.invalid: "):
        rpc.call("m")


@pytest.mark.parametrize(
    "url",
    [
        "",
        KEY,
        f"ftp://host/{KEY}",
        f"http:///{KEY}",
        f"http://host:{KEY}",
        f"http://[{KEY}",
        f"http://host/{KEY} x",
        f"http://host/\x7f{KEY}",
        f"http://a..b/{KEY}",
        f"http://{'a' * 64}.org/{KEY}",
    ],
)
def test_no_address(url: str) -> None:
    with pytest.raises(UsageError, match=r"an endpoint is an address such as") as caught:
        JsonRpcClient(url)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        (f"https://Me:{KEY}@Host.org/v3/{KEY}", "https://host.org"),
        (f"http://[::1]:8545/{KEY}", "http://[::1]:8545"),
        ("http://127.0.0.1:8545", "http://127.0.0.1:8545"),
    ],
)
def test_names_without_secrets(url: str, name: str) -> None:
    assert JsonRpcClient(url).name == name


def test_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, context = tls.server(tmp_path)
    with serving(echo, context) as web:
        with client(f"{web.url}/{KEY}") as rpc, pytest.raises(OutsideError) as caught:
            rpc.call("m")
        assert str(caught.value).startswith(f"can't reach {web.url}: [SSL: CERTIFICATE_VERIFY_FAILED]")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        with client(web.url) as rpc:
            assert [rpc.call("m", [number]) for number in range(3)] == [[0], [1], [2]]
