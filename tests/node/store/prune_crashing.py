"""A process that prunes a store in small transactions until it is killed."""

from __future__ import annotations

import sys
from pathlib import Path

from ceramic_node.clock import SystemClock
from ceramic_node.store.sqlite import open_store
from ceramic_protocol.cid import Cid
from ceramic_protocol.ports import EventStore
from ceramic_protocol.stored import NewEvent, StreamFilter
from tests.node.store.making import chain_of, init
from tests.node.store.sharing import under

STREAMS, LENGTH, AT_ONCE = 30, 50, 3
NEVER = 10**15


def logs() -> list[list[NewEvent]]:
    """Streams; every third one is to be kept."""
    found = []
    for number in range(STREAMS):
        stream = init(number)
        found.append([stream, *chain_of(stream, LENGTH), under(stream, stream, f"under {number}")])
    return found


def doomed(number: int) -> bool:
    """Whether a stream is to go."""
    return number % 3 != 0


def due(store: EventStore) -> dict[Cid, int]:
    """The versions of all streams that are to go."""
    entries = store.find(StreamFilter(), 0, 1000)
    return {entry.facts.stream: entry.version for place, entry in enumerate(entries) if doomed(place)}


def main(folder: Path) -> None:
    """What the process does: prune, and say after each transaction that there was one."""
    with open_store(folder, clock=SystemClock()) as store:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while store.prune(due(store), NEVER, AT_ONCE).events:
            sys.stdout.write(".\n")
            sys.stdout.flush()
        sys.stdout.write("done\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
