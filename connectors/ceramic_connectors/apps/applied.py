"""What became of changes."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Applied:
    """What became of changes: rows written to tables of models, removed, or waiting for their model.

    `stale` were older than what the store has, `other` belong to no model, `models` are definitions taken in;
    `changed_tables` are the names of tables that were made, altered or dropped.
    """

    written: int = 0
    removed: int = 0
    waiting: int = 0
    stale: int = 0
    other: int = 0
    models: int = 0
    changed_tables: list[str] = field(default_factory=list)

    def add(self, more: Applied) -> None:
        """Add what became of further changes."""
        self.written += more.written
        self.removed += more.removed
        self.waiting += more.waiting
        self.stale += more.stale
        self.other += more.other
        self.models += more.models
        self.changed_tables += more.changed_tables
