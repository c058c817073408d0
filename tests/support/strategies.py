"""Hypothesis strategies for what travels in Ceramic: CIDs, IPLD values, JSON documents, trees of events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from ceramic_protocol import dagcbor
from ceramic_protocol.checked import CheckedEvent, Kind
from ceramic_protocol.cid import DAG_CBOR, DAG_JOSE, RAW, Cid
from tests.support.consensus import CONTROLLER, INIT_PAYLOAD

cids: st.SearchStrategy[Cid] = st.builds(
    Cid.of, st.binary(max_size=8), st.sampled_from([DAG_CBOR, DAG_JOSE, RAW])
)

texts = st.text(max_size=12)
"""Text without surrogates, as DAG-CBOR has it."""

integers = st.one_of(
    st.integers(-(1 << 64), (1 << 64) - 1),
    st.integers(-30, 30),
    st.sampled_from(
        [sign * (1 << bits) + by for bits in (8, 16, 32, 53, 63) for by in (-1, 0) for sign in (1, -1)]
    ),
)

finite = st.floats(allow_nan=False, allow_infinity=False)

scalars = st.one_of(st.none(), st.booleans(), integers, finite, texts, st.binary(max_size=40), cids)


def _nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.lists(inner, max_size=5), st.dictionaries(texts, inner, max_size=5))


ipld: st.SearchStrategy[Any] = st.recursive(scalars, _nested, max_leaves=20)

json_scalars = st.one_of(st.none(), st.booleans(), st.integers(-(1 << 53) + 1, (1 << 53) - 1), finite, texts)
json: st.SearchStrategy[Any] = st.recursive(json_scalars, _nested, max_leaves=12)


@st.composite
def trees(draw: st.DrawFn, max_events: int = 12, *, distinct: bool = False) -> list[CheckedEvent]:
    """The valid events of one stream, parents first, whose content nobody folds.

    Timestamps are below 100, and often equal unless they must be distinct.
    """
    count = draw(st.integers(0, max_events - 1))
    stamps = draw(st.permutations(range(1, count + 1))) if distinct else None
    salt = draw(st.integers(0, 1 << 32))
    stream = Cid.of(b"init %d" % salt)
    events = [CheckedEvent(stream, stream, Kind.INIT, None, INIT_PAYLOAD)]
    for number in range(count):
        prev = draw(st.sampled_from(events)).cid
        stamp = draw(st.one_of(st.none(), st.just(stamps[number]) if stamps else st.integers(1, 6)))
        events.append(child(stream, prev, b"%d %d" % (salt, number), stamp))
    return events


def child(stream: Cid, prev: Cid, salt: bytes, timestamp: int | None = None) -> CheckedEvent:
    """A valid data event or, with a timestamp, a proven time event."""
    cid = Cid.of(b"child %s" % salt, DAG_JOSE if timestamp is None else DAG_CBOR)
    if timestamp is None:
        payload = dagcbor.encode({"id": stream, "prev": prev, "data": None})
        return CheckedEvent(cid, stream, Kind.DATA, prev, payload, signer=CONTROLLER)
    return CheckedEvent(cid, stream, Kind.TIME, prev, b"", timestamp=timestamp, chain_id="eip155:1337")


def descendants(events: Sequence[CheckedEvent], top: Cid) -> set[Cid]:
    """`top` and all that builds on it; parents come first in `events`."""
    found = {top}
    for event in events:
        if event.prev in found:
            found.add(event.cid)
    return found
