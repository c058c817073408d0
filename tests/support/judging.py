"""The rules under which tests judge, where nothing depends on the time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from ceramic_protocol.resolve import TieBreak
from ceramic_protocol.rules import Rules

RULES: Final = Rules.as_of(datetime(2026, 1, 1, tzinfo=UTC))


def rules(tie_break: TieBreak) -> Rules:
    """The same with a tie-break."""
    return Rules(RULES.at, tie_break)
