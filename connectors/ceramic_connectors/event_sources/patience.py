"""Asking a node again that was asked before and doesn't answer for a while."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from ceramic_connectors.source.errors import ForeignPositionError, NodeUnreachableError
from ceramic_protocol.errors import OutsideError
from ceramic_protocol.limits import EVENT_SOURCE_PATIENCE_SECONDS, ORIGIN_RETRY_SECONDS

_T = TypeVar("_T")
_NONSENSE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def patiently(ask: Callable[[], _T], patience: float = EVENT_SOURCE_PATIENCE_SECONDS) -> _T:
    """The answer to a question that is asked again, for so many seconds, while the node can't be reached.

    Raises:
        OutsideError: there is none in time, or the node refuses.
    """
    until = time.monotonic() + patience
    while True:
        try:
            return ask()
        except NodeUnreachableError:
            if time.monotonic() > until:
                raise
        time.sleep(ORIGIN_RETRY_SECONDS)


@contextmanager
def believing(name: str) -> Iterator[None]:
    """Make errors of ours of answers that aren't what they should be.

    Raises:
        OutsideError: the answer has another shape, or the node's store is another one than before.
    """
    try:
        yield
    except ForeignPositionError:
        raise OutsideError(
            f"{name} was set up or restored anew while it was being read; start again"
        ) from None
    except _NONSENSE as error:
        raise OutsideError(f"{name} gives an answer that makes no sense: {type(error).__name__}") from error
