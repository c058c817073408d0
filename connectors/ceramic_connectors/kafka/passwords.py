"""Passwords and tokens for Kafka: named by where they are, read when needed, shown nowhere."""

from __future__ import annotations

import os
from pathlib import Path

from ceramic_connectors.keys import read_private
from ceramic_protocol.errors import UsageError
from ceramic_protocol.limits import MAX_KAFKA_SECRET_BYTES

_WAYS = "write file:PATH or env:NAME for the place of a password, never the password itself"


class Password(str):
    """A text that shows in no `repr`: kafka-python logs its settings."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


def check_place(where: str) -> None:
    """See to it that it names a place.

    Raises:
        UsageError: it is neither `file:PATH` nor `env:NAME`. What it is isn't repeated.
    """
    scheme, _, rest = where.partition(":")
    if scheme not in ("file", "env") or not rest:
        raise UsageError(_WAYS)


def read_password(where: str, what: str = "a password for Kafka") -> Password:
    """What stands at `file:PATH`, a file that nobody but its owner can read, or `env:NAME`.

    Args:
        where: the place.
        what: what it is, for messages.

    Raises:
        UsageError: it is neither, it is empty, there is no such variable, or others can read the file.
        OutsideError: the file can't be read.
    """
    check_place(where)
    scheme, _, rest = where.partition(":")
    if scheme == "file":
        found = read_private(Path(rest).expanduser(), MAX_KAFKA_SECRET_BYTES).decode("utf-8", "replace")
    else:
        found = os.environ.get(rest, "")
    if not found.strip():
        raise UsageError(f"the place of {what} ({scheme}:) is empty")
    return Password(found.strip("\r\n"))
