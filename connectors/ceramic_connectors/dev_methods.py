"""The JSON-RPC methods of a development chain: what verifiers of anchors ask an Ethereum node."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

import orjson

from ceramic_connectors.dev_chain import DevBlock, DevChain
from ceramic_connectors.dev_transactions import GAS_USED
from ceramic_connectors.eth_json import NonsenseError, count, data
from ceramic_protocol.limits import MAX_DEV_REQUESTS

_PARSE_ERROR: Final = -32700
_INVALID_REQUEST: Final = -32600
_METHOD_NOT_FOUND: Final = -32601
_INVALID_PARAMS: Final = -32602

_NO_UNCLES: Final = "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347"
_NO_TRIE: Final = "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"
_FIRST: Final = "earliest"
_TIP: Final = ("latest", "pending", "safe", "finalized")
_GAS_LIMIT: Final = 30_000_000

_Method: TypeAlias = Callable[[DevChain, list[Any]], Any]


def answer(chain: DevChain, body: bytes) -> bytes:
    """The answer to a request or to several in a list, whatever the bytes are."""
    try:
        asked = orjson.loads(body)
    except orjson.JSONDecodeError:
        return orjson.dumps(_error(None, _PARSE_ERROR, "this is no JSON"))
    if not isinstance(asked, list):
        return orjson.dumps(_answer_one(chain, asked))
    if not 0 < len(asked) <= MAX_DEV_REQUESTS:
        return orjson.dumps(_error(None, _INVALID_REQUEST, f"ask 1 to {MAX_DEV_REQUESTS} questions at once"))
    return orjson.dumps([_answer_one(chain, one) for one in asked])


def _answer_one(chain: DevChain, asked: object) -> dict[str, Any]:
    if not isinstance(asked, dict) or not isinstance(asked.get("method"), str):
        return _error(None, _INVALID_REQUEST, "this is no request")
    number, params = asked.get("id"), asked.get("params", [])
    if not isinstance(number, str | int | float | None):
        return _error(None, _INVALID_REQUEST, "an id is text or a number")
    method = _METHODS.get(asked["method"])
    if method is None:
        return _error(number, _METHOD_NOT_FOUND, f"the method {asked['method'][:80]} does not exist")
    try:
        result = method(chain, params if isinstance(params, list) else [])
    except (NonsenseError, IndexError) as error:
        return _error(number, _INVALID_PARAMS, f"invalid parameters: {error}")
    return {"jsonrpc": "2.0", "id": number, "result": result}


def _error(number: object, code: int, message: str) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "error": {"code": code, "message": message}}


def _transaction(chain: DevChain, params: list[Any]) -> dict[str, Any] | None:
    found = chain.find(data(params[0]))
    return None if found is None else found.as_json()


def _receipt(chain: DevChain, params: list[Any]) -> dict[str, Any] | None:
    found = chain.find(data(params[0]))
    return None if found is None else found.receipt()


def _block_by_number(chain: DevChain, params: list[Any]) -> dict[str, Any] | None:
    asked = params[0]
    if asked in _TIP:
        return _block(chain, chain.block(chain.height), params)
    return _block(chain, chain.block(0 if asked == _FIRST else count(asked)), params)


def _block_by_hash(chain: DevChain, params: list[Any]) -> dict[str, Any] | None:
    return _block(chain, chain.block_by_hash(data(params[0])), params)


def _block(chain: DevChain, block: DevBlock | None, params: list[Any]) -> dict[str, Any] | None:
    if block is None:
        return None
    parent = chain.block(block.number - 1)
    anchors = [] if block.anchor is None else [block.anchor]
    in_full = params[1:2] == [True]
    return {
        "number": hex(block.number),
        "hash": f"0x{block.hash.hex()}",
        "parentHash": f"0x{(bytes(32) if parent is None else parent.hash).hex()}",
        "timestamp": hex(block.timestamp),
        "transactions": [anchor.as_json() if in_full else f"0x{anchor.hash.hex()}" for anchor in anchors],
        "gasUsed": hex(GAS_USED * len(anchors)),
        **_SAME_IN_ALL,
    }


_SAME_IN_ALL: Final = {
    "nonce": f"0x{bytes(8).hex()}",
    "sha3Uncles": _NO_UNCLES,
    "logsBloom": f"0x{bytes(256).hex()}",
    "transactionsRoot": _NO_TRIE,
    "stateRoot": _NO_TRIE,
    "receiptsRoot": _NO_TRIE,
    "miner": f"0x{bytes(20).hex()}",
    "difficulty": "0x0",
    "totalDifficulty": "0x0",
    "extraData": "0x",
    "size": "0x220",
    "gasLimit": hex(_GAS_LIMIT),
    "mixHash": f"0x{bytes(32).hex()}",
    "baseFeePerGas": "0x7",
    "uncles": [],
}
"""Members of blocks that clients want to see and nobody here means anything by."""


def _number(chain: DevChain) -> int:
    return int(chain.chain_id.removeprefix("eip155:"))


_METHODS: Final[Mapping[str, _Method]] = {
    "eth_chainId": lambda chain, _: hex(_number(chain)),
    "net_version": lambda chain, _: str(_number(chain)),
    "eth_blockNumber": lambda chain, _: hex(chain.height),
    "eth_syncing": lambda *_: False,
    "net_listening": lambda *_: True,
    "web3_clientVersion": lambda *_: "ceramic-streams/development-chain",
    "eth_getTransactionByHash": _transaction,
    "eth_getTransactionReceipt": _receipt,
    "eth_getBlockByNumber": _block_by_number,
    "eth_getBlockByHash": _block_by_hash,
}
