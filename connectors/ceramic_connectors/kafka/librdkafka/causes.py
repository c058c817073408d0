"""Errors of confluent-kafka as ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

from ceramic_connectors.kafka.errors import (
    KafkaAuthenticationError,
    KafkaCertificateError,
    KafkaError,
    KafkaFencedError,
    KafkaRefusedError,
    KafkaTransactionError,
    KafkaUnreachableError,
)

_FENCED: Final = ("_FENCED", "PRODUCER_FENCED", "INVALID_PRODUCER_EPOCH")
_MOVED_ON: Final = ("ILLEGAL_GENERATION", "REBALANCE_IN_PROGRESS", "UNKNOWN_MEMBER_ID")
_TELLING: Final = ("_SSL", "_AUTHENTICATION")
_PASSING: Final = ("NOT_LEADER_FOR_PARTITION", "LEADER_NOT_AVAILABLE")
_LOST: Final = ("_TRANSPORT", "_ALL_BROKERS_DOWN", "_RESOLVE", "_TIMED_OUT", "_MSG_TIMED_OUT", "_PURGE_QUEUE")


class Causes:
    """Hears what keeps a client out: the library lets calls time out, and tells why to its `error_cb`.

    Attributes:
        servers: for messages.
        serve: lets the client call its `error_cb`.
    """

    def __init__(self, servers: str) -> None:
        self.servers = servers
        self.serve: Callable[[], object] = lambda: None
        self._last: Any = None

    def hear(self, error: Any) -> None:
        """Keep the error that says most: that brokers are down or hang up follows from the others."""
        if error.name() in _TELLING or self._last is None or self._last.name() not in _TELLING:
            self._last = error if error.name() != "_ALL_BROKERS_DOWN" else self._last

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Turn an error of the library into one of ours.

        Raises:
            KafkaError: instead of the library's.
        """
        from confluent_kafka import KafkaException

        try:
            yield
        except KafkaException as error:
            raise self.ours(error.args[0]) from error
        self._last = None  # whatever it was, it is over

    def ours(self, error: Any) -> KafkaError:
        """The error that it is."""
        name = error.name()
        if name in _LOST:
            with suppress(Exception):
                self.serve()
        if name in _LOST and self._last is not None:
            error, name = self._last, self._last.name()
        text = error.str()[:300]
        if name in _FENCED or "fenced" in text:
            return KafkaFencedError(
                f"another producer has taken over at {self.servers}: {text}; stop one of the two"
            )
        if name == "_AUTHENTICATION":
            return KafkaAuthenticationError(
                f"can't get into Kafka at {self.servers}: {text}; check mechanism, user and password"
            )
        if name == "_SSL" or "ssl/tls alert" in text:
            return KafkaCertificateError(
                f"can't get into Kafka at {self.servers}: {text};"
                " name the authority that signed its certificate, or a certificate of yours that it trusts"
            )
        if name in _MOVED_ON:
            return KafkaTransactionError(f"the group at {self.servers} has moved on: {text}; join it again")
        if name in _LOST:
            return KafkaUnreachableError(f"can't reach Kafka at {self.servers}: {text}; check the address")
        if error.retriable() or name in _PASSING:
            return KafkaUnreachableError(f"Kafka at {self.servers} doesn't answer: {text}; check the broker")
        return KafkaRefusedError(f"Kafka at {self.servers} refuses: {text}; check names and settings")

    def failed(self, error: Any, *, committing: bool) -> KafkaError:
        """What a producer raises for an error in a transaction."""
        ours = self.ours(error)
        if isinstance(ours, KafkaFencedError | KafkaRefusedError | KafkaAuthenticationError):
            return ours
        return KafkaTransactionError(f"a transaction failed: {ours}", may_be_committed=committing)
