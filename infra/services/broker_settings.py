"""Settings of a broker for tests: one node, little memory, quick to come back after it was killed."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from infra.services.certificates import Certificates

USER: Final = "ceramic"
"""The one user of the listener that asks for a password."""

_ALONE: Final = """\
process.roles=broker,controller
node.id=1
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:SASL_SSL,MUTUAL:SSL
num.partitions=1
auto.create.topics.enable=false
num.network.threads=2
num.io.threads=2
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
"""

# A killed broker is let in again when its old session is over. The cleaner's buffer is 128 MiB otherwise.
_QUICK: Final = """\
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
log.cleaner.dedupe.buffer.size=4194304
log.cleaner.io.buffer.size=65536
log.cleaner.backoff.ms=1000
log.retention.check.interval.ms=1000
transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
"""

_TOKENS: Final = "org.apache.kafka.common.security.oauthbearer"
_SECURITY: Final = f"""\
ssl.keystore.type=PEM
ssl.truststore.type=PEM
listener.name.mutual.ssl.client.auth=required
listener.name.secure.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER
listener.name.secure.scram-sha-256.sasl.jaas.config=\
org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.secure.scram-sha-512.sasl.jaas.config=\
org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.secure.oauthbearer.sasl.jaas.config=\
{_TOKENS}.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";
listener.name.secure.oauthbearer.sasl.server.callback.handler.class=\
{_TOKENS}.internals.unsecured.OAuthBearerUnsecuredValidatorCallbackHandler
"""


def properties(
    folder: Path, ports: tuple[int, int, int, int], certificates: Certificates, password: str
) -> str:
    """What stands in `server.properties`; ports of PLAINTEXT, CONTROLLER, SECURE and MUTUAL."""
    places = dict(zip(("PLAINTEXT", "CONTROLLER", "SECURE", "MUTUAL"), ports, strict=True))
    listeners = [f"{name}://127.0.0.1:{port}" for name, port in places.items()]
    advertised = [text for text in listeners if not text.startswith("CONTROLLER")]
    plain = "org.apache.kafka.common.security.plain.PlainLoginModule required"
    own = {
        "controller.quorum.bootstrap.servers": f"127.0.0.1:{places['CONTROLLER']}",
        "listeners": ",".join(listeners),
        "advertised.listeners": ",".join(advertised),
        "log.dirs": folder / "data",
        "ssl.keystore.location": certificates.server,
        "ssl.truststore.location": certificates.authority,
        "listener.name.secure.plain.sasl.jaas.config": f'{plain} user_{USER}="{password}";',
    }
    return _ALONE + _QUICK + _SECURITY + "".join(f"{name}={value}\n" for name, value in own.items())
