"""The process that keeps a node's states up: `python -m ceramic_node.following.child SOCKET`."""

from __future__ import annotations

import logging
import select
import signal
import socket
import sys
from contextlib import closing, suppress
from typing import Final

from ceramic_connectors.watching.logs import start_logging
from ceramic_connectors.watching.secrets import Censor
from ceramic_node.clock import SystemClock
from ceramic_node.following.messages import Orders, Report
from ceramic_node.following.port import Turn
from ceramic_node.states.follower import StateFollower
from ceramic_node.states.sqlite import SqliteStates
from ceramic_node.store.sqlite.reading import open_reader
from ceramic_protocol.errors import CeramicError, StoreCorruption
from ceramic_protocol.garbage import collect_less
from ceramic_protocol.limits import STATE_LOCK_SECONDS

_LOG: Final = logging.getLogger(__name__)
_WAKES: Final = 1 << 16
_NO_TURN: Final = Turn(0, 0.0, 0)


class Line:
    """The socket to the node; what can't be said any more needn't be."""

    def __init__(self, line: socket.socket) -> None:
        """Speak over a socket."""
        self._line = line

    def say(self, report: Report) -> None:
        """Send a report."""
        with suppress(OSError):
            self._line.sendall(report.line())

    def wait(self, seconds: float) -> bool:
        """See `Wakes`: whatever the node says wakes, and the end of its side is the end."""
        if seconds > 0:
            select.select([self._line], [], [], seconds)
        try:
            return self._line.recv(_WAKES, socket.MSG_DONTWAIT) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False


def follow(orders: Orders, line: Line) -> None:
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

        def tell(turn: Turn = _NO_TURN) -> None:
            line.say(Report(follower.version, *turn, follower.failures, follower.errors))

        follower = StateFollower(events, states, lambda: orders.rules(clock), on_turn=tell)
        tell()
        # In this thread and no other: two of them would wait for each other's turn at every wake.
        follower.follow(line, on_error=tell)
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
        line = Line(plain)
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
