"""Checks of a source against a real node, a real broker with all its listeners, and a real registry."""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from ceramic_connectors.config import load
from ceramic_connectors.kafka.opening import Library, open_kafka
from ceramic_connectors.kafka.port import Message, Topic
from ceramic_connectors.kafka.settings import KafkaSettings, Security
from ceramic_connectors.source.checking import Finding, Outcome, Side, at_kafka, check_source
from ceramic_connectors.source.checking.way_in import hint
from ceramic_connectors.source.checks import SOURCE
from ceramic_node.http.guard.tokens import Scope, new_token
from ceramic_protocol.errors import UsageError
from infra.services.broker import BrokerAddresses
from infra.services.certificates import Certificates
from infra.services.process import free_ports
from tests.connectors.kafka.conftest import FORGOTTEN
from tests.connectors.source.gate import gate
from tests.node.operation.running import Running, running
from tests.support.services import shared_broker, shared_registry

pytestmark = pytest.mark.filterwarnings(FORGOTTEN)

SECRET = "not-this-one-9Qz"
VARIABLE = "CERAMIC_TEST_SOURCE_SECRET"
LIBRARIES = {Library.KAFKA_PYTHON: "kafka", Library.CONFLUENT: "confluent_kafka"}
MODEL = "kjzl6hvfrbw6c5ykyyjq0v80od0nhdimprq7j2pccg1l100ktiiqcc01ddka001"
READING, READER = new_token("reader", [Scope.READ])
WRITING, WRITER = new_token("writer", [Scope.WRITE])


@pytest.fixture(params=LIBRARIES, ids=str)
def library(request: pytest.FixtureRequest) -> Library:
    pytest.importorskip(LIBRARIES[request.param], reason=f"{request.param} is not installed")
    found: Library = request.param
    return found


@pytest.fixture(scope="module")
def broker() -> BrokerAddresses:
    return shared_broker()


@pytest.fixture(scope="module")
def node() -> Iterator[Running]:
    with running() as found:
        yield found


