"""Anchors in a contract of an Ethereum chain, through JSON-RPC.

At most one transaction of a nonce gets into the chain. So a batch's transactions share one nonce as long as
any of them may still get in. A new nonce is taken only when another transaction has settled under the old
one, or ours has settled and failed. Which of them got in is told by the port `Chain`, in the way in which
every reader will judge the proof.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, Self

from ceramic_connectors.jsonrpc import JsonRpcClient
from ceramic_connectors.keys import Secret
from ceramic_connectors.rpc_chain import CONFIRMATIONS, RpcChain
from ceramic_node.anchoring.errors import AnchorTroubleError, Trouble
from ceramic_node.anchoring.evm_node import EvmNode
from ceramic_node.anchoring.evm_signing import Account, Call, Fees
from ceramic_node.anchoring.ports import (
    Absent,
    Batch,
    Order,
    Pace,
    Progress,
    Settled,
    Stuck,
    Void,
    Waiting,
)
from ceramic_node.anchoring.proofs import settled, transaction_proof
from ceramic_protocol.anchors import ANCHOR_CONTRACT, ANCHOR_SELECTOR, TX_FAILED
from ceramic_protocol.errors import UsageError
from ceramic_protocol.limits import (
    ANCHOR_DOUBT_SECONDS,
    ANCHOR_PAUSE_SECONDS,
    ANCHOR_STUCK_SECONDS,
    MAX_ANCHOR_BATCHES,
    MAX_ANCHOR_FEE,
    MAX_ANCHOR_GAS,
    MAX_ANCHOR_LEAVES,
    MAX_ANCHOR_PAUSE_SECONDS,
    RPC_CONFIRMATIONS,
)
from ceramic_protocol.merkle import Shape
from ceramic_protocol.ports import Chain

_GAS_RESERVE: Final = 5, 4
"""An estimate is for the state as it is now, so a quarter is added."""

_RAISE: Final = 5, 4
"""Nodes take a transaction in place of another one if it pays at least a tenth more."""


class EvmAnchorer:
    """Anchors by transactions of one account, which should have no other use."""

    def __init__(
        self,
        client: JsonRpcClient,
        chain: Chain,
        secret: Secret,
        *,
        chain_id: str,
        contract: str = ANCHOR_CONTRACT,
        confirmations: int | None = None,
        max_fee: int = MAX_ANCHOR_FEE,
        stuck_after: float = ANCHOR_STUCK_SECONDS,
        pause: float = ANCHOR_PAUSE_SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Name the account and the ways to the chain; nothing is connected yet.

        Args:
            client: takes transactions.
            chain: tells what has become of them, once `confirmations` blocks lie on top.
            secret: of the account that pays.
            chain_id: CAIP-2 chain; another one is refused.
            contract: has `anchorDagCbor(bytes32)`.
            confirmations: as `chain` counts them; None for what `RpcChain` asks for.
            max_fee: wei that one unit of gas may cost.
            stuck_after: seconds without a block after which more is paid.
            pause: seconds until a transaction that was sent is looked at.
            clock: tells unix seconds.

        Raises:
            UsageError: the chain isn't of Ethereum's kind, or the secret or the contract is none.
        """
        kind, _, number = chain_id.partition(":")
        if kind != "eip155" or not number.isascii() or not number.isdecimal():
            raise UsageError(f"{chain_id[:80]!r} is no chain of Ethereum's kind, such as eip155:1")
        self._contract = _address(contract)
        self._chain_id, self._number = chain_id, int(number)
        self._account = Account(secret)
        self._node = EvmNode(client, self._number)
        self._chain = chain
        usual = CONFIRMATIONS.get(chain_id, RPC_CONFIRMATIONS)
        self._depth = usual if confirmations is None else confirmations
        self._max_fee, self._stuck_after, self._pause = max_fee, stuck_after, pause
        self._clock = clock
        self._doubts: dict[int, tuple[int, float]] = {}  # nonce: height and time of the first doubt

    @classmethod
    def at(
        cls,
        urls: Sequence[str],
        secret: Secret,
        *,
        chain_id: str,
        contract: str = ANCHOR_CONTRACT,
        confirmations: int | None = None,
    ) -> Self:
        """The anchorer that sends to the first of these endpoints, and believes more than half of them.

        Raises:
            UsageError: see the constructor; or an address is none.
        """
        if not urls:
            raise UsageError("name at least one endpoint of the chain")
        depths: Mapping[str, int] = CONFIRMATIONS if confirmations is None else {chain_id: confirmations}
        chain = RpcChain({chain_id: urls}, confirmations=depths)
        return cls(
            JsonRpcClient(urls[0]),
            chain,
            secret,
            chain_id=chain_id,
            contract=contract,
            confirmations=confirmations,
        )

    @property
    def address(self) -> str:
        """The account, which has to be allowed by the contract and to have what gas costs."""
        return self._account.address

    @property
    def name(self) -> str:
        """Chain, contract and account."""
        return f"{self._chain_id} 0x{self._contract.hex()} by {self.address}"

    @property
    def pace(self) -> Pace:
        """Trees of js-ceramic's shape, whose root every reader takes; several transactions at once."""
        return Pace(Shape.CAS, MAX_ANCHOR_LEAVES, MAX_ANCHOR_BATCHES, self._pause, MAX_ANCHOR_PAUSE_SECONDS)

    def prepare(self, batch: Batch, mine: Sequence[Order], others: Iterable[Order]) -> Order:
        """See `Anchorer`."""
        self._node.check_chain()
        data = ANCHOR_SELECTOR + batch.root.digest
        estimate = self._node.gas(self.address, self._contract, data)
        gas = min(estimate * _GAS_RESERVE[0] // _GAS_RESERVE[1], MAX_ANCHOR_GAS)
        if estimate > gas:
            raise AnchorTroubleError(Trouble.WOULD_REVERT, f"it would burn {estimate} gas")
        fees = self._fees(mine)
        if mine:
            nonce = mine[-1].terms["nonce"]
        else:
            after = max((order.terms["nonce"] + 1 for order in others), default=0)
            nonce = max(self._node.nonce(self.address, "pending"), after)
        tx_hash, raw = self._account.sign(Call(self._number, nonce, gas, self._contract, data, fees))
        terms = {"nonce": nonce, "fee": fees.fee}
        if fees.tip is not None:
            terms["tip"] = fees.tip
        return Order(tx_hash, raw, self._clock(), terms)

    def submit(self, order: Order) -> None:
        """See `Anchorer`."""
        self._node.check_chain()
        self._node.send(order.key, order.body)

    def look(self, batch: Batch, orders: Sequence[Order]) -> Progress:
        """See `Anchorer`."""
        for order in orders:
            proof = transaction_proof(batch.root, order.key, self._chain_id)
            found = settled(proof, self._chain, f"0x{self._contract.hex()}")
            if isinstance(found, Settled):
                return found
            if found.reason is TX_FAILED:
                return Void(found.detail)
        return self._judge(orders)

    def close(self) -> None:
        """Close what connections there are."""
        self._node.close()
        if isinstance(self._chain, RpcChain):
            self._chain.close()

    def _judge(self, orders: Sequence[Order]) -> Progress:
        """What has become of transactions that haven't settled. They share their nonce."""
        self._node.check_chain()
        nonce = orders[-1].terms["nonce"]
        # In this order: a transaction that isn't there *after* its nonce was used will never be.
        head = self._node.height()
        is_used = self._node.nonce(self.address, max(head - self._depth, 0)) > nonce
        places = [self._node.find(order.key) for order in orders]
        if is_used and not any(places):
            return self._doubt(nonce, head)
        self._doubts.pop(nonce, None)
        if any(places):
            return Waiting("in a block, not deep enough yet")
        if all(place is None for place in places):
            return Absent("the node hasn't got the transaction")
        return self._in_line(orders[-1], nonce)

    def _doubt(self, nonce: int, head: int) -> Progress:
        """Another transaction seems to have the nonce.

        The questions may have gone to several nodes behind one address, of which some lag; and a node counts
        a transaction a moment before it shows it. So that has to be so for a while.
        """
        since, at = self._doubts.setdefault(nonce, (head, self._clock()))
        if head < since + self._depth or self._clock() < at + ANCHOR_DOUBT_SECONDS:
            return Waiting(f"another transaction seems to have the nonce {nonce}")
        del self._doubts[nonce]
        return Void(f"another transaction has the nonce {nonce}")

    def _in_line(self, last: Order, nonce: int) -> Progress:
        if self._clock() - last.made_at <= self._stuck_after:
            return Waiting("waits for a block")
        if self._node.nonce(self.address, "latest") < nonce:
            return Waiting(f"waits for transactions before the nonce {nonce}")
        return Stuck(f"no block has taken it for {self._stuck_after:.0f} s")

    def _fees(self, mine: Sequence[Order]) -> Fees:
        """Fees of today, and enough more than those of the last transaction that it would replace.

        Raises:
            AnchorTroubleError: these are more than may be paid.
        """
        fees = self._node.fees()
        if mine:
            terms = mine[-1].terms
            tip = None if fees.tip is None else max(fees.tip, _raised(terms.get("tip", terms["fee"])))
            fees = Fees(max(fees.fee, _raised(terms["fee"])), tip)
        if fees.fee > self._max_fee:
            detail = f"a unit of gas costs {fees.fee} wei, and may cost {self._max_fee}"
            raise AnchorTroubleError(Trouble.FEE_TOO_HIGH, detail)
        return fees


def _raised(amount: int) -> int:
    return amount * _RAISE[0] // _RAISE[1] + 1


def _address(text: str) -> bytes:
    try:
        found = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        found = b""
    if len(found) != 20:
        raise UsageError(f"{text[:80]!r} is no address")
    return found
