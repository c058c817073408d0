"""Settings in the words of librdkafka."""

from __future__ import annotations

from typing import Any

from ceramic_connectors.kafka.passwords import read_password
from ceramic_connectors.kafka.settings import WITH_PASSWORD, KafkaSettings, Mechanism, Security
from ceramic_protocol.errors import UsageError
from ceramic_protocol.limits import KAFKA_RECONNECT_SECONDS


def check_library() -> None:
    """See to it that confluent-kafka is there.

    Raises:
        UsageError: it isn't.
    """
    try:
        import confluent_kafka  # noqa: F401
    except ImportError:
        raise UsageError(
            "confluent-kafka is not installed: pip install 'ceramic-streams[confluent]'"
        ) from None


def common(settings: KafkaSettings) -> dict[str, Any]:
    """What every client of the library takes.

    Raises:
        UsageError: the password isn't where it is said to be, or the library doesn't know the mechanism.
        OutsideError: it can't be read.
    """
    return {
        "bootstrap.servers": settings.servers,
        "client.id": settings.name,
        "socket.timeout.ms": round(settings.times.request * 1000),
        "reconnect.backoff.max.ms": round(KAFKA_RECONNECT_SECONDS * 1000),
        **_security(settings.security),
    }


def _security(security: Security) -> dict[str, Any]:
    found: dict[str, Any] = {"security.protocol": security.protocol}
    if security.authority:
        found["ssl.ca.location"] = str(security.authority)
    if security.certificate:
        found["ssl.certificate.location"] = str(security.certificate)
        found["ssl.key.location"] = str(security.key or security.certificate)
    if security.mechanism is Mechanism.AWS_MSK_IAM:
        raise UsageError("confluent-kafka doesn't know AWS_MSK_IAM: use kafka-python")
    if security.mechanism:
        found["sasl.mechanism"] = security.mechanism.value
    if security.mechanism in WITH_PASSWORD and security.secret:
        found["sasl.username"] = security.user
        found["sasl.password"] = read_password(security.secret)
    if security.mechanism is Mechanism.OAUTHBEARER and security.secret:
        where = security.secret
        found["oauth_cb"] = lambda _: _token(where)
    return found


def _token(where: str) -> tuple[str, float]:
    """The token and when it ends, which librdkafka wants to know."""
    import base64
    import json

    token = read_password(where)
    claims = token.split(".")[1]
    padded = claims + "=" * (-len(claims) % 4)
    return token, float(json.loads(base64.urlsafe_b64decode(padded))["exp"])
