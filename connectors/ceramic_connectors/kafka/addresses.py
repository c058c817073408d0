"""Addresses of brokers and of topics, as they are written in settings and URIs."""

from __future__ import annotations

from typing import NamedTuple, Self

from ceramic_connectors.config.kinds import refusal
from ceramic_connectors.config.values import Address
from ceramic_protocol.errors import UsageError
from ceramic_protocol.limits import MAX_KAFKA_SERVERS


def parse_servers(text: str) -> str:
    """`HOST:PORT` of some brokers, with commas between and no spaces.

    Raises:
        UsageError: it is no such list.
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not 0 < len(parts) <= MAX_KAFKA_SERVERS:
        raise refusal(text, "no list of brokers; give HOST:PORT, or several with commas between")
    addresses = [Address.parse(part) for part in parts]
    if any(not address.port for address in addresses):
        raise refusal(text, "no list of brokers: 0 is no port of one")
    return ",".join(map(str, addresses))


class TopicAddress(NamedTuple):
    """Topics of a cluster; a `*` in one stands for anything.

    Attributes:
        servers: `host:port` of some brokers, with commas between.
        topics: names or patterns, one at least.
    """

    servers: str
    topics: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """From `HOST:PORT/TOPIC`, with commas between several of each.

        Raises:
            UsageError: that is no address of topics.
        """
        servers, _, names = text.partition("/")
        topics = tuple(name for name in names.split(",") if name)
        if not topics:
            raise UsageError("the address of topics is kafka://HOST:PORT/TOPIC, several with commas between")
        return cls(parse_servers(servers), topics)
