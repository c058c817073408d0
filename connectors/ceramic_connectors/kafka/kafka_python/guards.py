"""What keeps kafka-python 3.0's transactional producer from losing records in silence (kafka.md 3.3).

Each guard changes one producer, not the library. `config.check_library` holds the versions they know; a newer
one needs the tests of the guards first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

Guard = Callable[[Any], None]
"""Takes a `kafka.KafkaProducer` that has begun nothing yet."""


def stay_fenced(producer: Any) -> None:
    """Let a fenced producer fail, instead of aborting its successor's transaction (kafka.md 3.3, 1)."""
    from kafka.errors import InvalidProducerEpochError

    manager = producer._transaction_manager  # noqa: SLF001
    manager._NEEDS_EPOCH_BUMP_ERRORS -= {InvalidProducerEpochError}  # noqa: SLF001
    manager._FATAL_ERRORS |= {InvalidProducerEpochError}  # noqa: SLF001


def abort_what_expired(producer: Any) -> None:
    """Keep a transaction from being committed without the records that were given up (kafka.md 3.3, 2)."""
    manager = producer._transaction_manager  # noqa: SLF001
    classify = manager.classify_batch_error

    def classify_batch_error(*args: Any, **named: Any) -> Any:
        found = classify(*args, **named)
        return manager.ERROR_CLASS_ABORTABLE if found == manager.ERROR_CLASS_RETRIABLE else found

    manager.classify_batch_error = classify_batch_error


def send_again(producer: Any) -> None:
    """Put a request back that found no connection, instead of forgetting it (kafka.md 3.3, 3)."""
    manager, sender = producer._transaction_manager, producer._sender  # noqa: SLF001
    take, send = manager.next_request_handler, sender._maybe_send_pending_request  # noqa: SLF001
    taken: list[Any] = []

    def next_request_handler(has_incomplete: bool) -> Any:
        taken[:] = [take(has_incomplete)]
        return taken[0]

    def maybe_send_pending_request() -> Any:
        taken.clear()
        answer = send()
        handler = taken[0] if taken else None
        if handler is not None and not handler.result.is_done and not _is_under_way(manager, handler):
            manager.retry(handler)
        return answer

    manager.next_request_handler = next_request_handler
    sender._maybe_send_pending_request = maybe_send_pending_request  # noqa: SLF001


def _is_under_way(manager: Any, handler: Any) -> bool:
    if manager.has_in_flight_transactional_request():
        return True
    return any(waiting is handler for _, _, waiting in manager._pending_requests)  # noqa: SLF001


GUARDS: Final[Sequence[Guard]] = (stay_fenced, abort_what_expired, send_again)
