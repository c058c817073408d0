"""A chain as one endpoint shows it: what it says of a transaction, and how far that goes."""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import Enum
from threading import Lock
from typing import Any, TypeAlias

from ceramic_connectors.awaited import Awaited
from ceramic_connectors.chain_endpoint import ChainEndpoint
from ceramic_connectors.chain_facts import Header, Place, Sent
from ceramic_connectors.chain_index import keeps_everything
from ceramic_connectors.eth_json import count
from ceramic_connectors.expiring import ExpiringCache
from ceramic_connectors.jsonrpc import JsonRpcClient
from ceramic_protocol.errors import OutsideError
from ceramic_protocol.limits import RPC_ENDPOINT_SECONDS, RPC_HEAD_SECONDS
from ceramic_protocol.ports import Transaction

Blocks: TypeAlias = ExpiringCache[tuple[str, Place], Header]
"""Blocks by CAIP-2 chain and place."""


class Doubt(Enum):
    """Why an endpoint has no settled transaction to show."""

    ABSENT = "the chain hasn't got it, and would by now"
    MISSING = "the chain hasn't got it yet"
    SHALLOW = "it isn't in a block yet, or not deep enough"
    SILENT = "no answer, or none that makes sense"


class ChainView:
    """What one endpoint shows, for several threads at once.

    `name` tells the endpoint from others, also in other processes; `declared` is the CAIP-2 chain that it
    should serve, if that is known. `blocks` are those that a quorum agrees on; what a single endpoint says of
    a block isn't remembered, as it may be wrong now and right later. `trouble` is what went wrong when the
    endpoint was last asked, or None.
    """

    def __init__(
        self,
        client: JsonRpcClient,
        *,
        name: str,
        declared: str | None,
        awaited: Awaited,
        blocks: Blocks,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.client = client
        self._clock = clock
        self._name = name
        self._declared = declared
        self._awaited = awaited
        self._heights: ExpiringCache[None, int] = ExpiringCache(1, RPC_HEAD_SECONDS, clock)
        self._endpoints: ExpiringCache[None, ChainEndpoint] = ExpiringCache(1, RPC_ENDPOINT_SECONDS, clock)
        self._index: ExpiringCache[None, bool] = ExpiringCache(1, RPC_ENDPOINT_SECONDS, clock)
        self._blocks = blocks
        # Threads that start together would all ask for the same height, each of its own endpoint.
        self._asking_height, self._naming_endpoint = Lock(), Lock()
        self.trouble: str | None = None

    def may_serve(self, chain_id: str) -> bool:
        """Whether the endpoint should serve that chain, or might as it doesn't say which one it serves."""
        if self._declared is not None:
            return self._declared == chain_id
        told = self._endpoint().chain_id()
        if told not in (None, chain_id):
            self.trouble = None
        return told in (None, chain_id)

    def look(self, chain_id: str, tx_hash: bytes, depth: int) -> Transaction | Doubt:
        """The transaction, if it lies under `depth` blocks of the chain that the endpoint serves."""
        try:
            found = self._look(chain_id, tx_hash, depth)
        except OutsideError as error:
            # What an endpoint rests from says more than that it rests.
            self.trouble = self._endpoint().trouble or str(error)
            return Doubt.SILENT
        self.trouble = None
        return found

    def _look(self, chain_id: str, tx_hash: bytes, depth: int) -> Transaction | Doubt:
        told = self._endpoint().chain_id()
        if told != chain_id:
            raise OutsideError(f"it serves {told or 'a chain that it does not name'} instead of {chain_id}")
        key = f"{self._name} {chain_id} {tx_hash.hex()}"
        value = self._call("eth_getTransactionByHash", [f"0x{tx_hash.hex()}"])
        if value is None:
            return self._judge_absence(chain_id, key, depth)
        sent = Sent.read(value, chain_id, tx_hash)
        if sent.place is None or not self._is_deep(sent.place.number, depth):
            self._awaited.forget(key)
            return Doubt.SHALLOW
        receipt = self._call("eth_getTransactionReceipt", [f"0x{tx_hash.hex()}"])
        return sent.settled(receipt, self._header(chain_id, sent.place))

    def _judge_absence(self, chain_id: str, key: str, depth: int) -> Doubt:
        height = self._height()
        if height < self._awaited.since(key, height) + depth:
            return Doubt.MISSING
        if self._call("eth_syncing", []) is not False:
            raise OutsideError("it hasn't got the whole chain yet, so what it misses may be there")
        if not self._keeps_everything(chain_id):
            raise OutsideError("it forgets old transactions, so what it misses may be there; use another one")
        return Doubt.ABSENT

    def _keeps_everything(self, chain_id: str) -> bool:
        found = self._index.get(None)
        if found is None:
            found = keeps_everything(self._call, chain_id)
            self._index.put(None, found)
        return found

    def _is_deep(self, number: int, depth: int) -> bool:
        return number + depth <= self._height(at_least=number)

    def _height(self, at_least: int = 0) -> int:
        with self._asking_height:
            height = self._heights.get(None)
            if height is None or height < at_least:
                height = count(self._call("eth_blockNumber", []))
                self._heights.put(None, height)
            return height

    def _header(self, chain_id: str, place: Place) -> Header:
        """The block with that number; whether it is still the same one is for the caller to see."""
        known = self._blocks.get((chain_id, place))
        if known is not None:
            return known
        return Header.read(self._call("eth_getBlockByNumber", [hex(place.number), False]), place.number)

    def _call(self, method: str, params: list[Any]) -> Any:
        return self._endpoint().call(method, params)

    def _endpoint(self) -> ChainEndpoint:
        """The endpoint, which may serve another chain by now, so that it is asked for that again at times."""
        with self._naming_endpoint:
            endpoint = self._endpoints.get(None)
            if endpoint is None:
                endpoint = ChainEndpoint(self.client, self._clock)
                self._endpoints.put(None, endpoint)
            return endpoint
