"""What goes wrong with Kafka: for each cause an exception with a stable code, its address and a way out."""

from __future__ import annotations

from ceramic_protocol.errors import OutsideError


class KafkaError(OutsideError):
    """Root of the errors on Kafka."""

    code = "kafka"


class KafkaUnreachableError(KafkaError):
    """Nobody listens there, or nobody answers in time."""

    code = "kafka_unreachable"


class KafkaAuthenticationError(KafkaError):
    """The broker doesn't know the user, the password, the token or the mechanism."""

    code = "kafka_authentication"


class KafkaCertificateError(KafkaError):
    """The broker's certificate isn't trusted here, or ours not there."""

    code = "kafka_certificate"


class KafkaRefusedError(KafkaError):
    """The broker doesn't do what was asked: no permission, no such topic, too large, a wrong setting."""

    code = "kafka_refused"


class KafkaFencedError(KafkaError):
    """Another producer has been opened under the same transactional id."""

    code = "kafka_fenced"


class KafkaTransactionError(KafkaError):
    """A transaction failed; `may_be_committed` if the answer to its commit is what is missing."""

    code = "kafka_transaction"

    def __init__(self, message: str, *, may_be_committed: bool = False) -> None:
        super().__init__(message)
        self.may_be_committed = may_be_committed
