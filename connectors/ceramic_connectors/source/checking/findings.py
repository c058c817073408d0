"""What a check found, as a value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from ceramic_protocol.errors import CeramicError
from ceramic_protocol.plain_text import plain


class Side(StrEnum):
    """What a source has to do with."""

    NODE = "node"
    KAFKA = "kafka"
    SCHEMAS = "schemas"


class Outcome(StrEnum):
    """How a check ended."""

    OK = "OK"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked.

    Attributes:
        side: where.
        check: what, in a word that stays the same.
        detail: a sentence for people, without secrets; on failure with the way out.
        error: why it failed; None if it didn't.
    """

    side: Side
    check: str
    detail: str
    error: CeramicError | None = None

    @property
    def outcome(self) -> Outcome:
        """How it ended."""
        return Outcome.OK if self.error is None else Outcome.FAIL

    @property
    def code(self) -> str | None:
        """Stable code of the failure."""
        return None if self.error is None else self.error.code


def failed(side: Side, check: str, error: CeramicError, hint: str = "") -> Finding:
    """A check that ended with an error, and what else may help."""
    return Finding(side, check, plain(f"{error}; {hint}" if hint else str(error)), error)


def tried(side: Side, check: str, attempt: Callable[[], str]) -> Finding:
    """What an attempt comes to: the sentence that it gives, or its error."""
    try:
        return Finding(side, check, plain(attempt()))
    except CeramicError as error:
        return failed(side, check, error)
