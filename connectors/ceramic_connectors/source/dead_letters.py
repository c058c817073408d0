"""Rejected events as dead letters: the bytes as they came, with headers by Connect's names (kafka.md 5.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ceramic_connectors.kafka.port import Message
from ceramic_connectors.source.entries import car_bytes

STAGE: Final = "TRANSFORMATION"
CLASS: Final = "ceramic_protocol.verify.Verifier"
EXCEPTION: Final = "ceramic.EventRejected"


@dataclass(frozen=True, slots=True)
class Letter:
    """Makes dead letters for one task of a source.

    Attributes:
        topic: where they go.
        name: of the source.
        task: its number.
    """

    topic: str
    name: str
    task: int

    def message(self, entry: Mapping[str, Any], found: Mapping[str, Any], topic: str) -> Message:
        """The dead letter of an event.

        Args:
            entry: of the node's feed of events, with its CAR.
            found: its verdict, with the reason and the detail.
            topic: where it would have gone.
        """
        reason, detail = found["reason"] or "", found["detail"] or ""
        headers = {
            "__connect.errors.topic": topic,
            "__connect.errors.connector.name": self.name,
            "__connect.errors.task.id": str(self.task),
            "__connect.errors.stage": STAGE,
            "__connect.errors.class.name": CLASS,
            "__connect.errors.exception.class.name": EXCEPTION,
            "__connect.errors.exception.message": f"{reason}: {detail}" if detail else reason,
            "ceramic.error.code": reason,
            "ceramic.cid": entry["cid"],
            "ceramic.stream": entry["stream_id"],
            "ceramic.position": str(entry["position"]),
        }
        car = entry.get("car")
        return Message(
            self.topic,
            car_bytes(car) if car else b"",
            entry["stream_id"].encode(),
            tuple((name, value.encode("utf-8", "replace")) for name, value in headers.items()),
            timestamp_ms=entry["received"],
        )
