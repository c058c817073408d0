"""What an anchorer asks an Ethereum node, and sends to it.

Whatever the node answers, nothing but `OutsideError` is raised.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from ceramic_connectors.eth_json import NonsenseError, count, data, members, quantity
from ceramic_connectors.eth_transactions import HASH_BYTES
from ceramic_connectors.jsonrpc import JsonRpcClient, RpcError
from ceramic_node.anchoring.errors import AnchorTroubleError, Trouble
from ceramic_node.anchoring.evm_signing import Fees

_METHOD_NOT_FOUND: Final = -32601
_USUAL_TIP: Final = 1_000_000_000


class EvmNode:
    """One endpoint of one chain."""

    def __init__(self, client: JsonRpcClient, chain_number: int) -> None:
        self._client = client
        self._chain_number = chain_number
        self._is_checked = False

    def check_chain(self) -> None:
        """Refuse to go on with another chain. Asked until it has answered once.

        Raises:
            AnchorTroubleError: it is another chain.
            OutsideError: the node doesn't say.
        """
        if self._is_checked:
            return
        told = quantity(self._call("eth_chainId"))
        if told != self._chain_number:
            detail = f"{self._client.name} serves the chain {told} instead of {self._chain_number}"
            raise AnchorTroubleError(Trouble.WRONG_CHAIN, detail)
        self._is_checked = True

    def height(self) -> int:
        """Number of the latest block."""
        return count(self._call("eth_blockNumber"))

    def nonce(self, address: str, at: int | str) -> int:
        """How many transactions an account had sent at a block, or with those that wait if `pending`."""
        where = at if isinstance(at, str) else hex(at)
        return count(self._call("eth_getTransactionCount", [address, where]))

    def gas(self, sender: str, to: bytes, call: bytes) -> int:
        """What a call will burn, by estimate.

        Raises:
            AnchorTroubleError: it would fail.
            OutsideError: the node doesn't say.
        """
        asked = {"from": sender, "to": f"0x{to.hex()}", "data": f"0x{call.hex()}"}
        try:
            return quantity(self._call("eth_estimateGas", [asked]))
        except RpcError as error:
            raise AnchorTroubleError(Trouble.WOULD_REVERT, str(error)) from None

    def fees(self) -> Fees:
        """What is paid just now: twice the base fee, which covers six full blocks, and a tip."""
        head = members(self._call("eth_getBlockByNumber", ["latest", False]))
        if head.get("baseFeePerGas") is None:
            return Fees(quantity(self._call("eth_gasPrice")), None)
        tip = self._tip()
        return Fees(2 * quantity(head["baseFeePerGas"]) + tip, tip)

    def send(self, tx_hash: bytes, raw: bytes) -> None:
        """Send a transaction, which the node may have already.

        Raises:
            AnchorTroubleError: the node doesn't want it.
            OutsideError: the node doesn't answer, or nonsense.
        """
        try:
            said = data(self._call("eth_sendRawTransaction", [f"0x{raw.hex()}"]), HASH_BYTES)
        except RpcError as error:
            # There is no code for "I have it already", only words of many kinds.
            if self.find(tx_hash) is None:
                raise AnchorTroubleError(Trouble.NOT_ACCEPTED, str(error)) from None
            return
        if said != tx_hash:
            raise NonsenseError(f"{self._client.name} names another transaction than was sent")

    def find(self, tx_hash: bytes) -> bool | None:
        """Whether a transaction is in a block; None if the node hasn't got it at all."""
        found = self._call("eth_getTransactionByHash", [f"0x{tx_hash.hex()}"])
        return None if found is None else members(found).get("blockHash") is not None

    def close(self) -> None:
        """Close what connections there are."""
        self._client.close()

    def _tip(self) -> int:
        try:
            return quantity(self._call("eth_maxPriorityFeePerGas"))
        except RpcError as error:
            if error.number != _METHOD_NOT_FOUND:
                raise
            return _USUAL_TIP

    def _call(self, method: str, params: Sequence[Any] = ()) -> Any:
        return self._client.call(method, params)
