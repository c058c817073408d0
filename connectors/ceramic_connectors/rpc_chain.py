"""Anchor transactions by JSON-RPC, at endpoints of Ethereum nodes.

What is told is settled: the transaction lies deep enough in the chain, its members hash to its hash, and its
receipt and block belong to it. Everything else is pending, and asking again later may settle it.
"""

from __future__ import annotations

import hashlib
import math
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final, TypeAlias

from ceramic_connectors.awaited import AwaitedInFile, AwaitedInMemory
from ceramic_connectors.chain_facts import Header, Place
from ceramic_connectors.chain_view import Blocks, ChainView
from ceramic_connectors.chain_votes import decide
from ceramic_connectors.expiring import ExpiringCache
from ceramic_connectors.jsonrpc import JsonRpcClient
from ceramic_connectors.turns import Turns
from ceramic_protocol.errors import UsageError
from ceramic_protocol.limits import (
    MAX_BATCH_EVENTS,
    MAX_CACHED_CHAIN_HEADERS,
    MAX_CACHED_TRANSACTIONS,
    RPC_CONFIRMATIONS,
    RPC_HEAD_SECONDS,
    RPC_PREFETCH_THREADS,
    RPC_SECONDS,
)
from ceramic_protocol.ports import Transaction
from ceramic_protocol.reasons import Finding, Reason

CONFIRMATIONS: Final[Mapping[str, int]] = {"eip155:1337": 0, "eip155:31337": 0}
"""How deep a transaction has to lie, by chain; `RPC_CONFIRMATIONS` for all others. Development chains, which
these two are, make a block when there is something to put in, and have no forks."""

Urls: TypeAlias = Sequence[str] | Mapping[str, Sequence[str]]
_CHAIN_ID: Final = re.compile(r"eip155:(?:0|[1-9][0-9]{0,31})")


