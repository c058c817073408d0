"""All implementations of the port `Chain` under one suite."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ceramic_connectors.chain import FileChain
from ceramic_connectors.dev_chain import DevChain
from ceramic_connectors.dev_server import DevChainServer
from ceramic_connectors.rpc_chain import RpcChain
from tests.connectors.chain_contract import CHAIN_ID, ROOTS, TIMES, ChainContract, Held, closed
from tests.support import anchor_contract, evm


def dev_chain(path: Path | None = None) -> Held:
    """A development chain that holds what it should, closed if it has a file."""
    moments = iter(TIMES)
    chain = DevChain(clock=lambda: next(moments), path=path)
    held = Held(chain, [chain.anchor(root) for root in ROOTS])
    chain.close()
    return held


class TestFileChain(ChainContract):
    @classmethod
    @contextmanager
    def holding(cls, folder: Path) -> Iterator[Held]:
        held = dev_chain(folder / "chain.json")
        yield Held(FileChain.load(folder / "chain.json"), held.hashes)


class TestDevChain(ChainContract):
    @classmethod
    @contextmanager
    def holding(cls, folder: Path) -> Iterator[Held]:
        del folder
        yield dev_chain()


class TestDevChainAgain(ChainContract):
    """The chain as it comes back from its file."""

    @classmethod
    @contextmanager
    def holding(cls, folder: Path) -> Iterator[Held]:
        held = dev_chain(folder / "chain.json")
        with DevChain(path=folder / "chain.json") as chain:
            yield Held(chain, held.hashes)


class TestRpcChain(ChainContract):
    @classmethod
    @contextmanager
    def holding(cls, folder: Path) -> Iterator[Held]:
        del folder
        held = dev_chain()
        assert isinstance(held.chain, DevChain)
        with DevChainServer(held.chain) as server, closed(RpcChain([server.url])) as port:
            yield Held(port, held.hashes)


class TestRpcChainOfThree(ChainContract):
    """A quorum of endpoints of which one can't be reached."""

    @classmethod
    @contextmanager
    def holding(cls, folder: Path) -> Iterator[Held]:
        del folder
        held = dev_chain()
        assert isinstance(held.chain, DevChain)
        with DevChainServer(held.chain) as first, DevChainServer(held.chain) as second:
            with DevChainServer(held.chain) as third:
                urls = [third.url, first.url, second.url]
            with closed(RpcChain({CHAIN_ID: urls})) as port:
                yield Held(port, held.hashes)


class TestRpcChainOfANode(ChainContract):
    """A real node, with the anchor contract in place."""

    @classmethod
    @contextmanager
    def holding(cls, folder: Path) -> Iterator[Held]:
        del folder
        with evm.running() as node, closed(RpcChain([node.url])) as port:
            anchor_contract.put(node)
            node.mine(TIMES[0] - 1)
            hashes = []
            for root, stamp in zip(ROOTS, TIMES, strict=True):
                node.rpc("evm_setNextBlockTimestamp", stamp)
                hashes.append(anchor_contract.anchor(node, root))
            yield Held(port, hashes)
