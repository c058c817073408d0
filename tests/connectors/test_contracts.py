from __future__ import annotations

import pickle
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest
from coincurve import PrivateKey

from ceramic_connectors.contracts import RpcContracts
from ceramic_protocol.errors import UsageError
from ceramic_protocol.limits import (
    MAX_WALLET_ANSWER_SECONDS,
    MAX_WALLET_SIGNATURE_BYTES,
)
from ceramic_protocol.ports import Contracts
from ceramic_protocol.reasons import Finding, Reason
from tests.support import evm, wallets
from tests.support.web import closed_port

LOCAL = "eip155:1337"
UNKNOWN = Reason.CACAO_CONTRACT_UNKNOWN


def said(contracts: RpcContracts, *question: Any) -> bool | Reason:
    """The contract's answer, or the code that stands for none."""
    answer = contracts.accepts(*question)
    return answer.reason if isinstance(answer, Finding) else answer


OWNER, STRANGER = PrivateKey(b"\1" * 32), PrivateKey(b"\2" * 32)
DIGEST = bytes(range(32))
GOOD = wallets.sign(OWNER, DIGEST)
NOBODY = "0x" + "ab" * 20
YES, NO = "0x1626ba7e" + "00" * 28, "0x" + "ff" * 32


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def node() -> Iterator[evm.Evm]:
    with evm.running() as running:
        yield running


@pytest.fixture(scope="module")
def wallet(node: evm.Evm) -> str:
    return node.deploy(wallets.wallet(wallets.address(OWNER)))


@pytest.fixture
def contracts(node: evm.Evm) -> Iterator[RpcContracts]:
    with closing(RpcContracts([node.url])) as port:
        yield port


def test_it_is_the_port(contracts: RpcContracts) -> None:
    port: Contracts = contracts
    assert port is contracts
    assert said(contracts, "eip155:1", NOBODY, DIGEST, GOOD) is UNKNOWN


def test_the_owner_signed(contracts: RpcContracts, wallet: str) -> None:
    for number in range(20):
        digest = bytes([number]) * 32
        assert said(contracts, LOCAL, wallet, digest, wallets.sign(OWNER, digest)) is True


def test_addresses_in_any_case(contracts: RpcContracts, wallet: str) -> None:
    assert said(contracts, LOCAL, "0x" + wallet[2:].upper(), DIGEST, GOOD) is True


@pytest.mark.parametrize(
    ("digest", "signature"),
    [
        (DIGEST, wallets.sign(STRANGER, DIGEST)),
        (bytes(32), GOOD),
        (DIGEST, b""),
        (DIGEST, b"garbage"),
        (DIGEST, bytes(65)),
        (DIGEST, b"\xff" * 65),
        (DIGEST, GOOD[:-1]),
        (DIGEST, GOOD + b"\0"),
        (DIGEST, GOOD[32:64] + GOOD[:32] + GOOD[64:]),
        (DIGEST, GOOD[:64] + bytes([GOOD[64] ^ 7])),
        (DIGEST, b"\xff" * MAX_WALLET_SIGNATURE_BYTES),
    ],
)
def test_what_the_owner_did_not_sign(
    contracts: RpcContracts, wallet: str, digest: bytes, signature: bytes
) -> None:
    assert said(contracts, LOCAL, wallet, digest, signature) is False


@pytest.mark.parametrize("kind", wallets.BAD)
def test_bad_contracts(node: evm.Evm, contracts: RpcContracts, wallet: str, kind: str) -> None:
    bad = node.deploy(wallets.BAD[kind])
    assert said(contracts, LOCAL, bad, DIGEST, GOOD) is False
    assert said(contracts, LOCAL, wallet, DIGEST, GOOD) is True  # the endpoint got no rest for it


@pytest.mark.parametrize(
    "address",
    [NOBODY, "0x" + wallets.address(OWNER).hex(), *(f"0x{number:040x}" for number in range(18))],
)
def test_accounts_and_precompiles(contracts: RpcContracts, address: str) -> None:
    assert said(contracts, LOCAL, address, DIGEST, GOOD) is False


def test_the_gas_is_capped(node: evm.Evm, contracts: RpcContracts) -> None:
    assert said(contracts, LOCAL, node.deploy(wallets.FRUGAL), DIGEST, b"") is True


def test_contracts_change_their_mind(node: evm.Evm) -> None:
    clock, turncoat = Clock(), node.deploy(wallets.wallet(wallets.address(OWNER)))
    with closing(RpcContracts([node.url], clock=clock)) as contracts:
        assert said(contracts, LOCAL, turncoat, DIGEST, GOOD) is True
        sold = wallets.wallet(wallets.address(STRANGER)).hex()
        node.rpc("anvil_setCode", turncoat, f"0x{sold}")
        clock.now += MAX_WALLET_ANSWER_SECONDS - 1
        assert said(contracts, LOCAL, turncoat, DIGEST, GOOD) is True
        clock.now += 1
        assert said(contracts, LOCAL, turncoat, DIGEST, GOOD) is False
        assert said(contracts, LOCAL, turncoat, DIGEST, wallets.sign(STRANGER, DIGEST)) is True


def test_endpoints_of_several_chains(node: evm.Evm, wallet: str) -> None:
    with evm.running(5) as other, closing(RpcContracts([other.url, closed_port(), node.url])) as contracts:
        assert said(contracts, LOCAL, wallet, DIGEST, GOOD) is True
        assert said(contracts, "eip155:5", wallet, DIGEST, GOOD) is False  # nobody is there
        assert said(contracts, "eip155:1", wallet, DIGEST, GOOD) is UNKNOWN
        assert said(contracts, "solana:1337", wallet, DIGEST, GOOD) is UNKNOWN


def test_a_node_that_goes_away() -> None:
    with evm.running() as node, closing(RpcContracts([node.url])) as contracts:
        wallet = node.deploy(wallets.wallet(wallets.address(OWNER)))
        assert said(contracts, LOCAL, wallet, DIGEST, GOOD) is True
    assert said(contracts, LOCAL, wallet, DIGEST, GOOD) is True  # remembered
    assert said(contracts, LOCAL, wallet, bytes(32), GOOD) is UNKNOWN


def test_a_copy_for_another_process(contracts: RpcContracts, wallet: str) -> None:
    assert said(contracts, LOCAL, wallet, DIGEST, GOOD) is True
    with closing(pickle.loads(pickle.dumps(contracts))) as copy:
        assert said(copy, LOCAL, wallet, DIGEST, GOOD) is True


def test_many_threads(contracts: RpcContracts, wallet: str) -> None:
    def ask(number: int) -> bool | Reason:
        digest = bytes([number // 4]) * 32
        signer = OWNER if number % 2 else STRANGER
        return said(contracts, LOCAL, wallet, digest, wallets.sign(signer, digest))

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(200))) == [number % 2 == 1 for number in range(200)]


def test_no_endpoints() -> None:
    assert said(RpcContracts([]), LOCAL, NOBODY, DIGEST, GOOD) is UNKNOWN
    with pytest.raises(UsageError):
        RpcContracts(["not an address"])
