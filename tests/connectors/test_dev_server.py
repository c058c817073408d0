from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ceramic_connectors.dev_chain import DevChain
from ceramic_connectors.dev_methods import answer
from ceramic_connectors.dev_server import DevChainServer
from ceramic_connectors.jsonrpc import JsonRpcClient, RpcError
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import OutsideError
from ceramic_protocol.limits import MAX_DEV_REQUEST_BYTES, MAX_DEV_REQUESTS
from tests.support import evm

CHAIN = DevChain(clock=lambda: 1_700_000_000.0)
HASHES = [f"0x{CHAIN.anchor(Cid.of(b'%d' % number)).hex()}" for number in range(3)]
CHAIN.mine(2)


@pytest.fixture(scope="module")
def server() -> Iterator[DevChainServer]:
    with DevChainServer(CHAIN) as running:
        yield running


@pytest.fixture
def client(server: DevChainServer) -> Iterator[JsonRpcClient]:
    with closing(JsonRpcClient(server.url)) as made:
        yield made


def ask(body: object) -> Any:
    """An answer without the network."""
    return json.loads(answer(CHAIN, json.dumps(body).encode()))


def test_what_it_says_of_itself(client: JsonRpcClient) -> None:
    wanted = {
        "eth_chainId": "0x539",
        "net_version": "1337",
        "eth_blockNumber": "0x6",
        "eth_syncing": False,
        "net_listening": True,
        "web3_clientVersion": "ceramic-streams/development-chain",
    }
    assert {method: client.call(method) for method in wanted} == wanted


def test_transactions_and_their_blocks_belong_together(client: JsonRpcClient) -> None:
    for number, tx_hash in enumerate(HASHES, 2):
        sent = client.call("eth_getTransactionByHash", [tx_hash])
        receipt = client.call("eth_getTransactionReceipt", [tx_hash])
        block = client.call("eth_getBlockByNumber", [hex(number), True])
        assert block == client.call("eth_getBlockByHash", [sent["blockHash"], True])
        assert block["transactions"] == [sent]
        assert client.call("eth_getBlockByNumber", [hex(number), False])["transactions"] == [tx_hash]
        assert {sent["blockHash"], receipt["blockHash"], receipt["logs"][0]["blockHash"]} == {block["hash"]}
        assert {sent["blockNumber"], receipt["blockNumber"], block["number"]} == {hex(number)}
        assert receipt["status"] == "0x1"
        parent = client.call("eth_getBlockByNumber", [hex(number - 1), False])
        assert block["parentHash"] == parent["hash"]


def test_what_is_not_there(client: JsonRpcClient) -> None:
    for method in ("eth_getTransactionByHash", "eth_getTransactionReceipt", "eth_getBlockByHash"):
        assert client.call(method, ["0x" + "ee" * 32]) is None
    assert client.call("eth_getBlockByNumber", ["0x7", False]) is None
    tags = {
        tag: client.call("eth_getBlockByNumber", [tag, False])["number"] for tag in ("earliest", "latest")
    }
    assert tags == {"earliest": "0x0", "latest": "0x6"}


def test_members_are_those_of_a_real_node(client: JsonRpcClient) -> None:
    with evm.running() as node:
        tx_hash = node.rpc("eth_sendTransaction", {"from": node.rpc("eth_accounts")[0], "data": "0x00"})
        node.receipt(tx_hash)
        for method, ours, theirs in (
            ("eth_getTransactionByHash", HASHES[0], tx_hash),
            ("eth_getTransactionReceipt", HASHES[0], tx_hash),
            ("eth_getBlockByNumber", "latest", "latest"),
        ):
            more = [False] if method == "eth_getBlockByNumber" else []
            made, real = client.call(method, [ours, *more]), node.rpc(method, theirs, *more)
            assert made.keys() <= real.keys() | {"totalDifficulty"}
            assert {name: type(value) for name, value in made.items() if value and real[name]} == {
                name: type(real[name]) for name, value in made.items() if value and real[name]
            }


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("eth_call", [], -32601),
        ("eth_getTransactionByHash", [], -32602),
        ("eth_getTransactionByHash", ["0x1"], -32602),
        ("eth_getTransactionByHash", [7], -32602),
        ("eth_getBlockByNumber", ["newest", False], -32602),
        ("eth_getBlockByNumber", [[], False], -32602),
        ("eth_getBlockByNumber", ["0x" + "f" * 64, False], -32602),
    ],
)
def test_questions_that_make_no_sense(
    client: JsonRpcClient, method: str, params: list[Any], code: int
) -> None:
    with pytest.raises(RpcError) as caught:
        client.call(method, params)
    assert caught.value.number == code


