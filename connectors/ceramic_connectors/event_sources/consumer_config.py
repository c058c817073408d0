"""The way in to Kafka from a consumer's configuration, in the words of Kafka's own clients."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from ceramic_connectors.event_sources.access import Access
from ceramic_connectors.kafka.settings import Mechanism
from ceramic_connectors.source.kinds import PLACE, SERVERS
from ceramic_protocol.errors import UsageError
from ceramic_protocol.limits import MAX_QUOTED_CHARS
from ceramic_protocol.plain_text import plain

_SERVERS: Final = "bootstrap.servers"
_PROTOCOL: Final = "security.protocol"
_MECHANISM: Final = "sasl.mechanism"
_PASSWORD: Final = "sasl.password"  # noqa: S105  # the name of a setting
_SASL: Final = (_MECHANISM, "sasl.username", _PASSWORD)
_FILES: Final = ("ssl.ca.location", "ssl.certificate.location", "ssl.key.location")
_KNOWN: Final = (_SERVERS, _PROTOCOL, *_SASL, *_FILES)
_PROTOCOLS: Final = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")


class WayIn(NamedTuple):
    """Addresses of brokers, with commas between, and how to get in."""

    servers: str
    access: Access


def way_in(config: Mapping[str, str]) -> WayIn:
    """What a configuration says.

    Args:
        config: `bootstrap.servers`, `security.protocol`, `ssl.ca.location`, `ssl.certificate.location`,
            `ssl.key.location`, `sasl.mechanism`, `sasl.username` and, as `file:PATH` or `env:NAME`, the place
            of `sasl.password` or of a token.

    Raises:
        UsageError: it has other settings, lacks the servers, or makes no sense.
    """
    others = sorted(config.keys() - set(_KNOWN))
    if others:
        raise UsageError(
            f"consumer_config has {plain(others[0], MAX_QUOTED_CHARS)}, which a bounded read doesn't take;"
            f" it takes {', '.join(_KNOWN)}"
        )
    if _SERVERS not in config:
        raise UsageError(f"consumer_config lacks {_SERVERS}")
    protocol = config.get(_PROTOCOL, _PROTOCOLS[0])
    if protocol not in _PROTOCOLS:
        raise UsageError(f"{_PROTOCOL} is one of {', '.join(_PROTOCOLS)}")
    if protocol.startswith("SASL") != (_MECHANISM in config):
        raise UsageError(f"{_PROTOCOL} {protocol} doesn't fit, as {_MECHANISM} belongs to SASL")
    authority, certificate, key = (Path(config[name]) if name in config else None for name in _FILES)
    access = Access(
        kafka_tls=protocol.endswith("SSL"),
        kafka_ca=authority,
        kafka_cert=certificate,
        kafka_key=key,
        kafka_sasl=_mechanism(config.get(_MECHANISM)),
        kafka_user=config.get("sasl.username"),
        kafka_password=PLACE.parse(config[_PASSWORD]) if _PASSWORD in config else None,
    )
    servers = SERVERS.parse(config[_SERVERS])
    access.kafka_settings(servers)
    return WayIn(servers, access)


def _mechanism(name: str | None) -> Mechanism | None:
    try:
        return None if name is None else Mechanism(name)
    except ValueError:
        raise UsageError(f"{_MECHANISM} is one of {', '.join(Mechanism)}") from None