@pytest.fixture(scope="module")
def closed_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One that wants tokens."""
    tokens = tmp_path_factory.mktemp("closed") / "tokens"
    tokens.write_text(f"{READER.line}\n{WRITER.line}\n")
    with running(tokens=str(tokens)) as found:
        yield found


@pytest.fixture(scope="module")
def registry() -> str:
    return shared_registry()


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, SECRET)


def found(**flags: str | list[str]) -> dict[str, Finding]:
    """Findings by side and check; none holds the secret."""
    return found_with(flags)


def found_at(side: Side, **flags: str | list[str]) -> dict[str, Finding]:
    """Those of one side."""
    return found_with({"source": f"http://127.0.0.1:{free_ports(1)[0]}", **flags}, sides=[side])


def found_with(
    flags: Mapping[str, str | list[str]], *, may_write: bool = True, sides: Collection[Side] = tuple(Side)
) -> dict[str, Finding]:
    config = load(SOURCE, flags).config
    checks = check_source(config, may_write=may_write, sides=sides)
    findings = {f"{each.side}.{each.check}": each for each in checks}
    for each in findings.values():
        assert SECRET not in str(asdict(each))
        assert "\n" not in each.detail
    return findings


def failure(findings: dict[str, Finding]) -> Finding:
    """The only one."""
    (one,) = (each for each in findings.values() if each.outcome is Outcome.FAIL)
    return one


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """For failures that take as long as somebody waits."""
    monkeypatch.setattr(at_kafka, "KAFKA_CHECK_SECONDS", 2.0)


@pytest.fixture
def prefix() -> str:
    """Of topics that no other test has."""
    return f"check.{uuid4().hex[:12]}"


def topics(servers: str, prefix: str) -> set[str]:
    """Those that begin so: a check leaves none behind."""
    from kafka import KafkaConsumer

    consumer = KafkaConsumer(bootstrap_servers=servers)
    try:
        return {name for name in consumer.topics() if name.startswith(prefix)}
    finally:
        consumer.close()


def test_all_is_well(library: Library, broker: BrokerAddresses, node: Running, prefix: str) -> None:
    findings = found(source=node.url, kafka=broker.plain, kafka_library=library, prefix=prefix)
    assert list(findings) == [
        "node.reachable",
        "node.token",
        "node.feeds",
        "kafka.reachable",
        "kafka.topics",
        "kafka.running",
        "kafka.create",
        "kafka.transactions",
    ]
    assert all(each.outcome is Outcome.OK and each.code is None for each in findings.values())
    assert "on inmemory, at position 0" in findings["node.reachable"].detail
    assert findings["node.token"].detail == "none is needed"
    assert "/v1/feed and /v1/states/feed" in findings["node.feeds"].detail
    assert f"{broker.plain} lets us in (PLAINTEXT)" in findings["kafka.reachable"].detail
    assert "0 are there and fit, 3 are to be made" in findings["kafka.topics"].detail
    assert "3 partitions" in findings["kafka.create"].detail
    assert not topics(broker.plain, prefix)


def test_it_only_reads_if_it_is_told_so(broker: BrokerAddresses, node: Running, prefix: str) -> None:
    flags = {"source": node.url, "kafka": broker.plain, "prefix": prefix, "name": "mine"}
    findings = found_with(flags, may_write=False)
    assert "kafka.create" not in findings
    assert "ceramic-source-mine-check are allowed" in findings["kafka.transactions"].detail


@pytest.fixture
def known_password(broker: BrokerAddresses, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, broker.password)


@pytest.mark.usefixtures("known_password")
@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_with_a_password(
    library: Library, broker: BrokerAddresses, node: Running, mechanism: str, prefix: str
) -> None:
    findings = found(
        source=node.url,
        kafka=broker.secure,
        kafka_library=library,
        kafka_tls="true",
        kafka_ca=str(broker.certificates.authority),
        kafka_sasl=mechanism,
        kafka_user=broker.user,
        kafka_password=f"env:{VARIABLE}",
        prefix=prefix,
    )
    assert all(each.error is None for each in findings.values()), findings
    assert f"(SASL_SSL, {mechanism})" in findings["kafka.reachable"].detail
    assert broker.password not in str(findings)


def test_with_a_certificate(library: Library, broker: BrokerAddresses, node: Running, prefix: str) -> None:
    findings = found(
        source=node.url,
        kafka=broker.mutual,
        kafka_library=library,
        kafka_tls="true",
        kafka_ca=str(broker.certificates.authority),
        kafka_cert=str(broker.certificates.client),
        prefix=prefix,
    )
    assert all(each.error is None for each in findings.values()), findings
    assert "SSL with a certificate" in findings["kafka.reachable"].detail


def test_a_wrong_password(library: Library, broker: BrokerAddresses, node: Running) -> None:
    findings = found(
        source=node.url,
        kafka=broker.secure,
        kafka_library=library,
        kafka_tls="true",
        kafka_ca=str(broker.certificates.authority),
        kafka_sasl="SCRAM-SHA-512",
        kafka_user=broker.user,
        kafka_password=f"env:{VARIABLE}",
    )
    one = failure(findings)
    assert (one.side, one.check, one.code) == (Side.KAFKA, "reachable", "kafka_authentication")
    assert broker.secure in one.detail
    assert "check mechanism, user and password" in one.detail
    assert "kafka.topics" not in findings


def test_an_authority_that_is_not_known(
    library: Library, broker: BrokerAddresses, node: Running, tmp_path: Path
) -> None:
    one = failure(
        found(
            source=node.url,
            kafka=broker.mutual,
            kafka_library=library,
            kafka_tls="true",
            kafka_ca=str(Certificates.make(tmp_path).authority),
            kafka_cert=str(broker.certificates.client),
        )
    )
    assert one.code == "kafka_certificate"
    assert "authority" in one.detail


def test_without_a_certificate(library: Library, broker: BrokerAddresses, node: Running) -> None:
    authority = str(broker.certificates.authority)
    one = failure(
        found(
            source=node.url,
            kafka=broker.mutual,
            kafka_library=library,
            kafka_tls="true",
            kafka_ca=authority,
        )
    )
    assert one.code == "kafka_certificate"
    assert "certificate of yours" in one.detail


@pytest.mark.usefixtures("quick")
def test_where_nobody_listens(library: Library) -> None:
    node, kafka, registry = free_ports(3)
    findings = found(
        source=f"http://127.0.0.1:{node}",
        kafka=f"127.0.0.1:{kafka}",
        kafka_library=library,
        form="avro",
        registry=f"http://127.0.0.1:{registry}",
    )
    assert list(findings) == ["node.reachable", "kafka.reachable", "schemas.registry"]
    codes = ["service_unreachable", "kafka_unreachable", "schemas_unreachable"]
    assert [each.code for each in findings.values()] == codes
    assert f"127.0.0.1:{node} doesn't answer: Connection refused" in findings["node.reachable"].detail
    assert "check --source" in findings["node.reachable"].detail
    assert f"127.0.0.1:{kafka}" in findings["kafka.reachable"].detail
    assert "check the address" in findings["kafka.reachable"].detail
    assert f"127.0.0.1:{registry}" in findings["schemas.registry"].detail


@pytest.mark.usefixtures("quick")
def test_what_keeps_us_out_besides(library: Library, broker: BrokerAddresses) -> None:
    """Where libraries may only say that it took too long."""
    without = found_at(Side.KAFKA, kafka=broker.secure, kafka_library=library)["kafka.reachable"]
    assert "speaks TLS: give --kafka-tls" in without.detail
    nobody = found_at(Side.KAFKA, kafka="no-such-host.invalid:9092", kafka_library=library)
    assert "there is no host called no-such-host.invalid" in nobody["kafka.reachable"].detail


def test_hints(broker: BrokerAddresses, tmp_path: Path) -> None:
    """What is found without a library."""
    authority, strange = broker.certificates.authority, Certificates.make(tmp_path).authority
    for servers, security, words in (
        (broker.mutual, Security(), f"{broker.mutual} speaks TLS: give --kafka-tls"),
        (broker.secure, Security(tls=True, authority=strange), "isn't trusted"),
        (broker.secure, Security(tls=True), "give --kafka-ca FILE"),
        (broker.plain, Security(tls=True, authority=authority), "speaks no TLS: leave --kafka-tls out"),
        (broker.plain, Security(), "advertised.listeners"),
        (f"127.0.0.1:{free_ports(1)[0]},{broker.secure}", Security(), "speaks TLS"),
    ):
        assert words in hint(KafkaSettings(servers, security)), servers
    assert not hint(KafkaSettings(broker.secure, Security(tls=True, authority=authority)))
    assert not hint(KafkaSettings(f"127.0.0.1:{free_ports(1)[0]}"))


@pytest.mark.usefixtures("quick")
def test_a_node_is_no_broker(library: Library, node: Running) -> None:
    address = node.url.removeprefix("http://")
    one = found_at(Side.KAFKA, kafka=address, kafka_library=library)["kafka.reachable"]
    assert one.outcome is Outcome.FAIL
    assert address in one.detail


@pytest.mark.parametrize("library", ["kafka-python", "confluent-kafka"])
def test_certificates_that_can_not_be_used(library: str, broker: BrokerAddresses, tmp_path: Path) -> None:
    authority, client = broker.certificates.authority, broker.certificates.client
    nothing = tmp_path / "nothing.pem"
    nothing.write_text("nothing")
    other = Certificates.make(tmp_path).client

    def refused(**flags: Path) -> str:
        given = {name: str(path) for name, path in flags.items()}
        findings = found_at(Side.KAFKA, kafka=broker.mutual, kafka_library=library, kafka_tls="true", **given)
        (one,) = findings.values()
        assert (one.check, one.outcome) == ("certificates", Outcome.FAIL)
        return one.detail

    assert "No such file" in refused(kafka_ca=tmp_path / "not-there")
    assert f"--kafka-ca {nothing} holds no certificate" in refused(kafka_ca=nothing)
    assert f"--kafka-cert {authority} holds no key" in refused(kafka_cert=authority)
    assert "belongs to the certificate" in refused(kafka_cert=client, kafka_key=other)
    assert "No such file" in refused(kafka_cert=client, kafka_key=tmp_path / "not-there")
    assert "holds no key" in refused(kafka_cert=client, kafka_key=locked(client, tmp_path / "locked"))
    assert "has expired" in refused(kafka_ca=expired(tmp_path / "expired"))


def locked(client: Path, place: Path) -> Path:
    """The key of a certificate, encrypted."""
    key = load_pem_private_key(client.read_bytes(), None)
    way = BestAvailableEncryption(b"word")
    place.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, way))
    return place


def expired(place: Path) -> Path:
    """A certificate of yesterday."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "old")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=2)).not_valid_after(now - timedelta(days=1))
    place.write_bytes(builder.sign(key, SHA256()).public_bytes(Encoding.PEM))
    return place


