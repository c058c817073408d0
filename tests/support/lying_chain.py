"""An endpoint of a development chain that fails, lies and stalls as a test wants it to."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ceramic_connectors.dev_chain import DevChain
from ceramic_connectors.dev_methods import answer
from ceramic_protocol.ports import Transaction
from ceramic_protocol.reasons import Finding
from tests.support.web import Answer, Exchange, serving

Lie: TypeAlias = Callable[[Any], Any]
"""What becomes of a method's result."""


@dataclass
class Node:
    """The endpoint. What stands in `lies` by method is told; with a `fault` it doesn't even do that."""

    chain: DevChain
    lies: dict[str, Lie] = field(default_factory=dict)
    fault: Answer | None = None
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def count(self, method: str) -> int:
        """How often a method was called."""
        return self.asked.count(method)

    def __call__(self, exchange: Exchange) -> None:
        """Answer a request."""
        method = json.loads(exchange.body)["method"]
        self.asked.append(method)
        if self.fault is not None:
            self.fault(exchange)
            return
        said = json.loads(answer(self.chain, exchange.body))
        if "result" in said and method in self.lies:
            said["result"] = self.lies[method](said["result"])
        exchange.reply(200, json.dumps(said).encode())


@contextmanager
def node(chain: DevChain) -> Iterator[Node]:
    """An endpoint that is honest so far."""
    made = Node(chain)
    with serving(made) as web:
        made.url = web.url
        yield made


@contextmanager
def nodes(chain: DevChain, count: int) -> Iterator[list[Node]]:
    """Several endpoints of one chain."""
    if count == 0:
        yield []
        return
    with node(chain) as first, nodes(chain, count - 1) as others:
        yield [first, *others]


def changed(**members: Any) -> Lie:
    """An object with other members; None stays None, and a member that is `...` is left out."""

    def lie(result: Any) -> Any:
        if result is None:
            return None
        kept = {name: value for name, value in result.items() if members.get(name) is not ...}
        return kept | {name: value for name, value in members.items() if value is not ...}

    return lie


@dataclass
class Slowly:
    """A lie that isn't one: the truth, but later. `most` is how many were asked for at the same time."""

    seconds: float
    most: int = 0
    _now: set[object] = field(default_factory=set)

    def __call__(self, result: Any) -> Any:
        """Take the time."""
        turn = object()
        self._now.add(turn)
        self.most = max(self.most, len(self._now))
        time.sleep(self.seconds)
        self._now.remove(turn)
        return result


def instead(value: Any) -> Lie:
    """Another result whatsoever."""
    return lambda _result: value


def plain(found: Transaction | Finding) -> Transaction | Finding:
    """A finding without what went wrong at which endpoint."""
    return found if isinstance(found, Transaction) else found._replace(detail=found.detail.split("; ")[0])
