"""What a benchmark gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple, Self


class Series(NamedTuple):
    """What was measured, round by round, under a name."""

    name: str
    values: Sequence[float]


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value beside its ceiling or a peer, both medians of the same run and in the same unit.

    `ratio` is the median of value / value beside over the rounds: a machine that is slower for a while
    changes it less than the two medians.
    """

    name: str
    value: float
    unit: str
    beside_name: str
    beside_value: float
    ratio: float
    note: str

    @classmethod
    def of(cls, measured: Series, beside: Series, unit: str, note: str) -> Self:
        """The figure of rounds in which both were measured."""
        ratio = median(value / other for value, other in zip(measured.values, beside.values, strict=True))
        return cls(
            measured.name, median(measured.values), unit, beside.name, median(beside.values), ratio, note
        )

    @property
    def sentence(self) -> str:
        """The figure and what stands beside it, in words."""
        value, beside = number_text(self.value), number_text(self.beside_value)
        return f"{self.name} {value} {self.unit} = {self.ratio:.2f} × {self.beside_name} {beside}"


def number_text(value: float) -> str:
    """About three digits."""
    digits = 0 if abs(value) >= 1000 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}"
