"""How long a thread may keep the interpreter while a node is at work."""

from __future__ import annotations

import sys

from ceramic_node.short_turns import SHORT_TURNS


def test_turns_are_short_until_the_last_one_is_done() -> None:
    before = sys.getswitchinterval()
    SHORT_TURNS.begin()
    SHORT_TURNS.begin()
    SHORT_TURNS.end()
    assert sys.getswitchinterval() < before
    SHORT_TURNS.end()
    assert sys.getswitchinterval() == before
