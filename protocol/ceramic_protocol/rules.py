"""Under which rules a stream's events are judged: all of the context that isn't the events themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Self

from ceramic_protocol.accounts.access import Terms
from ceramic_protocol.errors import UsageError
from ceramic_protocol.limits import MAX_TERM_SECONDS
from ceramic_protocol.profiles.profile import Profile
from ceramic_protocol.resolve import TieBreak

DEFAULT_GRACE: Final = 86_400
"""Seconds that an expired capability goes on (js-ceramic; accounts.md 3.5)."""

DEFAULT_SKEW: Final = 300
"""Seconds that clocks may be apart (accounts.md 3.5)."""

SOON_SECONDS: Final = 7 * 86_400
"""A capability that runs out within this time, grace included, is worth a warning."""


def default_grace(profile: Profile) -> int:
    """Seconds of grace that a profile gives; ceramic-one gives none to events that are posted to it."""
    return 0 if profile is Profile.CERAMIC_ONE else DEFAULT_GRACE


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of one evaluation.

    `at` is the time that counts as now, in unix milliseconds: events without an anchor are judged by it.
    `grace` and `skew` are seconds, see `Terms`. `profile` says whose rules on accounts apply.
    """

    at: int
    tie_break: TieBreak = TieBreak.JS
    grace: int = DEFAULT_GRACE
    skew: int = DEFAULT_SKEW
    profile: Profile = Profile.STRICT

    def __post_init__(self) -> None:
        """Check that the seconds are some.

        Raises:
            UsageError: grace or skew is negative or beyond `MAX_TERM_SECONDS`.
        """
        for name, seconds in (("grace", self.grace), ("skew", self.skew)):
            if not 0 <= seconds <= MAX_TERM_SECONDS:
                msg = f"{name} of {seconds} seconds; give a number from 0 to {MAX_TERM_SECONDS}"
                raise UsageError(msg)

    @classmethod
    def as_of(cls, at: datetime, **rules: object) -> Self:
        """Rules with the time as a `datetime`."""
        return cls(int(at.timestamp() * 1000), **rules)  # type: ignore[arg-type]

    @property
    def as_of_text(self) -> str:
        """`at` as RFC 3339."""
        return datetime.fromtimestamp(self.at / 1000, UTC).isoformat()

    @property
    def terms(self) -> Terms:
        """How times of capabilities are taken."""
        return Terms(self.grace, self.skew)
