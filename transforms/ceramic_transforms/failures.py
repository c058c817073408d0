"""Failures that survive a runner."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ceramic_protocol.errors import CeramicError


@contextmanager
def passed_on() -> Iterator[None]:
    """Mark our errors, as runners pass failures on as text: `find_marked` tells the job what happened.

    Raises:
        CeramicError: of the same class, with the mark in its text.
    """
    try:
        yield
    except CeramicError as error:
        raise type(error)(error.marked) from error
