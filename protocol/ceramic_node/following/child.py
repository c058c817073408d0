"""The process that keeps a node's states up: `python -m ceramic_node.following.child SOCKET`."""

from __future__ import annotations

import logging
import select
import signal
import socket
import sys
from contextlib import closing, suppress
from threading import Lock
from typing import Final

from ceramic_node.clock import SystemClock
from ceramic_node.following.messages import Orders, Report
from ceramic_node.following.port import Turn
from ceramic_node.garbage import collect_less
from ceramic_node.states.follower import StateFollower
from ceramic_node.states.sqlite import SqliteStates
from ceramic_node.store.sqlite.reading import open_reader
from ceramic_node.watching.logs import start_logging
from ceramic_node.watching.secrets import Censor
from ceramic_protocol.errors import CeramicError, StoreCorruption
from ceramic_protocol.limits import STATE_LOCK_SECONDS, TICK_SECONDS

_LOG: Final = logging.getLogger(__name__)
_WAKES: Final = 1 << 16


class _Line:
    """The socket to the node; what can't be said any more needn't be."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._saying = Lock()

    def say(self, report: Report) -> None:
        with self._saying, suppress(OSError):
            self._line.sendall(report.line())

    def hear(self) -> bytes | None:
        """What the node says within a moment; None for nothing, and no bytes if it is gone."""
        ready, _, _ = select.select([self._line], [], [], TICK_SECONDS)
        return self._line.recv(_WAKES) if ready else None


def follow(orders: Orders, line: _Line) -> None:
    """Keep states up until the node is gone or wants no more.

    Raises:
        CeramicError: a store can't be used.
    """
    clock = SystemClock()
    path = orders.folder / orders.states
    with (
        closing(open_reader(orders.folder)) as events,
        closing(SqliteStates(path, patience=STATE_LOCK_SECONDS)) as states,
    ):
        line.say(Report(states.head().version))

        def tell(turn: Turn) -> None:
            line.say(Report(states.head().version, *turn, follower.failures, follower.errors))

        follower = StateFollower(events, states, lambda: orders.rules(clock), on_turn=tell)
        follower.start()
        troubles = 0
        while (heard := line.hear()) != b"" and follower.broken is None:
            if heard:
                follower.wake()
            if follower.errors != troubles:
                troubles = follower.errors
                line.say(Report(states.head().version, failures=follower.failures, errors=troubles))
        follower.stop()
        if follower.broken is not None:
            raise follower.broken


def main() -> None:
    """Run the process."""
    collect_less()
    for number in (signal.SIGINT, signal.SIGTERM):
        # They go to the node, or to all its processes: it is the node that ends this one.
        signal.signal(number, signal.SIG_IGN)
    with socket.socket(fileno=int(sys.argv[-1])) as plain:
        orders = Orders.read(plain.makefile("rb", buffering=0).readline())
        start_logging(orders.log_format, orders.log_level, Censor([]))
        line = _Line(plain)
        try:
            follow(orders, line)
        except StoreCorruption as error:
            line.say(Report(0, broken=str(error)))
            raise SystemExit(1) from None
        except CeramicError as error:
            _LOG.error("states can't be kept up: %s", error)
            raise SystemExit(1) from None


if __name__ == "__main__":
    main()
