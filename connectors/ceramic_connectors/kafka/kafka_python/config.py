"""Settings in the words of kafka-python 3.0."""

from __future__ import annotations

import logging
from typing import Any, Final

from ceramic_connectors.kafka.passwords import read_password
from ceramic_connectors.kafka.settings import WITH_PASSWORD, KafkaSettings, Mechanism, Security
from ceramic_protocol.errors import UsageError
from ceramic_protocol.limits import KAFKA_RECONNECT_SECONDS

KNOWN: Final = "3.0."
"""How versions begin whose inner workings the guards know; 3.1 has another sender (kafka.md 3.3)."""


_TALKATIVE: Final = ("kafka.net.connection", "kafka.protocol.parser")


def check_library() -> None:
    """See to it that kafka-python is there, in a version that is known, with a quick checksum.

    Raises:
        UsageError: it isn't.
    """
    try:
        import crc32c  # noqa: F401  # without it a record costs ten times as much (kafka.md 3.4)
        import kafka
    except ImportError as error:
        raise UsageError(f"{error.name} is not installed: pip install 'ceramic-streams[kafka]'") from None
    if not kafka.__version__.startswith(KNOWN):
        raise UsageError(
            f"kafka-python {kafka.__version__} is not supported: pip install 'kafka-python~=3.0.12'"
        )


def common(settings: KafkaSettings) -> dict[str, Any]:
    """What every client of the library takes.

    Raises:
        UsageError: the password isn't where it is said to be.
        OutsideError: it can't be read.
    """
    times = settings.times
    return {
        "bootstrap_servers": settings.servers.split(","),
        "client_id": settings.name,
        "bootstrap_timeout_ms": _ms(times.connect),
        "request_timeout_ms": _ms(times.request),
        "reconnect_backoff_max_ms": _ms(KAFKA_RECONNECT_SECONDS),
        **_security(settings.security),
    }


def _hide_secrets() -> None:
    """Keep the library from logging requests: those that authenticate hold the secret as it is."""
    for name in _TALKATIVE:
        logging.getLogger(name).addFilter(_is_no_request)


def quieten(level: str) -> None:
    """Keep the library from logging beside us what we say ourselves, unless `level` is `debug`.

    It warns and complains several times a second while a broker is away.
    """
    if level != "debug":
        # Not its level: what it says of connections is listened to (`causes`).
        logging.getLogger("kafka").propagate = False


def _is_no_request(record: logging.LogRecord) -> bool:
    return record.levelno > logging.DEBUG


def _security(security: Security) -> dict[str, Any]:
    found: dict[str, Any] = {"security_protocol": security.protocol}
    if security.mechanism:
        _hide_secrets()
    if security.authority:
        found["ssl_cafile"] = str(security.authority)
    if security.certificate:
        found["ssl_certfile"] = str(security.certificate)
        found["ssl_keyfile"] = str(security.key or security.certificate)
    if security.mechanism:
        found["sasl_mechanism"] = security.mechanism.value
    if security.mechanism in WITH_PASSWORD and security.secret:
        found["sasl_plain_username"] = security.user
        found["sasl_plain_password"] = read_password(security.secret)
    if security.mechanism is Mechanism.OAUTHBEARER and security.secret:
        found["sasl_oauth_token_provider"] = _tokens(security.secret)
    return found


def _tokens(where: str) -> Any:
    from kafka.net.sasl.oauth import AbstractTokenProvider

    class Tokens(AbstractTokenProvider):  # type: ignore[misc]  # untyped
        """Reads the token for each connection, as whoever renews it puts it there."""

        def token(self) -> str:
            return read_password(where)

    return Tokens()


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
