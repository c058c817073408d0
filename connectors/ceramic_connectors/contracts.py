"""Asking contract wallets about signatures (EIP-1271), at endpoints of Ethereum nodes.

A contract answers for the state it is in: after a change of owners, the same signature gets another answer.
All other verdicts of this project follow from bytes alone and last; this one is the contract's word of now.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Final

from ceramic_connectors.chain_endpoint import ChainEndpoint
from ceramic_connectors.expiring import ExpiringCache
from ceramic_connectors.jsonrpc import AnswerTooLargeError, JsonRpcClient, RpcError
from ceramic_protocol.errors import OutsideError
from ceramic_protocol.limits import (
    MAX_CACHED_WALLET_ANSWERS,
    MAX_WALLET_ANSWER_BYTES,
    MAX_WALLET_ANSWER_SECONDS,
    MAX_WALLET_GAS,
    MAX_WALLET_SIGNATURE_BYTES,
    RPC_SECONDS,
)
from ceramic_protocol.reasons import Finding, Reason

_SELECTOR: Final = bytes.fromhex("1626ba7e")
"""Of `isValidSignature(bytes32,bytes)`, and at once the answer that means yes."""
_YES: Final = _SELECTOR.ljust(32, b"\0")
"""With its padding: one that returns what it was sent, as precompile 4 does, goes on with the digest."""
_DATA: Final = re.compile(r"0x(?:[0-9a-fA-F]{2})*")

_REVERTED: Final = 3
_VM_ERROR: Final = -32015
_FAILED: Final = re.compile(
    r"revert|out ?of ?gas|gas required exceeds|gas uint64 overflow|invalid ?(?:fe)?opcode|opcode \S+ not"
    r"|bad ?instruction|stack ?(?:under|over)flow|stack limit|(?:invalid|bad) ?jump|write protection"
    r"|return ?data ?out ?of ?bounds|call depth|vm (?:error|execution|exception)",
    re.IGNORECASE,
)
"""How nodes that use neither number say that the contract failed, rather than they themselves."""


class Answer(Enum):
    """What a contract says. `NOBODY`: nothing at all, as an address without code does for any question."""

    YES = "yes"
    NO = "no"
    NOBODY = "nobody"


class RpcContracts:
    """The port `Contracts` by JSON-RPC. Can be pickled; connections and what is remembered stay behind.

    Which chain an endpoint serves is what it says itself, when it is first asked. Several endpoints of one
    chain are asked in their order until one has an answer; one that fails rests for `RPC_REST_SECONDS`.
    Answers of contracts hold for `MAX_WALLET_ANSWER_SECONDS`.
    """

    def __init__(
        self,
        urls: Sequence[str],
        timeout: float = RPC_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Name the endpoints; nothing is connected yet.

        Args:
            urls: of endpoints, of any number of chains.
            timeout: for one answer, in seconds.
            clock: tells the seconds that rests and answers are measured in.

        Raises:
            UsageError: one of them is no address of an endpoint.
        """
        self._settings = (tuple(urls), timeout, clock)
        self._endpoints = [ChainEndpoint(JsonRpcClient(url, timeout), clock) for url in urls]
        self._nowhere: ExpiringCache[str, bool] = ExpiringCache(
            MAX_CACHED_WALLET_ANSWERS, MAX_WALLET_ANSWER_SECONDS, clock
        )
        self._answers: ExpiringCache[bytes, bool] = ExpiringCache(
            MAX_CACHED_WALLET_ANSWERS, MAX_WALLET_ANSWER_SECONDS, clock
        )

    def __reduce__(self) -> tuple[type[RpcContracts], tuple[tuple[str, ...], float, Callable[[], float]]]:
        return type(self), self._settings

    def accepts(self, chain_id: str, address: str, digest: bytes, signature: bytes) -> bool | Finding:
        """Whether the contract calls a signature over a 32-byte digest its own, in the latest block.

        A contract that fails, burns more than `MAX_WALLET_GAS`, doesn't know EIP-1271 or isn't there says no,
        and so do all of them to signatures of more than `MAX_WALLET_SIGNATURE_BYTES`.

        Returns:
            The contract's answer, or `CACAO_CONTRACT_UNKNOWN` and what keeps the endpoints from having one.
        """
        if len(signature) > MAX_WALLET_SIGNATURE_BYTES:
            return False
        place = f"{chain_id} {address.lower()}"
        if self._nowhere.get(place):
            return False
        data = _call_data(digest, signature)
        key = hashlib.sha256(f"{place} ".encode() + data).digest()
        answer = self._answers.get(key)
        if answer is None:
            told = self._ask(chain_id, address, data)
            if told is None:
                detail = f"contract {address} of {chain_id}: {self._trouble(chain_id)}"
                return Finding(Reason.CACAO_CONTRACT_UNKNOWN, detail)
            answer = told is Answer.YES
            self._answers.put(key, answer)
            if told is Answer.NOBODY:
                self._nowhere.put(place, True)
        return answer

    def close(self) -> None:
        """Close what connections there are; the next question makes new ones."""
        for endpoint in self._endpoints:
            endpoint.close()

    def _trouble(self, chain_id: str) -> str:
        """Why there is no answer."""
        troubles = [
            f"{endpoint.name}: {endpoint.trouble}"
            for endpoint in self._endpoints
            if endpoint.trouble and endpoint.known_chain in (None, chain_id)
        ]
        return "; ".join(troubles) or "no endpoint serves that chain"

    def _ask(self, chain_id: str, address: str, data: bytes) -> Answer | None:
        for endpoint in self._endpoints:
            if endpoint.chain_id() == chain_id:
                answer = _answer(endpoint, address, data)
                if answer is not None:
                    return answer
        return None


def _answer(endpoint: ChainEndpoint, address: str, data: bytes) -> Answer | None:
    """What a call of the contract says; nothing when that can't be known."""
    call = {"to": address, "data": f"0x{data.hex()}", "gas": hex(MAX_WALLET_GAS)}
    try:
        returned = endpoint.call("eth_call", [call, "latest"], MAX_WALLET_ANSWER_BYTES)
    except AnswerTooLargeError:
        return Answer.NO
    except RpcError as error:
        return Answer.NO if _failed(error) else None
    except OutsideError:
        return None
    if not isinstance(returned, str) or not _DATA.fullmatch(returned):
        return None
    if returned == "0x":
        return Answer.NOBODY
    return Answer.YES if bytes.fromhex(returned[2:])[:32] == _YES else Answer.NO


def _call_data(digest: bytes, signature: bytes) -> bytes:
    """The ABI's form of `isValidSignature(digest, signature)`."""
    offset, length = (2 * 32).to_bytes(32, "big"), len(signature).to_bytes(32, "big")
    padding = bytes(-len(signature) % 32)
    return _SELECTOR + digest + offset + length + signature + padding


def _failed(error: RpcError) -> bool:
    """Whether it is the contract that failed."""
    return error.number in (_REVERTED, _VM_ERROR) or _FAILED.search(error.said) is not None
