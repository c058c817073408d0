"""The rules under which tests judge, where nothing depends on the time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

from ceramic_protocol.ids import StreamId
from ceramic_protocol.models.context import Context
from ceramic_protocol.models.definition import ModelDefinition
from ceramic_protocol.models.members import AccountKind, AccountRelation
from ceramic_protocol.models.schema import ModelSchema
from ceramic_protocol.resolve import TieBreak
from ceramic_protocol.rules import Rules

RULES: Final = Rules.as_of(datetime(2026, 1, 1, tzinfo=UTC))


def rules(tie_break: TieBreak) -> Rules:
    """The same with a tie-break."""
    return Rules(RULES.at, tie_break)


class _AnyModel(Mapping[StreamId, ModelDefinition]):
    """Says of every model that it takes any content, by anybody's list."""

    def __getitem__(self, model: StreamId) -> ModelDefinition:
        schema = ModelSchema.of({})
        return ModelDefinition(
            "2.0", str(model), None, AccountRelation(AccountKind.NONE), False, (), (), {}, {}, schema
        )

    def __iter__(self) -> Iterator[StreamId]:
        return iter(())

    def __len__(self) -> int:
        return 0


CONTEXT: Final = Context(_AnyModel())
"""For tests of what has nothing to do with models."""
