"""What a run found, in numbers and in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ceramic_protocol.reasons import BY_CODE, Outcome, Reason
from ceramic_protocol.rules import SOON_SECONDS

_HINTS = {
    Reason.ANCHOR_CHAIN_UNKNOWN: "give anchor transactions with --chain FILE or --rpc URL to settle these",
}


@dataclass(slots=True)
class Summary:
    """Counts of one run. `verdicts` is keyed by reason, None for valid."""

    items: int = 0
    damaged: int = 0
    duplicates: int = 0
    streams: int = 0
    forks: int = 0
    reverted: int = 0
    expiring: int = 0
    expiring_soon: int = 0
    seconds: float = 0.0
    verdicts: dict[Reason | None, int] = field(default_factory=dict)

    @classmethod
    def of_counters(cls, counters: Mapping[str, int], seconds: float) -> Summary:
        """The summary of a pipeline's counters (`ceramic_transforms.metrics`)."""
        verdicts: dict[Reason | None, int] = {}
        for name, number in counters.items():
            outcome, _, code = name.partition(".")
            if outcome == Outcome.VALID.value:
                verdicts[None] = number
            elif code in BY_CODE:
                verdicts[BY_CODE[code]] = number
        return cls(
            items=counters.get("events_read", 0),
            damaged=counters.get("damaged", 0),
            duplicates=counters.get("duplicates", 0),
            streams=counters.get("streams", 0),
            forks=counters.get("forks", 0),
            reverted=counters.get("streams_with_reverted", 0),
            expiring=counters.get("expiring", 0),
            expiring_soon=counters.get("expiring_soon", 0),
            seconds=seconds,
            verdicts=verdicts,
        )

    def add(self, reason: Reason | None) -> None:
        """Count one event."""
        self.verdicts[reason] = self.verdicts.get(reason, 0) + 1

    def note_expiry(self, seconds: int | None) -> None:
        """Count an un-anchored event whose capability runs out after so many seconds, if it does."""
        if seconds is not None:
            self.expiring += 1
            self.expiring_soon += seconds <= SOON_SECONDS

    def number(self, outcome: Outcome) -> int:
        """Events with that outcome."""
        return sum(
            number
            for reason, number in self.verdicts.items()
            if (Outcome.VALID if reason is None else reason.outcome) is outcome
        )

    @property
    def events(self) -> int:
        """Distinct events, and rows that are none."""
        return sum(self.verdicts.values())

    def as_json(self) -> dict[str, Any]:
        """The numbers under the names of the contract."""
        return {
            "events_read": self.items,
            "valid": self.number(Outcome.VALID),
            "rejected": self._by_code(Outcome.REJECTED),
            "pending": self._by_code(Outcome.PENDING),
            "damaged_stretches": self.damaged,
            "duplicates": self.duplicates,
            "streams": self.streams,
            "forks": self.forks,
            "streams_with_reverted_events": self.reverted,
            "expiring": self.expiring,
            "expiring_soon": self.expiring_soon,
            "seconds": round(self.seconds, 3),
            "events_per_second": round(self.items / self.seconds) if self.seconds else None,
        }

    def _by_code(self, outcome: Outcome) -> dict[str, int]:
        found = {
            reason.value: number
            for reason, number in self.verdicts.items()
            if reason is not None and reason.outcome is outcome
        }
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    def lines(self) -> list[str]:
        """The summary in words, one fact a line."""
        lines = [
            f"{self.items:>8,}  events read",
            f"{self.number(Outcome.VALID):>8,}  valid",
        ]
        for outcome in (Outcome.REJECTED, Outcome.PENDING):
            lines.append(f"{self.number(outcome):>8,}  {outcome.value}")
            lines += [self._reason_line(code, number) for code, number in self._by_code(outcome).items()]
        if self.damaged:
            lines.append(f"{self.damaged:>8,}  damaged stretches of the source, kept as archive_damaged")
        if self.duplicates:
            lines.append(f"{self.duplicates:>8,}  duplicates")
        if self.streams:
            lines += [
                f"{self.streams:>8,}  streams",
                f"{self.forks:>8,}  of them forked",
                f"{self.reverted:>8,}  where resolution left valid events outside the log",
            ]
        if self.expiring:
            lines.append(
                f"{self.expiring:>8,}  without anchor under a capability that runs out,"
                f" {self.expiring_soon:,} within a week"
            )
        rate = f", {self.items / self.seconds:,.0f} events/s" if self.seconds else ""
        return [*lines, f"{self.seconds:>8.1f}  seconds{rate}"]

    @staticmethod
    def _reason_line(code: str, number: int) -> str:
        reason = BY_CODE[code]
        return f"{number:>8,}    {code:<24} {_HINTS.get(reason, reason.summary)}"
