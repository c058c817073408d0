"""Threads that want the same thing."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from ceramic_connectors.turns import Turns


def test_one_does_it_and_the_others_find_it_done() -> None:
    turns: Turns[int] = Turns()
    done: dict[int, int] = {}
    made = []

    def get(key: int) -> int:
        with turns.of(key):
            if key not in done:
                time.sleep(0.01)
                made.append(key)
                done[key] = key * 2
            return done[key]

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(get, list(range(10)) * 20)) == [key * 2 for key in range(10)] * 20
    assert sorted(made) == list(range(10))
    assert turns._waiting == {}


def test_keys_dont_wait_for_one_another() -> None:
    turns: Turns[str] = Turns()
    with turns.of("a"), turns.of("b"):
        assert set(turns._waiting) == {"a", "b"}


def test_a_failure_leaves_the_turn_to_the_next() -> None:
    turns: Turns[str] = Turns()
    for _ in range(2):
        with pytest.raises(ValueError, match="no"), turns.of("a"):
            raise ValueError("no")
    assert turns._waiting == {}
