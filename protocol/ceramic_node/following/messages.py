"""What a node and the process that keeps its states up say to each other: lines of JSON on one socket.

The node begins with its orders. After that every byte from it means that there are new events, and the end of
its side that the process is to end, which is how it learns of a node that was killed too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self

import orjson

from ceramic_connectors.config.values import LogFormat, LogLevel
from ceramic_protocol.ports import Clock
from ceramic_protocol.profiles.profile import Profile
from ceramic_protocol.resolve import TieBreak
from ceramic_protocol.rules import DEFAULT_GRACE, DEFAULT_SKEW, Rules

WAKE: Final = b"\n"
"""There are new events."""


@dataclass(frozen=True, slots=True)
class Orders:
    """Which store is followed, by whose rules, and how that is logged."""

    folder: Path
    states: str
    profile: Profile = Profile.STRICT
    tie_break: TieBreak = TieBreak.JS
    grace: int = DEFAULT_GRACE
    skew: int = DEFAULT_SKEW
    log_format: LogFormat = LogFormat.TEXT
    log_level: LogLevel = LogLevel.INFO

    def rules(self, clock: Clock) -> Rules:
        """The rules of the moment."""
        return Rules(clock.now(), self.tie_break, self.grace, self.skew, self.profile)

    def line(self) -> bytes:
        """As they are sent."""
        return orjson.dumps(asdict(self), default=str) + b"\n"

    @classmethod
    def read(cls, line: bytes) -> Self:
        """What was sent."""
        found: dict[str, Any] = orjson.loads(line)
        return cls(**(found | {name: kind(found[name]) for name, kind in _KINDS.items()}))


_KINDS: Final[dict[str, Callable[[Any], Any]]] = {
    "folder": Path,
    "profile": Profile,
    "tie_break": TieBreak,
    "log_format": LogFormat,
    "log_level": LogLevel,
}


@dataclass(frozen=True, slots=True)
class Report:
    """How far the states have come, and what the last turn was: no streams if there was none.

    `failures` and `errors` count from the start of the process; `broken` says what has ended it for good.
    """

    version: int
    began: int = 0
    seconds: float = 0.0
    streams: int = 0
    failures: int = 0
    errors: int = 0
    broken: str | None = None

    def line(self) -> bytes:
        """As it is sent."""
        return orjson.dumps(self) + b"\n"

    @classmethod
    def read(cls, line: bytes) -> Self:
        """What was sent."""
        return cls(**orjson.loads(line))
