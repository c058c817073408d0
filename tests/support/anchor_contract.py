"""The contract that anchors go to (CIP-110), as code of the EVM, without its list of allowed senders."""

from __future__ import annotations

from ceramic_protocol.accounts.hashes import keccak256
from ceramic_protocol.anchors import ANCHOR_CONTRACT, ANCHOR_SELECTOR
from ceramic_protocol.cid import Cid
from tests.support.evm import MINED_SECONDS, Evm, assemble
from tests.support.waiting import wait_until

TOPIC = keccak256(b"DidAnchor(address,bytes32)")

CODE = assemble(f"""
    5f 35 60 e0 1c  the selector: the first word of the input, shifted right by 224 bits
    63 {ANCHOR_SELECTOR.hex()} 14  is it anchorDagCbor(bytes32)?
    36 60 24 14 16  and has the input 36 bytes?
    60 16 57  then go on at 0x16
    5f 5f fd  revert
    5b  0x16
    60 04 35 5f 52  memory[00] = root
    33 7f {TOPIC.hex()}  topics: DidAnchor and, indexed, the sender
    60 20 5f a2  LOG2 memory[00:20]
    00  stop
""")
"""Logs `DidAnchor(address indexed service, bytes32 root)`; reverts for any other call."""

REFUSES = assemble("5f 5f fd  revert")
"""A contract in whose place nothing can be anchored."""

GAS = "0x186a0"


def put(node: Evm, code: bytes = CODE, address: str = ANCHOR_CONTRACT) -> None:
    """Put a contract at the address where Ceramic's is on every chain."""
    node.rpc("anvil_setCode", address, f"0x{code.hex()}")


def send(node: Evm, root: Cid, to: str = ANCHOR_CONTRACT) -> bytes:
    """Send an anchor transaction; it is mined unless the node was told not to.

    Returns:
        Its hash.
    """
    data = ANCHOR_SELECTOR + root.digest
    order = {"from": node.rpc("eth_accounts")[0], "to": to, "data": f"0x{data.hex()}", "gas": GAS}
    tx_hash: str = node.rpc("eth_sendTransaction", order)
    return bytes.fromhex(tx_hash[2:])


def anchor(node: Evm, root: Cid, to: str = ANCHOR_CONTRACT) -> bytes:
    """Send an anchor transaction and wait until it is mined."""
    tx_hash = send(node, root, to)
    node.receipt(f"0x{tx_hash.hex()}")
    # On a busy machine the receipt is there a moment before all else that is said of the transaction.
    wait_until(lambda: _is_settled(node, f"0x{tx_hash.hex()}"), MINED_SECONDS)
    return tx_hash


def _is_settled(node: Evm, tx_hash: str) -> bool:
    number = node.rpc("eth_getTransactionByHash", tx_hash).get("blockNumber")
    return number is not None and int(node.rpc("eth_blockNumber"), 16) >= int(number, 16)
