"""What must show in nothing that a source says."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import suppress

from ceramic_connectors.kafka.passwords import read_password
from ceramic_connectors.keys import read_address
from ceramic_connectors.source.config import SourceConfig
from ceramic_connectors.watching.secrets import Censor
from ceramic_protocol.errors import CeramicError


def censor_of(config: SourceConfig) -> Censor:
    """Hides the secrets of a configuration, as they are now at their places."""
    addresses = [each for each in (config.source, config.registry) if each is not None]
    addresses += [address for place in config.rpc for address in _address(place)]
    places = (config.node_token, config.kafka_password, config.registry_auth)
    words = [word for place in places for word in _found(place)]
    basic = [f"{config.registry_user}:{word}".encode() for word in _found(config.registry_auth)]
    return Censor(addresses, [*words, *(base64.b64encode(each).decode() for each in basic)])


def _address(place: str) -> Iterator[str]:
    with suppress(CeramicError):
        yield read_address(place)


def _found(place: str | None) -> Iterator[str]:
    """What is there; nothing if it can't be read, which is told where it is needed."""
    if place is not None:
        with suppress(CeramicError):
            yield read_password(place)
