"""How much work it takes to check a document by a schema: an upper bound, found before any of it is done.

All schemas that apply to one value, each so often, are a state; a key or an item leads to the next one.
States are made where a document needs them, and kept: most documents walk along states that are there by now.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from ceramic_protocol.limits import MAX_SCHEMA_PLACES, MAX_SCHEMA_STATES, MAX_SCHEMA_WORK
from ceramic_protocol.models.graph import Counted, Graph, Node, innermost_first

CHARS_PER_STEP: Final = 20
"""How many characters of a text a cheap keyword, or one place of a pattern, passes in one step."""

_TOO_MUCH: Final = MAX_SCHEMA_WORK + 1
_NODES_PER_PLACE: Final = 8


class _State:
    """The schemas that apply to one value, and what they cost together. `None` stands for no schemas."""

    def __init__(self, nodes: list[tuple[Node, int]]) -> None:
        self.nodes = nodes
        self.places = 1 + len(nodes) // _NODES_PER_PLACE
        self.weight = sum(times * node.weight for node, times in nodes)
        self.per_key = sum(times * node.per_key for node, times in nodes)
        self.per_char = sum(times * node.per_char for node, times in nodes)
        self.known = {key for node, _times in nodes for key in node.keys}
        self.firsts = max(len(node.first_items) for node, _times in nodes)
        self.next: dict[str | int | None, _State | None] = {}

    def work(self, value: object) -> int:
        if isinstance(value, str):
            return self.weight + self.per_char * len(value) // CHARS_PER_STEP
        return self.weight + (self.per_key * len(value) if isinstance(value, dict) else 0)

    def below(self, step: str | int | None) -> list[tuple[int, int]]:
        """The schemas for a key, for an item, or for the text of a key (None); -1 and "" are all others."""
        found = []
        for node, times in self.nodes:
            if step is None:
                numbers = node.names
            elif isinstance(step, str):
                numbers = [*node.every_key, *node.keys.get(step, node.other_keys)]
            else:
                numbers = [*node.items, *(node.first_items[step : step + 1] if step >= 0 else ())]
            found += [(number, times) for number in numbers]
        return found


class Work:
    """Bounds for one schema."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._states: dict[frozenset[tuple[int, int]], _State] = {}
        self._per_char = _worst_per_char(graph)

    def is_within(self, limit: int, content: object, size: int) -> bool:
        """Whether a JSON value whose text has `size` bytes takes no more work than `limit`."""
        if self._per_char is not None and self._per_char * size <= limit:
            return True
        return self._walk(content) <= limit

    def _walk(self, content: object) -> int:
        work = places = 0
        stack = [(content, self._state(self._graph.applied([(0, 1)])))]
        while stack:
            value, state = stack.pop()
            if state is None:
                continue
            work += state.work(value)
            places += state.places
            if work > MAX_SCHEMA_WORK or places > MAX_SCHEMA_PLACES:
                return _TOO_MUCH
            if isinstance(value, dict | list):
                stack.extend(self._inside(value, state))
        return work

    def _inside(
        self, value: dict[str, object] | list[object], state: _State
    ) -> Iterator[tuple[object, _State | None]]:
        if isinstance(value, dict):
            names = self._step(state, None)
            for key, item in value.items():
                yield item, self._step(state, key if key in state.known else "")
                if names is not None:
                    yield key, names
        else:
            for index, item in enumerate(value):
                yield item, self._step(state, index if index < state.firsts else -1)

    def _step(self, state: _State, step: str | int | None) -> _State | None:
        if step not in state.next:
            state.next[step] = self._state(self._graph.applied(state.below(step)))
        return state.next[step]

    def _state(self, active: Counted) -> _State | None:
        if not active:
            return None
        key = frozenset(active.items())
        found = self._states.get(key)
        if found is None:
            if len(self._states) >= MAX_SCHEMA_STATES:
                self._states.clear()
            found = _State([(self._graph.nodes[number], times) for number, times in active.items()])
            self._states[key] = found
        return found


def _worst_per_char(graph: Graph) -> int | None:
    """Work of all schemas together where references are inserted; None for a schema within itself."""
    order = innermost_first([[*node.here, *node.below] for node in graph.nodes])
    if order is None:
        return None
    totals = [0] * len(graph.nodes)
    for number in order:
        node = graph.nodes[number]
        parts: Iterable[int] = (totals[part] for part in (*node.here, *node.below))
        totals[number] = min(_TOO_MUCH, node.weight + node.per_key + node.per_char + sum(parts))
    return totals[0]
