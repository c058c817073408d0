"""Whether an endpoint keeps transactions as old as Ceramic's first anchors.

Many nodes forget which block an old transaction is in: Geth by default after a year. Asked for one they say
the same as of a transaction that never was. So their word on that counts only if they know a very old one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ceramic_connectors.eth_json import NonsenseError, members
from ceramic_protocol.limits import RPC_INDEX_BLOCKS

BEFORE_ANCHORS: Final = {"eip155:1": 12_000_000, "eip155:100": 15_000_000, "eip155:11155111": 3_000_000}
"""A block from before Ceramic's first anchor on the chain; others' endpoints are taken to keep everything."""


def keeps_everything(call: Callable[[str, list[Any]], Any], chain_id: str) -> bool:
    """Whether an endpoint of that chain finds a transaction that is older than any anchor.

    Args:
        call: calls a method there with parameters.
        chain_id: CAIP-2 chain.

    Raises:
        OutsideError: it doesn't answer, or not in a form that makes sense.
    """
    start = BEFORE_ANCHORS.get(chain_id)
    if start is None:
        return True
    for number in range(start, start + RPC_INDEX_BLOCKS):
        block = call("eth_getBlockByNumber", [hex(number), False])
        if block is None:
            return False
        listed = members(block).get("transactions")
        if not isinstance(listed, list):
            raise NonsenseError(f"block {number} has no list of transactions")
        if listed:
            return call("eth_getTransactionByHash", [listed[0]]) is not None
    return False
