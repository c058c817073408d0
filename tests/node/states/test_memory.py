"""The store of states in memory keeps what the port promises."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from ceramic_node.states.memory import MemoryStates
from ceramic_node.states.port import StateStore
from tests.node.states.states_contract import StatesContract


class TestMemoryStates(StatesContract):
    def opened(self, folder: Path) -> AbstractContextManager[StateStore]:
        del folder
        return nullcontext(MemoryStates())
