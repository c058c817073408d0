"""Ways into Kafka, and why there is none."""

from __future__ import annotations

import base64
import json
import logging
import time
from dataclasses import replace
from pathlib import Path

import pytest

from ceramic_connectors.kafka.errors import (
    KafkaAuthenticationError,
    KafkaCertificateError,
    KafkaError,
    KafkaUnreachableError,
)
from ceramic_connectors.kafka.opening import Library, open_kafka
from ceramic_connectors.kafka.port import Message, Topic
from ceramic_connectors.kafka.settings import KafkaSettings, Mechanism, Security, Times
from ceramic_protocol.errors import UsageError
from infra.services.broker import BrokerAddresses
from infra.services.certificates import Certificates
from infra.services.process import free_ports
from tests.connectors.kafka.kafka_contract import read_all, values
from tests.support.services import shared_broker

VARIABLE = "CERAMIC_TEST_KAFKA_SECRET"
QUICK = Times(connect=2.0)
LIBRARIES = {Library.KAFKA_PYTHON: "kafka", Library.CONFLUENT: "confluent_kafka"}


@pytest.fixture(params=LIBRARIES, ids=str)
def library(request: pytest.FixtureRequest) -> Library:
    pytest.importorskip(LIBRARIES[request.param], reason=f"{request.param} is not installed")
    found: Library = request.param
    return found


@pytest.fixture
def broker() -> BrokerAddresses:
    return shared_broker()


def with_password(broker: BrokerAddresses, mechanism: Mechanism, where: str) -> Security:
    authority = broker.certificates.authority
    return Security(True, authority, mechanism=mechanism, user=broker.user, secret=where)


def check(library: Library, servers: str, security: Security, name: str) -> None:
    """Write and read."""
    kafka = open_kafka(KafkaSettings(servers, security), library)
    with kafka.admin() as admin:
        admin.create([Topic(name)])
    with kafka.producer(name) as producer:
        producer.write([Message(name, b"in")])
    assert values(read_all(kafka, name))[-1:] == [b"in"]


@pytest.mark.parametrize("mechanism", [Mechanism.PLAIN, Mechanism.SCRAM_SHA_256, Mechanism.SCRAM_SHA_512])
def test_with_a_password(
    library: Library,
    broker: BrokerAddresses,
    mechanism: Mechanism,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    place = tmp_path / "password"
    place.touch(0o600)
    place.write_text(f"{broker.password}\n", encoding="utf-8")
    security = with_password(broker, mechanism, f"file:{place}")
    check(library, broker.secure, security, f"in.{library}.{mechanism}")
    assert broker.password not in caplog.text
    assert "password" not in repr(security)


def test_with_a_token(library: Library, broker: BrokerAddresses, monkeypatch: pytest.MonkeyPatch) -> None:
    now = int(time.time())
    parts = [{"alg": "none"}, {"sub": "ceramic", "iat": now, "exp": now + 600}]
    texts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    monkeypatch.setenv(VARIABLE, ".".join([*texts, ""]))
    security = with_password(broker, Mechanism.OAUTHBEARER, f"env:{VARIABLE}")
    check(library, broker.secure, security, f"in.{library}.token")


def test_with_a_certificate(library: Library, broker: BrokerAddresses) -> None:
    certificates = broker.certificates
    security = Security(True, certificates.authority, certificates.client)
    check(library, broker.mutual, security, f"in.{library}.certificate")


def kept_out(library: Library, servers: str, security: Security) -> KafkaError:
    """The error of each way in, which is of one kind."""
    kafka = open_kafka(KafkaSettings(servers, security, QUICK), library)
    kinds = set()
    for opening in (kafka.admin, kafka.consumer, lambda: kafka.producer("kept.out")):
        with pytest.raises(KafkaError) as raised:
            opening()
        kinds.add(type(raised.value))
        assert servers in str(raised.value)
    assert len(kinds) == 1
    return raised.value


def test_a_wrong_password(
    library: Library,
    broker: BrokerAddresses,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv(VARIABLE, "not-this-one")
    error = kept_out(
        library, broker.secure, with_password(broker, Mechanism.SCRAM_SHA_512, f"env:{VARIABLE}")
    )
    assert isinstance(error, KafkaAuthenticationError)
    assert error.code == "kafka_authentication"
    assert "check mechanism, user and password" in str(error)
    assert "not-this-one" not in caplog.text + str(error)


def test_an_authority_that_is_not_known(library: Library, broker: BrokerAddresses, tmp_path: Path) -> None:
    other = Certificates.make(tmp_path)
    error = kept_out(library, broker.mutual, Security(True, other.authority, broker.certificates.client))
    assert isinstance(error, KafkaCertificateError)
    assert "authority" in str(error)


def test_without_a_certificate(library: Library, broker: BrokerAddresses) -> None:
    error = kept_out(library, broker.mutual, Security(True, broker.certificates.authority))
    assert isinstance(error, KafkaCertificateError)


def test_where_nobody_listens(library: Library) -> None:
    error = kept_out(library, f"127.0.0.1:{free_ports(1)[0]}", Security())
    assert isinstance(error, KafkaUnreachableError)
    assert "check the address" in str(error)


def test_settings_that_make_no_sense(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="need TLS"):
        Security(authority=tmp_path)
    with pytest.raises(UsageError, match="needs its certificate"):
        Security(True, key=tmp_path)
    with pytest.raises(UsageError, match="needs a user"):
        Security(mechanism=Mechanism.PLAIN, user="me")
    with pytest.raises(UsageError, match="place of a token"):
        Security(mechanism=Mechanism.OAUTHBEARER)
    with pytest.raises(UsageError, match="needs TLS"):
        Security(mechanism=Mechanism.AWS_MSK_IAM)
    with pytest.raises(UsageError, match="never the password itself") as raised:
        Security(mechanism=Mechanism.PLAIN, user="me", secret="hunter2")
    assert "hunter2" not in str(raised.value)
    with pytest.raises(UsageError, match="can't end before"):
        replace(Times(), delivery=100.0)
