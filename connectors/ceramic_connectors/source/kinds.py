"""Kinds of settings that only the Kafka source has."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from ceramic_connectors.config.kinds import TRUTH, Kind, mask_address, refusal
from ceramic_connectors.endpoint import Endpoint
from ceramic_connectors.kafka.addresses import TopicAddress, parse_servers
from ceramic_connectors.kafka.passwords import check_place
from ceramic_connectors.source.uris import OriginKind, origin_of, path_of
from ceramic_protocol.errors import UsageError
from ceramic_protocol.limits import (
    MAX_KAFKA_REPLICAS,
    MAX_SOURCE_NAME_CHARS,
    MAX_TOPIC_CHARS,
    MAX_TOPIC_PREFIX_CHARS,
)

_NAME: Final = re.compile(r"[A-Za-z0-9._-]+", re.ASCII)
_ITSELF: Final = frozenset({".", ".."})
_BROKERS_OWN: Final = -1


def name(limit: int) -> Kind[str]:
    """What may be a topic, a beginning of one, or a transactional id, of at most `limit` characters."""

    def parse(text: str) -> str:
        stripped = text.strip()
        if _NAME.fullmatch(stripped) is None or len(stripped) > limit or stripped in _ITSELF:
            raise refusal(text, f"no name here; give up to {limit} of A-Z a-z 0-9 . _ -")
        return stripped

    return Kind("NAME", parse)


def _uri(text: str) -> str:
    stripped = text.strip()
    kind = origin_of(stripped)
    if kind is OriginKind.NODE:
        Endpoint.parse(stripped)
    elif kind is OriginKind.TOPICS:
        TopicAddress.parse(path_of(stripped))
    return stripped


def _shown_uri(text: str) -> str:
    return mask_address(text) if origin_of(text.strip()) is OriginKind.NODE else text


def _url(text: str) -> str:
    if urlsplit(text.strip()).query:
        raise UsageError("the address of a schema registry has no query")
    Endpoint.parse(text.strip())  # whose errors don't repeat it
    return text.strip()


def _place(text: str) -> str:
    check_place(text.strip())
    return text.strip()


def _replicas(text: str) -> int:
    stripped = text.strip()
    is_number = re.fullmatch(r"-1|[0-9]{1,5}", stripped, re.ASCII) is not None
    value = int(stripped) if is_number else 0
    if value != _BROKERS_OWN and not 1 <= value <= MAX_KAFKA_REPLICAS:
        usual = f"1 to {MAX_KAFKA_REPLICAS}, or -1 for as many as the broker makes"
        raise refusal(text, f"no number of copies; give {usual}")
    return value


def _signals(text: str) -> bool | str:
    try:
        return TRUTH.parse(text)
    except UsageError:
        return TOPIC.parse(text)


URI: Final = Kind("URI", _uri, mask=_shown_uri)
URL: Final = Kind("URL", _url, mask=mask_address)
PLACE: Final = Kind("PLACE", _place)
NAME: Final = name(MAX_SOURCE_NAME_CHARS)
PREFIX: Final = name(MAX_TOPIC_PREFIX_CHARS)
TOPIC: Final = name(MAX_TOPIC_CHARS)
SERVERS: Final = Kind("HOST:PORT,…", parse_servers)
REPLICAS: Final = Kind("NUMBER", _replicas, is_plain=True)
SIGNALS: Final = Kind("true|false|TOPIC", _signals)
