"""What it is that a source is told to read: a node of ours, or a ceramic-one."""

from __future__ import annotations

from contextlib import closing
from enum import StrEnum
from http import HTTPStatus

from ceramic_connectors.endpoint import Endpoint
from ceramic_connectors.http_post import TooLargeError
from ceramic_connectors.source.errors import NodeRefusedError
from ceramic_connectors.source.foreign.asking import Asker
from ceramic_protocol.limits import MAX_FOREIGN_SMALL_ANSWER_BYTES


class Kind(StrEnum):
    """Kinds of nodes."""

    OURS = "ours"
    """A node of ceramic-streams, with its API `/v1`."""

    CERAMIC_ONE = "ceramic-one"
    """The reference node in Rust, whose events have to be verified."""


def recognise(endpoint: Endpoint, token: str | None = None) -> Kind:
    """What answers there.

    Args:
        endpoint: its address.
        token: a bearer token of it, if it wants one.

    Raises:
        NodeUnreachableError: nothing does, now.
        NodeRefusedError: it lets nobody in, or is neither.
    """
    with closing(Asker(endpoint, token)) as asker:
        try:
            status, body = asker.ask("/v1/info", MAX_FOREIGN_SMALL_ANSWER_BYTES)
            if status != HTTPStatus.NOT_FOUND:
                return _ours(asker, status, body)
            status, body = asker.ask("/ceramic/version", MAX_FOREIGN_SMALL_ANSWER_BYTES)
            if status == HTTPStatus.NOT_FOUND:
                raise NodeRefusedError(
                    f"{asker.name} refuses: it knows neither /v1/info, as a node of ceramic-streams does, nor"
                    " /ceramic/version, as a ceramic-one does; look at the path of the address"
                )
            if isinstance(asker.json_of(status, body).get("version"), str):
                return Kind.CERAMIC_ONE
        except TooLargeError:
            pass
        raise _neither(asker)


def _ours(asker: Asker, status: int, body: bytes) -> Kind:
    if "epoch" not in asker.json_of(status, body):
        raise _neither(asker)
    return Kind.OURS


def _neither(asker: Asker) -> NodeRefusedError:
    return NodeRefusedError(f"{asker.name} is neither a node of ceramic-streams nor a ceramic-one")
