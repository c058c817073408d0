"""Very many events, in one stream and in very many: time and memory of judging, folding and resolving them.

Run as a program, so that the memory is that of this work alone: `python -m tests.support.million SHAPE COUNT`
prints one line of JSON.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Final, cast

from ceramic_protocol import dagcbor
from ceramic_protocol.checked import CheckedEvent, Kind
from ceramic_protocol.cid import DAG_CBOR, DAG_JOSE, Cid
from ceramic_protocol.dagcbor import IpldValue
from ceramic_protocol.evaluate import evaluate
from ceramic_protocol.eventset import EventSet
from ceramic_protocol.models.context import Context
from ceramic_protocol.models.definition import parse_model
from tests.support.consensus import CONTROLLER
from tests.support.judging import RULES
from tests.support.models import DEFINITION, NOTE

SHAPES: Final = ("one", "many", "comb")
_STREAM_EVENTS: Final = 3
_ANCHOR_EVERY: Final = 1000
_KIB: Final = 1024


@dataclass(frozen=True, slots=True)
class Run:
    """What came of it: valid events, streams with a tip, events of the longest log, and what it took."""

    shape: str
    events: int
    streams: int
    longest: int
    seconds: float
    peak_bytes: int


def run_apart(shape: str, count: int) -> Run:
    """Do it in a process of its own."""
    assert shape in SHAPES, shape
    command = [sys.executable, "-m", "tests.support.million", shape, str(count)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return Run(**json.loads(done.stdout))


def _work(shape: str, count: int) -> Run:
    started = time.perf_counter()
    events = streams = longest = 0
    for known in _sets(shape, count):
        history = evaluate(next(iter(known.events)), known, RULES, _CONTEXT)
        events += sum(item.reason is None for item in history.judged.values())
        streams += history.tip is not None
        longest = max(longest, len(history.log))
    seconds = time.perf_counter() - started
    return Run(
        shape, events, streams, longest, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KIB
    )


def _sets(shape: str, count: int) -> Iterator[EventSet]:
    if shape == "many":
        for number in range(count):
            yield EventSet.of(_stream(number, _STREAM_EVENTS))
    else:
        yield EventSet.of(_stream(0, count, aside=2 if shape == "comb" else None))


def _stream(number: int, count: int, aside: int | None = None) -> Iterator[CheckedEvent]:
    """A note and its changes, with an anchor now and then; every so many stand aside, as forks."""
    header = {
        "controllers": [CONTROLLER],
        "model": bytes(NOTE),
        "sep": "model",
        "unique": number.to_bytes(8, "big"),
    }
    payload = dagcbor.encode({"data": {"text": "first"}, "header": header})
    stream = prev = Cid.of(payload, DAG_JOSE)
    yield CheckedEvent(stream, stream, Kind.INIT, None, payload, signer=CONTROLLER, model=NOTE)
    for place in range(1, count):
        if place % _ANCHOR_EVERY == 0:
            cid = Cid.of(b"%d" % place, DAG_CBOR)
            event = CheckedEvent(cid, stream, Kind.TIME, prev, b"", timestamp=place, chain_id="eip155:1337")
        else:
            patch = [{"op": "add", "path": "/a", "value": place}]
            payload = dagcbor.encode({"id": stream, "prev": prev, "data": patch})
            event = CheckedEvent(
                Cid.of(payload, DAG_JOSE), stream, Kind.DATA, prev, payload, signer=CONTROLLER
            )
        yield event
        prev = prev if aside and place % aside == 0 else event.cid


_CONTEXT: Final = Context({NOTE: parse_model(cast("IpldValue", DEFINITION))})


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(_work(sys.argv[1], int(sys.argv[2])))) + "\n")
