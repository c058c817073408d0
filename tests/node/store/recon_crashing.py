"""A process that makes the keys of a store in small slices, while it puts more events, until it is killed."""

from __future__ import annotations

import sys
from pathlib import Path
from unittest import mock

from ceramic_node.clock import SystemClock
from ceramic_node.store.sqlite import open_store, recon_events
from ceramic_protocol.reasons import Reason
from ceramic_protocol.stored import NewEvent
from tests.node.store.making import chain_of, init, known_as, proven, time

STREAMS, LENGTH, AT_ONCE = 30, 40, 7


def logs() -> list[list[NewEvent]]:
    """Streams, each with an anchor at its end."""
    found = []
    for number in range(STREAMS):
        stream = init(number)
        log = [stream, *chain_of(stream, LENGTH)]
        found.append([*log, time(stream, log[-1])])
    return found


def news() -> list[list[NewEvent]]:
    """What is learned of the anchors in turn: that they are no good, and of every third one that it is."""
    anchors = [log[-1] for log in logs()]
    refused = [known_as(anchor, reason=Reason.ANCHOR_TX_UNKNOWN, detail="none") for anchor in anchors]
    return [[one] for one in refused] + [[proven(anchor)] for anchor in anchors[::3]]


def main(folder: Path) -> None:
    """What the process does: make keys and put news in turn, and say after each slice that there was one."""
    left = iter(news())
    size = mock.patch.object(recon_events, "RECON_SLICE_EVENTS", AT_ONCE)
    with size, open_store(folder, clock=SystemClock()) as store:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while store._upkeep._file.cursor != store.head():
            store._upkeep._step()
            store.put(next(left, []))
            sys.stdout.write(".\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