def at_closed(node: Running, **flags: str) -> Finding:
    """What a node says of a token."""
    findings = found_at(Side.NODE, source=node.url, **flags)
    assert ("node.feeds" in findings) == (findings["node.token"].error is None)
    return findings["node.token"]


def test_tokens_of_a_node(closed_node: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = at_closed(closed_node)
    assert missing.code == "service_authentication"
    assert "give --node-token file:PATH or env:NAME" in missing.detail
    wrong = at_closed(closed_node, node_token=f"env:{VARIABLE}")
    assert wrong.code == "service_authentication"
    assert f"doesn't know the token at env:{VARIABLE}" in wrong.detail
    monkeypatch.setenv(VARIABLE, WRITING)
    scope = at_closed(closed_node, node_token=f"env:{VARIABLE}")
    assert "lacks the scope read" in scope.detail
    assert WRITING not in scope.detail
    monkeypatch.setenv(VARIABLE, READING)
    assert at_closed(closed_node, node_token=f"env:{VARIABLE}").detail == "accepted"


def test_a_token_that_can_not_be_read(node: Running, tmp_path: Path) -> None:
    findings = found_at(Side.NODE, source=node.url, node_token="env:CERAMIC_TEST_NOT_THERE")
    assert isinstance(findings["node.token"].error, UsageError)
    assert "--node-token" in findings["node.token"].detail
    place = tmp_path / "token"
    place.write_text(SECRET)
    place.chmod(0o644)
    open_to_all = found_at(Side.NODE, source=node.url, node_token=f"file:{place}")
    assert "chmod 600" in open_to_all["node.token"].detail


def test_what_is_no_node(registry: str, broker: BrokerAddresses) -> None:
    other = found_at(Side.NODE, source=registry)["node.reachable"]
    assert other.code == "service_unreachable"
    assert "not as a node of ceramic-streams does; check --source" in other.detail
    no_http = found_at(Side.NODE, source=f"http://{broker.secure}")["node.reachable"]
    assert "check --source" in no_http.detail
    no_tls = found_at(Side.NODE, source=f"https://{broker.plain}")["node.reachable"]
    assert "check --source" in no_tls.detail
    untrusted = found_at(Side.NODE, source=f"https://{broker.secure}")["node.reachable"]
    assert "isn't trusted" in untrusted.detail
    assert "SSL_CERT_FILE" in untrusted.detail


def test_topics_that_do_not_fit(
    library: Library, broker: BrokerAddresses, node: Running, prefix: str
) -> None:
    flags = {"source": node.url, "kafka": broker.plain, "kafka_library": library, "prefix": prefix}
    states = f"{prefix}.inmemory.{MODEL}.state"
    with open_kafka(KafkaSettings(broker.plain)).admin() as admin:
        admin.create([Topic(states)])
        one = failure(found(model=[MODEL], **flags))
        assert (one.check, one.code) == ("topics", "kafka_refused")
        assert f"{states} has cleanup.policy=delete and needs compact" in one.detail
        admin.alter(states, {"cleanup.policy": "compact"})
        well = found(model=[MODEL], **flags)
        assert "1 are there and fit, 4 are to be made" in well["kafka.topics"].detail
        admin.create([Topic(f"__ceramic-positions.{prefix}", 2, settings={"cleanup.policy": "compact"})])
        few = failure(found(tasks="3", **flags))
        assert "2 partitions, fewer than --tasks 3" in few.detail


def test_more_copies_than_brokers(
    library: Library, broker: BrokerAddresses, node: Running, prefix: str
) -> None:
    findings = found(
        source=node.url, kafka=broker.plain, kafka_library=library, prefix=prefix, replication="3"
    )
    one = failure(findings)
    assert (one.check, one.code) == ("create", "kafka_refused")
    assert "replication" in one.detail.lower()
    assert findings["kafka.transactions"].error is None


def test_a_source_that_runs_is_seen_and_not_disturbed(
    library: Library, broker: BrokerAddresses, node: Running, prefix: str
) -> None:
    name = f"name-{prefix}"
    topic = f"__ceramic-heartbeat.{prefix}"
    kafka = open_kafka(KafkaSettings(broker.plain), library)
    with kafka.admin() as admin:
        admin.create([Topic(topic, settings={"cleanup.policy": "compact"})])
    old = Message(topic, b"x", f"{name}-1".encode(), timestamp_ms=1)
    other = Message(topic, b"x", f"{name}-more-0".encode())
    with kafka.producer(f"ceramic-source-{name}-0") as producer:
        producer.write([old, other])
        flags = {"source": node.url, "kafka": broker.plain, "kafka_library": library, "prefix": prefix}
        assert f"no source called {name}" in found(name=name, **flags)["kafka.running"].detail
        producer.write([Message(topic, b"x", f"{name}-0".encode())])
        seen = found(name=name, **flags)["kafka.running"]
        assert seen.outcome is Outcome.OK
        assert f"a source called {name} gave a sign of life" in seen.detail
        producer.write([Message(topic, b"still there", f"{name}-0".encode())])


def test_a_registry(registry: str) -> None:
    well = found_at(Side.SCHEMAS, form="avro", registry=registry)["schemas.registry"]
    assert well.outcome is Outcome.OK
    assert "compatibility" in well.detail
    above = registry.removesuffix("/apis/ccompat/v7")
    path = found_at(Side.SCHEMAS, form="avro", registry=above)["schemas.registry"]
    assert "doesn't answer as a schema registry" in path.detail
    with gate(registry, "Bearer something") as url:
        none = found_at(Side.SCHEMAS, form="avro", registry=url)["schemas.registry"]
        assert none.code == "schemas_refused"


@pytest.mark.parametrize("user", [{}, {"registry_user": "me"}], ids=["token", "password"])
def test_a_registry_that_asks_who_we_are(
    registry: str, user: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    word = "word-of-mine-1"
    basic = base64.b64encode(f"me:{word}".encode()).decode()
    with gate(registry, f"Basic {basic}" if user else f"Bearer {word}") as url:
        flags = {"form": "avro", "registry": url, "registry_auth": f"env:{VARIABLE}", **user}
        wrong = found_at(Side.SCHEMAS, **flags)["schemas.registry"]
        assert wrong.code == "schemas_refused"
        assert "check the user" in wrong.detail
        monkeypatch.setenv(VARIABLE, word)
        well = found_at(Side.SCHEMAS, **flags)["schemas.registry"]
        assert well.outcome is Outcome.OK, well
        assert word not in well.detail


def test_a_folder_of_schemas(tmp_path: Path) -> None:
    place = tmp_path / "a" / "b"
    assert (
        "can be made"
        in found_at(Side.SCHEMAS, form="avro", schema_folder=str(place))["schemas.folder"].detail
    )
    assert not place.exists()
    place.mkdir(parents=True)
    assert (
        "can be written"
        in found_at(Side.SCHEMAS, form="avro", schema_folder=str(place))["schemas.folder"].detail
    )
    assert not list(place.iterdir())
    file = tmp_path / "file"
    file.touch()
    for wrong in (file, file / "below"):
        one = found_at(Side.SCHEMAS, form="avro", schema_folder=str(wrong))["schemas.folder"]
        assert one.outcome is Outcome.FAIL
        assert str(file) in one.detail
