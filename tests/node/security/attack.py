"""What an attack is: what is tried, with which outcome, and how that is seen."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.node.operation.running import Reply, Running

Try = Callable[[Running], object]

READ, WRITE, BOTH, ADMIN = (f"cst_{letter * 43}" for letter in "rwba")
"""Secrets of the tokens that attacked nodes know."""


@dataclass(frozen=True)
class Attack:
    """One attack.

    Attributes:
        subject: under which it stands in the table.
        name: what is tried.
        outcome: what becomes of it.
        run: tries it, and asserts that.
        flags: settings of the attacked node.
        needs_tokens: whether it has tokens.
    """

    subject: str
    name: str
    outcome: str
    run: Try
    flags: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    needs_tokens: bool = False


class Subject:
    """Collects the attacks of one subject."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.attacks: list[Attack] = []

    def attack(
        self, name: str, outcome: str, *, tokens: bool = False, **flags: str | Sequence[str]
    ) -> Callable[[Try], Try]:
        """Add an attack."""

        def add(run: Try) -> Try:
            self.attacks.append(Attack(self.name, name, outcome, run, flags, tokens))
            return run

        return add


def answers(raw: bytes) -> list[int]:
    """The statuses of all answers in what came over a connection."""
    return list(map(int, re.findall(rb"HTTP/[01]\.[019] ([0-9]{3}) ", raw)))


def refused(reply: Reply, status: int, code: str) -> None:
    """It was refused so."""
    assert (reply.status, reply.code) == (status, code), reply


def head(target: str = "/ready", method: str = "GET", *lines: str) -> bytes:
    """A head of a request, without the empty line at its end."""
    return "\r\n".join((f"{method} {target} HTTP/1.1", "Host: 127.0.0.1", *lines, "")).encode("latin-1")
