"""The JSON-RPC server that comes with the sample, which answers from its transactions."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tests.support import corpus, vectors

SCRIPT: Final = vectors.CORPUS / "mock_rpc.py"
_LISTENING: Final = re.compile(r"mock rpc on (http://127\.0\.0\.1:\d+) ")
_CHAINS: Final = ("1337", "100")


@contextmanager
def sample_node() -> Iterator[str]:
    """The address of the running server; a chain is below it, by its number."""
    command = [sys.executable, str(SCRIPT), str(corpus.CHAIN), "--port", "0", "--quiet"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            greeting = _LISTENING.match(process.stdout.readline())
            assert greeting is not None
            yield greeting[1]
        finally:
            process.kill()


def rpc_options(address: str) -> list[str]:
    """The options of a command that asks the server about all its chains."""
    return [option for chain in _CHAINS for option in ("--rpc", f"{address}/{chain}")]
