"""A real Ethereum node on this machine: Foundry's anvil, one static program, with a chain of its own.

It mines a block for each transaction. Beside the usual methods it has `evm_setNextBlockTimestamp`,
`evm_mine`, `anvil_setCode` and `anvil_reorg`, and it signs for the accounts of `eth_accounts`.
"""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pytest

from ceramic_connectors.jsonrpc import JsonRpcClient
from tests.support import npm

GENESIS = 1_700_000_000
"""The first block's time."""
START_SECONDS = 60
MINED_SECONDS = 60

_PACKAGE = Path(__file__).parent / "anvil"
_PROGRAM = Path("node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil")
_LISTENING = re.compile(r"^Listening on (\S+)\n", re.MULTILINE)


@dataclass(frozen=True)
class Evm:
    """A running node."""

    url: str
    chain_id: str
    client: JsonRpcClient

    def rpc(self, method: str, *params: Any) -> Any:
        """The result of calling a method."""
        return self.client.call(method, params)

    def mine(self, timestamp: int) -> dict[str, Any]:
        """A new block with that time, in unix seconds."""
        self.rpc("evm_setNextBlockTimestamp", timestamp)
        self.rpc("evm_mine")
        block: dict[str, Any] = self.rpc("eth_getBlockByNumber", "latest", False)
        return block

    def deploy(self, code: bytes) -> str:
        """The address of a new contract with that code."""
        order = {"from": self.rpc("eth_accounts")[0], "data": f"0x{(_constructor(len(code)) + code).hex()}"}
        receipt = self.receipt(self.rpc("eth_sendTransaction", order))
        assert receipt["status"] == "0x1"
        address: str = receipt["contractAddress"]
        return address

    def receipt(self, tx_hash: str) -> dict[str, Any]:
        """The receipt of a transaction, as soon as it is mined."""
        give_up = time.monotonic() + MINED_SECONDS
        while time.monotonic() < give_up:
            receipt: dict[str, Any] | None = self.rpc("eth_getTransactionReceipt", tx_hash)
            if receipt is not None:
                return receipt
            time.sleep(0.005)
        raise AssertionError(f"{tx_hash} isn't mined")


def _constructor(length: int) -> bytes:
    """Code for a deployment that returns the code behind it."""
    return assemble(f"""
        61 {length:04x}  PUSH2 length
        80               DUP1
        60 0c            PUSH1 12, the length of this constructor
        60 00            PUSH1 0
        39               CODECOPY: memory[0:length] = code[12:]
        60 00            PUSH1 0
        f3               RETURN memory[0:length]
    """)


def assemble(listing: str) -> bytes:
    """The bytes of a listing: in each line hexadecimal bytes, then two blanks and what they do."""
    lines = (line.strip().partition("  ")[0] for line in listing.splitlines())
    return b"".join(map(bytes.fromhex, lines))


@contextmanager
def running(chain_id: int = 1337) -> Iterator[Evm]:
    """A new node; where it can't run, the test is skipped."""
    command = [_program(), "--host", "127.0.0.1", "--port", "0"]
    command += ["--chain-id", str(chain_id), "--timestamp", str(GENESIS)]
    with tempfile.TemporaryFile("w+") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            url = _url(process, log)
            with closing(JsonRpcClient(url)) as client:
                yield Evm(url, f"eip155:{chain_id}", client)
        finally:
            process.kill()


def _program() -> str:
    if sys.platform == "linux" and platform.machine() == "x86_64":
        return str(npm.installed(_PACKAGE) / _PROGRAM)
    found = shutil.which("anvil")
    if found is None:
        pytest.skip("anvil's package is for Linux on x86-64, and there is no anvil on the path")
    return found


def _url(process: subprocess.Popen[bytes], log: IO[str]) -> str:
    """Where the node listens, as it says at the end of its greeting."""
    give_up = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < give_up:
        log.seek(0)
        found = _LISTENING.search(log.read())
        if found is not None:
            return f"http://{found[1]}"
        time.sleep(0.01)
    log.seek(0)
    raise AssertionError(f"anvil didn't start: {log.read()[-1000:]}")
