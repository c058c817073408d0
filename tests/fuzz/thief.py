"""Somebody with a session key, a capability and a source of random numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, TypeAlias, TypeVar

from tests.fuzz.capability_cases import Attempt, Case

_Option = TypeVar("_Option")


@dataclass(frozen=True, slots=True)
class Thief:
    """What a way of changing works with: it changes `attempt`, and may look at everything else."""

    attempt: Attempt
    case: Case
    cases: Sequence[Case]
    draw: Random

    @property
    def value(self) -> Any:
        """The content of the capability."""
        return self.attempt.value

    @property
    def payload(self) -> Any:
        """The capability's own payload, which the account signed."""
        return self.attempt.value["p"]

    @property
    def other(self) -> Case:
        """Any case, another one in most cases."""
        return self.draw.choice(self.cases)

    def pick(self, options: Sequence[_Option]) -> _Option:
        """One of the options."""
        return self.draw.choice(options)

    def once_in(self, number: int) -> bool:
        """Whether to do something that is to be done so often."""
        return self.draw.randrange(number) == 0


Way: TypeAlias = Callable[[Thief], None]