def test_several_questions_at_once() -> None:
    asked = [{"jsonrpc": "2.0", "id": number, "method": "eth_chainId"} for number in range(MAX_DEV_REQUESTS)]
    assert [each["id"] for each in ask(asked)] == list(range(MAX_DEV_REQUESTS))
    assert {each["result"] for each in ask(asked)} == {"0x539"}
    for wrong in ([], [asked[0]] * (MAX_DEV_REQUESTS + 1)):
        assert ask(wrong)["error"]["code"] == -32600
    assert [each.get("error", {}).get("code") for each in ask([asked[0], 7, {}])] == [None, -32600, -32600]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.sampled_from(["0x1", "latest", *HASHES]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
METHODS = st.sampled_from(
    [
        "eth_getTransactionByHash",
        "eth_getTransactionReceipt",
        "eth_getBlockByNumber",
        "eth_getBlockByHash",
        "x",
    ]
)


@given(st.binary(max_size=40) | st.builds(lambda value: json.dumps(value).encode(), JSON))
def test_any_bytes_are_answered(body: bytes) -> None:
    json.loads(answer(CHAIN, body))


@given(METHODS, JSON | st.lists(JSON, max_size=3))
def test_any_parameters_are_answered(method: str, params: object) -> None:
    said = ask({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
    assert said["id"] == 1
    assert ("result" in said) is not ("error" in said)


def test_ids_of_any_form() -> None:
    assert ask({"id": [[]], "method": "eth_chainId"})["error"]["code"] == -32600
    assert [ask({"id": number, "method": "eth_chainId"})["id"] for number in ("x", 1.5, None)] == [
        "x",
        1.5,
        None,
    ]
    deep = b'{"method":"x","id":' + b"[" * 900 + b"]" * 900 + b"}"
    assert json.loads(answer(CHAIN, deep))["error"]["code"] == -32600


def request(server: DevChainServer, *lines: bytes) -> bytes:
    """What comes back for bytes that needn't be HTTP."""
    port = int(server.url.rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port), timeout=5) as sock:
        sock.sendall(b"\r\n".join(lines))
        sock.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: sock.recv(65536), b""))


@pytest.mark.parametrize("length", [b"-1", b"x", b"", b"%d" % (MAX_DEV_REQUEST_BYTES + 1), b"9" * 5000])
def test_bodies_without_a_sensible_length(server: DevChainServer, length: bytes) -> None:
    assert b" 413 " in request(server, b"POST / HTTP/1.1", b"Content-Length: " + length, b"", b"")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(st.binary(max_size=100))
def test_any_bytes_do_the_server_no_harm(server: DevChainServer, data: bytes) -> None:
    request(server, data)
    with closing(HTTPConnection("127.0.0.1", int(server.url.rsplit(":", 1)[1]), timeout=5)) as http:
        http.request("POST", "/", b'{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}')
        assert json.load(http.getresponse())["result"] == "0x539"


def test_a_port_that_is_taken(server: DevChainServer) -> None:
    with pytest.raises(OutsideError, match=r"^can't listen on port \d+ of 127\.0\.0\.1: "):
        DevChainServer(CHAIN, int(server.url.rsplit(":", 1)[1]))


def test_it_ends_with_connections_open() -> None:
    server = DevChainServer(CHAIN)
    client = JsonRpcClient(server.url)
    assert client.call("eth_chainId") == "0x539"
    server.close()
    server.close()
    with pytest.raises(OutsideError):
        client.call("eth_chainId")
    client.close()
