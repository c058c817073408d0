"""Figures beside what they have to be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bench.figure import Figure, number_text


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure has to be: at least, or at most, so much."""

    figure: str
    part: Literal["value", "ratio"]
    sign: Literal["≥", "≤"]
    limit: float

    def is_met(self, figure: Figure) -> bool:
        """Whether it is."""
        value = self._value(figure)
        return value >= self.limit if self.sign == "≥" else value <= self.limit

    def line(self, figure: Figure) -> str:
        """Both, and which of them it comes to."""
        said = "PASS" if self.is_met(figure) else "FAIL"
        if self.part == "value":
            unit, limit = f" {figure.unit}", number_text(self.limit)
        else:
            unit, limit = f" × {figure.beside_name}", f"{self.limit:g}"
        return f"{said}  {self.figure}: {number_text(self._value(figure))}{unit} [{self.sign} {limit}]"

    def _value(self, figure: Figure) -> float:
        return figure.value if self.part == "value" else figure.ratio


def lines(figures: Sequence[Figure], wanted: Sequence[Target]) -> list[str]:
    """A line for each target, and one for each figure that has none."""
    named = {figure.name: figure for figure in figures}
    judged = {target.figure for target in wanted}
    rest = [f"      {figure.sentence}" for figure in figures if figure.name not in judged]
    return [*(target.line(named[target.figure]) for target in wanted), *rest]


def summary(figures: Sequence[Figure], wanted: Sequence[Target]) -> str:
    """How many targets were met.

    Raises:
        AssertionError: one was missed; says which.
    """
    named = {figure.name: figure for figure in figures}
    judged = [(target, named[target.figure]) for target in wanted]
    missed = [target.line(figure) for target, figure in judged if not target.is_met(figure)]
    assert not missed, f"{len(missed)} of {len(wanted)} targets missed: {'; '.join(missed)}"
    return f"all of {len(wanted)} targets met"
