"""Timing in rounds: everything that is compared runs in turn, so that a noisy minute hits all of it alike."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from time import perf_counter
from typing import Any

from bench.figure import number_text


@dataclass(frozen=True, slots=True)
class Timing:
    """µs per item, one number for each round."""

    rounds: tuple[float, ...]
    items: int

    @property
    def micros(self) -> float:
        """The median."""
        return median(self.rounds)

    @property
    def note(self) -> str:
        """Repetitions and spread in words."""
        return f"{len(self.rounds)} × {self.items:,}, {spread(self.rounds)}"

    def minus(self, *others: Timing) -> Timing:
        """What is left without these, round by round."""
        rest = (
            whole - sum(parts) for whole, *parts in zip(self.rounds, *(o.rounds for o in others), strict=True)
        )
        return Timing(tuple(rest), self.items)


def spread(values: Sequence[float]) -> str:
    """The middle half of the values in words, or all of them if they are few."""
    if len(values) < 4:
        return f"all in {number_text(min(values))}–{number_text(max(values))}"
    lower, _, upper = quantiles(values, n=4)
    return f"half in {number_text(lower)}–{number_text(upper)}"


def measure(
    actions: Mapping[str, Callable[[Any], object]],
    inputs: Mapping[str, Sequence[Any]],
    rounds: int,
) -> dict[str, Timing]:
    """Time actions on their inputs, in turn, after one round that doesn't count.

    Args:
        actions: what to call with each input, by name.
        inputs: the inputs of each action.
        rounds: how often.
    """
    found: dict[str, list[float]] = {name: [] for name in actions}
    for _ in range(rounds + 1):
        for name, action in actions.items():
            found[name].append(time_batch(action, inputs[name]))
    return {name: Timing(tuple(times[1:]), len(inputs[name])) for name, times in found.items()}


def time_batch(action: Callable[[Any], object], inputs: Sequence[Any]) -> float:
    """µs per input of one pass, without garbage collection."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        started = perf_counter()
        for item in inputs:
            action(item)
        seconds = perf_counter() - started
    finally:
        if was_enabled:
            gc.enable()
    return seconds / len(inputs) * 1e6
