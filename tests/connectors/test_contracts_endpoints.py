from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from ceramic_connectors.contracts import RpcContracts
from ceramic_protocol.limits import MAX_WALLET_SIGNATURE_BYTES, RPC_ATTEMPTS, RPC_REST_SECONDS
from ceramic_protocol.reasons import Finding, Reason
from tests.support.web import Answer, Exchange, Web, serving

LOCAL = "eip155:1337"
UNKNOWN = Reason.CACAO_CONTRACT_UNKNOWN


def said(contracts: RpcContracts, *question: Any) -> bool | Reason:
    """The contract's answer, or the code that stands for none."""
    answer = contracts.accepts(*question)
    return answer.reason if isinstance(answer, Finding) else answer


DIGEST = bytes(range(32))
GOOD = bytes(65)
NOBODY = "0x" + "ab" * 20
YES, NO = "0x1626ba7e" + "00" * 28, "0x" + "ff" * 32


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def answering(called: Answer) -> Answer:
    """An endpoint of chain 1337 that answers calls of contracts so."""

    def answer(exchange: Exchange) -> None:
        if json.loads(exchange.body)["method"] == "eth_chainId":
            exchange.result("0x539")
        else:
            called(exchange)

    return answer


@contextmanager
def asking(called: Answer, clock: Clock | None = None) -> Iterator[tuple[Web, RpcContracts]]:
    """An endpoint that answers so, and a port that asks it."""
    with (
        serving(answering(called)) as web,
        closing(RpcContracts([web.url], clock=clock or Clock())) as port,
    ):
        yield web, port


def test_each_question_is_asked_once() -> None:
    questions = [
        (LOCAL, NOBODY, DIGEST, GOOD),
        (LOCAL, NOBODY, DIGEST, GOOD + b"\0"),
        (LOCAL, NOBODY, bytes(32), GOOD),
        (LOCAL, "0x" + "12" * 20, DIGEST, GOOD),
    ]
    with (
        serving(answering(lambda exchange: exchange.result(YES))) as web,
        closing(RpcContracts([web.url])) as port,
    ):
        assert [said(port, *question) for question in questions * 3] == [True] * 12
        assert len(web.bodies) == 1 + 4
        assert said(port, "eip155:1", *questions[0][1:]) is UNKNOWN
        assert said(port, LOCAL, NOBODY, DIGEST, bytes(MAX_WALLET_SIGNATURE_BYTES + 1)) is False
        assert said(port, LOCAL, NOBODY.upper().replace("X", "x"), DIGEST, GOOD) is True
        assert len(web.bodies) == 1 + 4
    call = json.loads(web.bodies[1])
    assert call["method"] == "eth_call"
    assert call["params"][0].keys() == {"to", "data", "gas"}
    assert call["params"][1] == "latest"
    assert len(bytes.fromhex(call["params"][0]["data"][2:])) == 4 + 3 * 32 + 3 * 32  # 65 bytes, padded


FAILURES: dict[str, tuple[Answer, int]] = {
    "busy": (
        lambda exchange: exchange.rpc(error={"code": -32005, "message": "limit exceeded"}),
        RPC_ATTEMPTS,
    ),
    "refused": (lambda exchange: exchange.reply(401), 1),
    "page": (lambda exchange: exchange.reply(200, b"<html>"), 1),
}


@pytest.mark.parametrize("kind", FAILURES)
def test_endpoints_that_fail_get_a_rest(kind: str) -> None:
    failure, attempts = FAILURES[kind]
    clock = Clock()
    with asking(failure, clock) as (web, port):
        for _ in range(10):
            assert said(port, LOCAL, NOBODY, DIGEST, GOOD) is UNKNOWN
        assert len(web.bodies) == 1 + attempts
        clock.now += RPC_REST_SECONDS
        assert said(port, LOCAL, NOBODY, DIGEST, GOOD) is UNKNOWN
        assert len(web.bodies) == 1 + 2 * attempts


@pytest.mark.parametrize(
    "reply",
    [
        lambda exchange: exchange.reply(404),
        lambda exchange: exchange.result(None),
        lambda exchange: exchange.result(1337),
        lambda exchange: exchange.result("0x"),
        lambda exchange: exchange.result("x" * 9_000_000),
        lambda exchange: exchange.rpc(error={"code": -32601, "message": "no such method"}),
    ],
)
def test_endpoints_that_tell_no_chain_are_asked_later(reply: Answer) -> None:
    clock, ready = Clock(), False

    def answer(exchange: Exchange) -> None:
        if ready:
            answering(lambda call: call.result(YES))(exchange)
        else:
            reply(exchange)

    with serving(answer) as web, closing(RpcContracts([web.url], clock=clock)) as port:
        assert [said(port, LOCAL, NOBODY, DIGEST, GOOD) for _ in range(3)] == [UNKNOWN] * 3
        assert len(web.bodies) == 1
        ready = True
        assert said(port, LOCAL, NOBODY, DIGEST, GOOD) is UNKNOWN
        clock.now += RPC_REST_SECONDS
        assert said(port, LOCAL, NOBODY, DIGEST, GOOD) is True


@pytest.mark.parametrize(
    ("code", "message", "answer"),
    [
        (3, "go away", False),
        (-32015, "it failed", False),
        (-32000, "VM execution error.", False),
        (-32000, "execution reverted", False),
        (-32000, "Execution reverted", False),
        (-32000, "VM Exception while processing transaction: revert", False),
        (-32000, "out of gas", False),
        (-32000, "invalid opcode: INVALID", False),
        (-32000, "invalid jump destination", False),
        (-32000, "stack underflow (0 <=> 2)", False),
        (-32000, "stack limit reached 1024 (1023)", False),
        (-32003, "out of gas: gas required exceeds allowance: 10000000", False),
        (-32000, "header not found", UNKNOWN),
        (-32000, "missing trie node 1f2e (path 0a)", UNKNOWN),
        (-32000, "execution aborted (timeout = 5s)", UNKNOWN),
        (-32601, "the method eth_call does not exist/is not available", UNKNOWN),
        (-32603, "internal error", UNKNOWN),
    ],
)
def test_whose_error_it_is(code: int, message: str, answer: bool | Reason) -> None:
    with (
        asking(lambda exchange: exchange.rpc(error={"code": code, "message": message})) as (web, port),
        asking(lambda exchange: exchange.result(YES)) as (spare, _),
        closing(RpcContracts([web.url, spare.url])) as both,
    ):
        assert said(port, LOCAL, NOBODY, DIGEST, GOOD) is answer
        assert said(port, LOCAL, NOBODY, DIGEST, GOOD) is answer
        assert len(web.bodies) == (2 if answer is False else 3)
        assert said(both, LOCAL, NOBODY, DIGEST, GOOD) is (answer is UNKNOWN)


@pytest.mark.parametrize("result", [None, 1, True, [], "", "1626ba7e", "0x1", "0xzz"])
def test_results_that_no_contract_returns(result: object) -> None:
    with asking(lambda exchange: exchange.result(result)) as (_, port):
        assert said(port, LOCAL, NOBODY, DIGEST, GOOD) is UNKNOWN


@pytest.mark.parametrize(
    ("result", "answer"), [(YES, True), (YES + "00" * 64, True), (NO, False), ("0x", False)]
)
def test_results(result: str, answer: bool) -> None:
    with asking(lambda exchange: exchange.result(result)) as (_, port):
        assert said(port, LOCAL, NOBODY, DIGEST, GOOD) is answer
