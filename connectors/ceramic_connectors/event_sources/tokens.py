"""Tokens by their places."""

from __future__ import annotations

from ceramic_connectors.kafka.passwords import read_password


def token_at(place: str | None) -> str | None:
    """The token of a node that stands at a place, `file:PATH` or `env:NAME`; None without one.

    Raises:
        UsageError: there is none, or others can read the file.
        OutsideError: the file can't be read.
    """
    return None if place is None else str(read_password(place, "the node's token"))
