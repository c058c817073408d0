"""Settings of the Kafka source that have few values."""

from __future__ import annotations

from enum import StrEnum


class Writes(StrEnum):
    """What the source writes."""

    EVENTS = "events"
    """Every event, into topics that only grow."""

    STATES = "states"
    """The state of each stream, into compacted topics."""

    BOTH = "both"
    """Both."""


class Delivery(StrEnum):
    """What a reader of the topics can rely on."""

    EXACTLY_ONCE = "exactly-once"
    """A record is there once: it and the position behind it are one transaction."""

    AT_LEAST_ONCE = "at-least-once"
    """A record is there, after a failure perhaps twice."""


class Include(StrEnum):
    """How much of an event comes along."""

    NONE = "none"
    PAYLOAD = "payload"
    CAR = "car"
    FULL = "full"


class Start(StrEnum):
    """Where a source begins that has no position yet."""

    BEGINNING = "beginning"
    NOW = "now"
