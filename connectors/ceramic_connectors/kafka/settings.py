"""Where a cluster is, how to get in, and how long to wait for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from ceramic_connectors.kafka.passwords import check_place
from ceramic_protocol import limits
from ceramic_protocol.errors import UsageError


class Mechanism(StrEnum):
    """How a client says who it is (SASL)."""

    PLAIN = "PLAIN"
    SCRAM_SHA_256 = "SCRAM-SHA-256"
    SCRAM_SHA_512 = "SCRAM-SHA-512"
    OAUTHBEARER = "OAUTHBEARER"
    AWS_MSK_IAM = "AWS_MSK_IAM"


WITH_PASSWORD = frozenset({Mechanism.PLAIN, Mechanism.SCRAM_SHA_256, Mechanism.SCRAM_SHA_512})
"""Those that take a user name and a password."""


@dataclass(frozen=True, slots=True)
class Security:
    """How to get in; without anything, as everybody.

    Attributes:
        tls: whether to encrypt, and to check the broker's certificate.
        authority: file of the certificates that are trusted (PEM); those of the system if None.
        certificate: file of the client's own certificate (PEM), with its key unless `key` has it.
        key: file of the client's key (PEM).
        mechanism: of SASL.
        user: name for `PLAIN` and SCRAM.
        secret: place of the password or, for `OAUTHBEARER`, of the token: `file:PATH` or `env:NAME`; a token
            is read anew for each connection. `AWS_MSK_IAM` takes what AWS' own settings say.
    """

    tls: bool = False
    authority: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    mechanism: Mechanism | None = None
    user: str = ""
    secret: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not self.tls and (self.authority or self.certificate or self.key):
            raise UsageError("certificates for Kafka need TLS")
        if self.key and not self.certificate:
            raise UsageError("a key for Kafka needs its certificate")
        if self.mechanism in WITH_PASSWORD and not (self.user and self.secret):
            raise UsageError(f"{self.mechanism} for Kafka needs a user and the place of a password")
        if self.mechanism is Mechanism.OAUTHBEARER and not self.secret:
            raise UsageError("OAUTHBEARER for Kafka needs the place of a token")
        if self.mechanism is Mechanism.AWS_MSK_IAM and not self.tls:
            raise UsageError("AWS_MSK_IAM for Kafka needs TLS")
        if self.secret:
            check_place(self.secret)

    @property
    def protocol(self) -> str:
        """Kafka's name for it."""
        way = "SSL" if self.tls else "PLAINTEXT"
        return f"SASL_{way}" if self.mechanism else way


@dataclass(frozen=True, slots=True)
class Times:
    """How long to wait, in seconds."""

    connect: float = limits.KAFKA_CONNECT_SECONDS
    request: float = limits.KAFKA_REQUEST_SECONDS
    delivery: float = limits.KAFKA_DELIVERY_SECONDS
    transaction: float = limits.KAFKA_TRANSACTION_SECONDS
    session: float = limits.KAFKA_SESSION_SECONDS

    def __post_init__(self) -> None:
        if self.delivery > self.transaction:
            raise UsageError("a transaction of Kafka can't end before its records are given up")


@dataclass(frozen=True, slots=True)
class KafkaSettings:
    """A cluster and the way in.

    Attributes:
        servers: `host:port` of some brokers, with commas between.
        security: how to get in.
        times: how long to wait.
        name: what the client calls itself, in the broker's logs and quotas.
    """

    servers: str
    security: Security = field(default_factory=Security)
    times: Times = field(default_factory=Times)
    name: str = "ceramic-streams"
