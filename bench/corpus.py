"""Real events: those of the sample corpus, made with the reference packages."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Final

from ceramic_protocol import multibase
from ceramic_protocol.accounts.did import KeyType
from ceramic_protocol.cid import Cid
from ceramic_protocol.events import DataEvent, decode_event
from ceramic_protocol.ports import RawEvent

_CORPUS: Final = Path(__file__).resolve().parents[1] / "tests" / "vectors" / "corpus"


def data_events(key_type: KeyType, count: int) -> list[RawEvent]:
    """At most `count` valid data events signed with such a key and without a capability."""
    expected = json.loads((_CORPUS / "sample.expected.json").read_bytes())["events"]
    with gzip.open(_CORPUS / "sample.ndjson.gz", "rb") as lines:
        wanted = (line for line in map(json.loads, lines) if expected[line["cid"]]["valid"])
        events = [RawEvent(multibase.decode(line["car"]), Cid.parse(line["cid"]), "", 0) for line in wanted]
    found = [event for event in events if _is_wanted(event, key_type)]
    # From all over the corpus, as neighbours are alike.
    return found[:: max(1, len(found) // count)][:count]


def _is_wanted(raw: RawEvent, key_type: KeyType) -> bool:
    event = decode_event(raw.car)
    if not isinstance(event, DataEvent) or event.envelope is None:
        return False
    header = event.envelope.header
    return header.capability is None and header.alg == key_type.algorithm
