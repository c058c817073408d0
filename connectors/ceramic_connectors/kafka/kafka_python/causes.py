"""Errors of kafka-python as ours.

Whatever keeps a client out, the library raises the same timeout and tells the cause to its log alone
(kafka.md 3.1). So its log is listened to while a client connects.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from ceramic_connectors.kafka.errors import (
    KafkaAuthenticationError,
    KafkaCertificateError,
    KafkaError,
    KafkaFencedError,
    KafkaRefusedError,
    KafkaTransactionError,
    KafkaUnreachableError,
)
from ceramic_connectors.kafka.settings import KafkaSettings

_LOG: Final = "kafka.net"
_HUNG_UP: Final = "socket disconnected"
_WORDS: Final[tuple[tuple[tuple[str, ...], type[KafkaError], str], ...]] = (
    (
        ("SaslAuthenticationFailed", "SaslMechanism", "IllegalSaslState"),
        KafkaAuthenticationError,
        "check mechanism, user and password",
    ),
    (("certificate verify failed",), KafkaCertificateError, "name the authority that signed its certificate"),
    (
        ("certificate required", "bad certificate", "unknown ca", "CERTIFICATE_REQUIRED", "ALERT_"),
        KafkaCertificateError,
        "name a certificate of yours that it trusts",
    ),
    (("WRONG_VERSION", "wrong version", "[SSL"), KafkaCertificateError, "check whether it speaks TLS"),
)


class _Listener(logging.Handler):
    """Keeps what the library says about connections."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


@contextmanager
def connecting(settings: KafkaSettings) -> Iterator[None]:
    """Turn what keeps a client out into an error that says why.

    Raises:
        KafkaError: instead of the library's.
    """
    from kafka.errors import KafkaError as LibraryError

    listener, log = _Listener(), logging.getLogger(_LOG)
    log.addHandler(listener)
    try:
        yield
    except (LibraryError, OSError, RuntimeError, ValueError) as error:
        raise _kept_out(settings, error, listener.said) from None
    finally:
        log.removeHandler(listener)


@contextmanager
def asking(servers: str) -> Iterator[None]:
    """Turn an error on a request into one of ours.

    Raises:
        KafkaError: instead of the library's.
    """
    from kafka.errors import KafkaError as LibraryError

    try:
        yield
    except LibraryError as error:
        raise _ours(servers, error) from error


def failed(servers: str, error: BaseException, *, committing: bool = False) -> KafkaError:
    """What a producer raises for an error in a transaction; `committing` once the commit was on its way."""
    ours = _ours(servers, error)
    if isinstance(ours, KafkaFencedError | KafkaRefusedError | KafkaAuthenticationError):
        return ours
    return KafkaTransactionError(f"a transaction failed: {ours}", may_be_committed=committing)


def _kept_out(settings: KafkaSettings, error: BaseException, said: list[str]) -> KafkaError:
    servers = settings.servers
    from kafka.errors import KafkaConfigurationError

    if isinstance(error, KafkaConfigurationError | ValueError | RuntimeError):
        return KafkaError(f"can't use the settings for Kafka at {servers}: {_short(str(error))}")
    if isinstance(error, OSError):
        return KafkaCertificateError(
            f"can't use the certificates for Kafka at {servers}: {error}; check the files"
        )
    for words, kind, way_out in _WORDS:
        for line in [*reversed(said), str(error)]:
            if any(word in line for word in words):
                return kind(f"can't get into Kafka at {servers}: {_short(line)}; {way_out}")
    if settings.security.mechanism and any(_HUNG_UP in line for line in said):
        # The library often misses the broker's last words, if the connection ends right behind them.
        return KafkaAuthenticationError(
            f"Kafka at {servers} ends the connection as we say who we are; check mechanism, user and password"
        )
    if said and "failed: " in said[-1]:
        return KafkaUnreachableError(f"can't reach Kafka at {servers}: {_short(said[-1])}; check the address")
    return KafkaUnreachableError(f"can't reach Kafka at {servers}: {_short(str(error))}; check the address")


def _ours(servers: str, error: BaseException) -> KafkaError:
    from kafka import errors

    text = _short(f"{type(error).__name__}: {error}")
    if isinstance(error, errors.ProducerFencedError | errors.InvalidProducerEpochError):
        return KafkaFencedError(f"another producer has taken over at {servers}: {text}; stop one of the two")
    if isinstance(error, errors.SaslAuthenticationFailedError):
        return KafkaAuthenticationError(f"Kafka at {servers} doesn't let us in: {text}; check the password")
    if isinstance(error, errors.AuthorizationError):
        return KafkaRefusedError(f"Kafka at {servers} doesn't allow that: {text}; ask for the permission")
    if isinstance(error, _moved_on()):
        return KafkaTransactionError(f"the group at {servers} has moved on: {text}; join it again")
    if isinstance(error, errors.RetriableError):
        return KafkaUnreachableError(f"Kafka at {servers} doesn't answer: {text}; check the broker")
    if isinstance(error, errors.BrokerResponseError):
        return KafkaRefusedError(f"Kafka at {servers} refuses: {text}; check names and settings")
    return KafkaError(f"Kafka at {servers}: {text}")


def _moved_on() -> tuple[type[Exception], ...]:
    """What is said to a member whose partitions may be others' by now."""
    from kafka import errors

    return (
        errors.CommitFailedError,
        errors.IllegalGenerationError,
        errors.RebalanceInProgressError,
        errors.UnknownMemberIdError,
    )


def _short(line: str) -> str:
    """What the library said, without what it puts around."""
    _, _, cause = line.rpartition("failed: ")
    return (cause or line).split(" (backoff")[0].strip()[:300]
