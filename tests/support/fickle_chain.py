"""Endpoints of a chain on which not all transactions are good, and which fail, lie and stall when told to.

The chain has anchors, anchors in another contract, and anchors that were reverted. Transactions that a
reorganisation took away are not on it; only a liar shows them.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from ceramic_connectors.dev_chain import DevChain
from ceramic_connectors.dev_methods import answer
from ceramic_protocol.anchors import ANCHOR_CONTRACT, ANCHOR_SELECTOR
from ceramic_protocol.cid import Cid
from tests.support.web import Exchange, serving

OTHER_CONTRACT: Final = f"0x{'12' * 20}"
_FAR: Final = 1_000_000
_OTHER_BLOCK: Final = f"0x{'ee' * 32}"


class Truth:
    """What is so. Blocks of different kinds of transactions are far apart."""

    def __init__(self, main: DevChain) -> None:
        self.main = main
        self.elsewhere = _far(DevChain(contract=OTHER_CONTRACT), 1)
        self.reverted = _far(DevChain(), 2)
        self.gone = _far(DevChain(), 3)
        self.wanted_root: dict[str, Cid] = {}
        """By transaction, the root that a forged proof says it anchors."""

    def result(self, method: str, params: list[Any], *, with_gone: bool = False) -> Any:
        """The result of calling a method."""
        if method == "eth_blockNumber":
            return hex(max(self.reverted.height, self.gone.height if with_gone else 0))
        worlds = [self.main, self.elsewhere, self.reverted, *([self.gone] if with_gone else [])]
        found = (self._ask(world, method, params) for world in worlds)
        return next((each for each in found if each is not None), None)

    def grow(self, blocks: int) -> None:
        """Blocks on top of all."""
        self.reverted.mine(blocks)
        self.gone.mine(blocks)

    def _ask(self, world: DevChain, method: str, params: list[Any]) -> Any:
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        found = json.loads(answer(world, body.encode())).get("result")
        if method == "eth_getTransactionReceipt" and found is not None and world is self.reverted:
            return found | {"status": "0x0", "logs": []}
        if method == "eth_getBlockByNumber" and found is not None and not found["transactions"]:
            return None if world is not self.reverted else found
        return found


def _far(chain: DevChain, times: int) -> DevChain:
    chain.mine(times * _FAR)
    return chain


@dataclass
class Endpoint:
    """An endpoint; in `mode` it misbehaves in half of the cases where it can. `done` counts that."""

    truth: Truth
    random: Random
    mode: str = "honest"
    stall_seconds: float = 1.0
    done: Counter[str] = field(default_factory=Counter)
    asked: int = 0
    url: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, exchange: Exchange) -> None:
        question = json.loads(exchange.body)
        method, params = question["method"], question["params"]
        with self.lock:
            self.asked += 1
            strikes = self.random.random() < 0.5
        if strikes and self.mode == "fails":
            self.done[self.mode] += 1
            exchange.reply(500) if self.asked % 2 else exchange.raw()
            return
        if strikes and self.mode == "stalls":
            self.done[self.mode] += 1
            exchange.web.stopped.wait(self.stall_seconds)
            return
        true = self.truth.result(method, params)
        lie = _LIES.get(self.mode)
        said = true if lie is None or not strikes else lie(self.truth, method, params, true)
        if said != true:
            self.done[self.mode] += 1
        exchange.result(said)


def _wrong_root(truth: Truth, method: str, params: list[Any], true: Any) -> Any:
    wanted = truth.wanted_root.get(params[0]) if params else None
    if method != "eth_getTransactionByHash" or true is None:
        return true
    root = bytes(32) if wanted is None else wanted.digest
    return true | {"input": f"0x{(ANCHOR_SELECTOR + root).hex()}"}


def _wrong_contract(_truth: Truth, method: str, _params: list[Any], true: Any) -> Any:
    if method not in {"eth_getTransactionByHash", "eth_getTransactionReceipt"} or true is None:
        return true
    return true | {"to": OTHER_CONTRACT if true["to"] == ANCHOR_CONTRACT else ANCHOR_CONTRACT}


def _wrong_status(_truth: Truth, method: str, _params: list[Any], true: Any) -> Any:
    if method != "eth_getTransactionReceipt" or true is None:
        return true
    return true | {"status": "0x0" if true["status"] == "0x1" else "0x1"}


def _other_block(_truth: Truth, method: str, _params: list[Any], true: Any) -> Any:
    if not isinstance(true, dict):
        return true
    name = "hash" if method.startswith("eth_getBlock") else "blockHash"
    return true | {name: _OTHER_BLOCK}


def _other_fork(truth: Truth, method: str, params: list[Any], true: Any) -> Any:
    """The chain as it was before the reorganisation: with what is gone, and without what is there."""
    if method in {"eth_getTransactionByHash", "eth_getTransactionReceipt"} and true is not None:
        return None
    return truth.result(method, params, with_gone=True)


_LIES: Final[Mapping[str, Callable[[Truth, str, list[Any], Any], Any]]] = {
    "tells a wrong root": _wrong_root,
    "tells a wrong contract": _wrong_contract,
    "tells a wrong status": _wrong_status,
    "tells of another block": _other_block,
    "tells of another fork": _other_fork,
}
MODES: Final = ("fails", "stalls", *_LIES)


@contextmanager
def endpoints(truth: Truth, count: int, seed: int) -> Iterator[list[Endpoint]]:
    """Several endpoints of the chain, honest so far."""
    if count == 0:
        yield []
        return
    made = Endpoint(truth, Random(seed))
    with serving(made) as web, endpoints(truth, count - 1, seed + 1) as others:
        made.url = web.url
        yield [made, *others]