class RpcChain:
    """The port `Chain` by JSON-RPC. Can be pickled; connections and what is remembered stay behind.

    Where several endpoints serve a chain, a quorum of them has to agree. One that fails rests for
    `RPC_REST_SECONDS`. Settled transactions and blocks are remembered, all else for `RPC_HEAD_SECONDS`.

    A transaction that the chain hasn't got is pending until the chain has grown by the confirmations, counted
    from when that endpoint was first asked for it or last had it; then it is unknown, if the endpoint is at
    the chain's tip and keeps old transactions. Without `notes` the counting begins anew with each process.
    """

    def __init__(
        self,
        urls: Urls,
        *,
        quorum: int | None = None,
        confirmations: int | Mapping[str, int] = CONFIRMATIONS,
        notes: Path | None = None,
        timeout: float = RPC_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Name the endpoints; nothing is connected yet.

        Args:
            urls: endpoints of any number of chains, or of each CAIP-2 chain its endpoints. In the first form
                an endpoint that doesn't say which chain it serves may be of any, and counts for the quorum.
            quorum: how many have to agree; by default more than half of those of the chain.
            confirmations: blocks on top of a transaction's, for all chains or by chain; chains that aren't
                there need `RPC_CONFIRMATIONS`.
            notes: a file that remembers, from one process to the next, since when a transaction is missing.
            timeout: for one answer, in seconds.
            clock: tells the seconds that rests and answers are measured in.

        Raises:
            UsageError: an address, chain or number makes no sense.
        """
        # The same endpoint twice would vote twice.
        listed = list(dict.fromkeys(_declared(urls)))
        depths = [confirmations] if isinstance(confirmations, int) else confirmations.values()
        if quorum is not None and not 0 < quorum <= len(listed):
            raise UsageError(f"{len(listed)} endpoints can't make a quorum of {quorum}")
        if any(depth < 0 for depth in depths):
            raise UsageError("a transaction can't have fewer than 0 confirmations")
        self._copy = partial(
            RpcChain,
            urls,
            quorum=quorum,
            confirmations=confirmations,
            notes=notes,
            timeout=timeout,
            clock=clock,
        )
        self._quorum = quorum
        self._confirmations = confirmations
        awaited = AwaitedInMemory() if notes is None else AwaitedInFile(notes)
        self._blocks: Blocks = ExpiringCache(MAX_CACHED_CHAIN_HEADERS, math.inf)
        self._views = [
            ChainView(
                JsonRpcClient(url, timeout),
                name=_name(url),
                declared=declared,
                awaited=awaited,
                blocks=self._blocks,
                clock=clock,
            )
            for declared, url in listed
        ]
        self._settled: ExpiringCache[tuple[str, bytes], Transaction] = ExpiringCache(
            MAX_CACHED_TRANSACTIONS, math.inf
        )
        self._turns: Turns[tuple[str, bytes]] = Turns()
        self._recent: ExpiringCache[tuple[str, bytes], Finding] = ExpiringCache(
            MAX_CACHED_TRANSACTIONS, RPC_HEAD_SECONDS, clock
        )

    def __reduce__(self) -> tuple[Callable[[], RpcChain], tuple[()]]:
        return self._copy, ()

    def transaction(self, chain_id: str, tx_hash: bytes) -> Transaction | Finding:
        """The transaction with that hash on that CAIP-2 chain.

        Returns:
            The settled transaction; `ANCHOR_TX_UNKNOWN`; or a reason that is pending, with what went wrong.
        """
        key = (chain_id, tx_hash)
        known = self._known(key)
        if known is not None:
            return known
        with self._turns.of(key):
            return self._known(key) or self._ask_and_remember(key)

    def _known(self, key: tuple[str, bytes]) -> Transaction | Finding | None:
        return self._settled.get(key) or self._recent.get(key)

    def _ask_and_remember(self, key: tuple[str, bytes]) -> Transaction | Finding:
        chain_id, tx_hash = key
        found = self._ask(chain_id, tx_hash)
        if isinstance(found, Transaction):
            place = Place(found.block_number, found.block_hash or b"")
            self._blocks.put((chain_id, place), Header(place, found.timestamp))
            self._settled.put(key, found)
        else:
            self._recent.put(key, found)
        return found

    def prefetch(self, wanted: Iterable[tuple[str, bytes]]) -> int:
        """Look many transactions up at a time, so that asking for them afterwards costs no round trips.

        Args:
            wanted: CAIP-2 chain and hash of each, any of them several times.

        Returns:
            How many different ones are pending; some may be counted again in every `MAX_BATCH_EVENTS`.
        """
        rest, pending = iter(wanted), 0
        with ThreadPoolExecutor(RPC_PREFETCH_THREADS, "anchors") as pool:
            while batch := dict.fromkeys(islice(rest, MAX_BATCH_EVENTS)):
                pending += sum(map(_is_pending, pool.map(lambda key: self.transaction(*key), batch)))
        return pending

    def troubles(self) -> Mapping[str, str]:
        """What went wrong at endpoints when they were last asked, by their scheme, host and port."""
        return {view.client.name: view.trouble for view in self._views if view.trouble is not None}

    def close(self) -> None:
        """Close what connections there are; the next question makes new ones."""
        for view in self._views:
            view.client.close()

    def _ask(self, chain_id: str, tx_hash: bytes) -> Transaction | Finding:
        views = [view for view in self._views if view.may_serve(chain_id)]
        if not views:
            return Finding(Reason.ANCHOR_CHAIN_UNKNOWN, "no endpoint serves that chain")
        # One that failed last time is asked only if it takes its voice, so that it keeps nobody waiting.
        views.sort(key=lambda view: view.trouble is not None)
        depth = self._depth(chain_id)
        answers = (view.look(chain_id, tx_hash, depth) for view in views)
        found = decide(answers, self._quorum or len(views) // 2 + 1)
        if isinstance(found, Transaction) or found.is_certain:
            return found
        troubles = [f"{view.client.name}: {view.trouble}" for view in views if view.trouble is not None]
        return found._replace(detail="; ".join([found.detail, *troubles]))

    def _depth(self, chain_id: str) -> int:
        if isinstance(self._confirmations, int):
            return self._confirmations
        return self._confirmations.get(chain_id, RPC_CONFIRMATIONS)


def _is_pending(found: Transaction | Finding) -> bool:
    return isinstance(found, Finding) and not found.is_certain


def _name(url: str) -> str:
    """Tells an endpoint from others without its address, which may hold a key."""
    return hashlib.sha256(url.encode()).hexdigest()[:16]


def _declared(urls: Urls) -> list[tuple[str | None, str]]:
    """Each address with the chain that it is said to serve."""
    if isinstance(urls, str):
        raise UsageError("endpoints come as a list of addresses, also if there is only one")
    if not isinstance(urls, Mapping):
        return [(None, url) for url in urls]
    for chain_id in urls:
        if not _CHAIN_ID.fullmatch(chain_id):
            raise UsageError(f"{chain_id[:80]!r} is no chain of Ethereum's kind, such as eip155:1")
    return [(chain_id, url) for chain_id, listed in urls.items() for url in listed]
