"""The port to whoever else has events: another node, a peer, an archive."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from ceramic_protocol.cid import Cid
from ceramic_protocol.ids import StreamId


class RemoteStreams(Protocol):
    """Gives events as CARs. Nothing that it says is believed: what comes is checked like any other event.

    Both calls raise `OutsideError` if the other side can't be asked.
    """

    def stream(self, stream: StreamId) -> Iterable[bytes]:
        """The CARs of a stream's events, as many as the other side cares to give, in any order."""
        ...

    def event(self, cid: Cid) -> bytes | None:
        """The CAR of one event; None if the other side hasn't got it."""
        ...
