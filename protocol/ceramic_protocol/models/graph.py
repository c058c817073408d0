"""The schemas that make up one, as a graph, and what keeps it from being used at all.

A schema of a few lines can ask for more steps than there are atoms, by references that fan out, in themselves
or along with the depth of a document. The former is refused here, the latter for each document by `work`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from ceramic_protocol.limits import MAX_SCHEMA_CHAIN, MAX_SCHEMA_FANOUT
from ceramic_protocol.models.references import unusable

Counted: TypeAlias = dict[int, int]
"""How often each schema, by its number, is applied."""


@dataclass(slots=True)
class Node:
    """One schema: the work of its own keywords, and the numbers of the schemas that it applies to what.

    `weight` is for a value, `per_key` for each of its keys, and `per_char` for some of its characters; see
    `work` for how many.
    """

    weight: int = 1
    per_key: int = 0
    per_char: int = 0
    here: list[int] = field(default_factory=list)
    keys: dict[str, list[int]] = field(default_factory=dict)
    other_keys: list[int] = field(default_factory=list)
    every_key: list[int] = field(default_factory=list)
    names: list[int] = field(default_factory=list)
    first_items: list[int] = field(default_factory=list)
    items: list[int] = field(default_factory=list)

    @property
    def below(self) -> Iterable[int]:
        """The schemas for what is in the value."""
        for numbers in self.keys.values():
            yield from numbers
        for numbers in (self.other_keys, self.every_key, self.names, self.first_items, self.items):
            yield from numbers


class Graph:
    """The schemas that make up one; number 0 is the whole. `chain` is how many lie within one another.

    Raises:
        DecodeError: schemas that apply each other to the same value without end, or too many of them.
    """

    def __init__(self, nodes: list[Node]) -> None:
        self.nodes = nodes
        self._closures: dict[int, Counted] = {}
        order = innermost_first([node.here for node in nodes])
        if order is None:
            raise unusable("schemas that refer to one another without end")
        fanout, chain = [1] * len(nodes), [1] * len(nodes)
        for number in order:
            parts = nodes[number].here
            fanout[number] += sum(fanout[part] for part in parts)
            chain[number] += max((chain[part] for part in parts), default=0)
        self.chain = max(chain)
        if max(fanout) > MAX_SCHEMA_FANOUT or self.chain > MAX_SCHEMA_CHAIN:
            raise unusable(f"{max(fanout)} schemas for one value, {self.chain} of them within each other")

    def applied(self, numbers: Iterable[tuple[int, int]]) -> Counted:
        """All that is applied to a value to which each of these schemas is applied so often."""
        found: Counted = {}
        for number, times in numbers:
            for part, more in self._closure(number).items():
                found[part] = found.get(part, 0) + times * more
        return found

    def _closure(self, number: int) -> Counted:
        found = self._closures.get(number)
        if found is None:
            found = {}
            waiting = [number]
            while waiting:
                at = waiting.pop()
                found[at] = found.get(at, 0) + 1
                waiting += self.nodes[at].here
            self._closures[number] = found
        return found


def innermost_first(parts: list[list[int]]) -> list[int] | None:
    """An order in which each number comes after its parts; None if there is a circle."""
    users: list[list[int]] = [[] for _ in parts]
    open_parts = [0] * len(parts)
    for number, inner in enumerate(parts):
        open_parts[number] = len(inner)
        for part in inner:
            users[part].append(number)
    order = [number for number, count in enumerate(open_parts) if count == 0]
    for number in order:
        for user in users[number]:
            open_parts[user] -= 1
            if open_parts[user] == 0:
                order.append(user)
    return order if len(order) == len(parts) else None
