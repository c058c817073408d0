"""Random sets of events with time events without `id`: in chains, forged, on other streams, with gaps."""

from __future__ import annotations

from typing import Final, NamedTuple

from hypothesis import strategies as st

from ceramic_protocol.cid import Cid
from tests.support import signing
from tests.support.chains import KnownChain
from tests.support.models import NOTE, NOTES
from tests.support.signing import Made, ed25519

_ME: Final = ed25519(7)
_STREAMS: Final = (
    signing.init(_ME, {"text": "a"}, model=NOTE, unique=b"a"),
    signing.init(_ME, {"text": "b"}, model=NOTE, unique=b"b"),
    signing.init(_ME, model=None),
    NOTES,
)
_ELSEWHERE: Final = signing.init(_ME, model=None, unique=b"never there")


class Drawn(NamedTuple):
    """Events in an order and with copies, and the chain that anchors some of them."""

    events: list[Made]
    chain: KnownChain

    @property
    def cars(self) -> list[tuple[str, bytes]]:
        """CID and CAR of each, as sources have them."""
        return [(str(event.cid), event.car) for event in self.events]


@st.composite
def sets_of_events(draw: st.DrawFn, max_events: int = 14) -> Drawn:
    """Some events of a few streams, in any order, some twice."""
    chain, known = KnownChain({signing.CHAIN_ID}), [*_STREAMS, _ELSEWHERE]
    for number in range(draw(st.integers(1, max_events))):
        known.append(draw(_event(known, chain, number)))
    known.remove(_ELSEWHERE)
    gone = draw(st.sets(st.sampled_from(known), max_size=3))
    here = [event for event in known if event not in gone]
    twice = draw(st.lists(st.sampled_from(here), max_size=3))
    return Drawn(draw(st.permutations([*here, *twice])), chain)


@st.composite
def _event(draw: st.DrawFn, known: list[Made], chain: KnownChain, number: int) -> Made:
    prev = draw(st.sampled_from(known[-6:] if draw(st.booleans()) else known))
    stream = draw(st.sampled_from([*_STREAMS, None, None, None, None]))
    if stream is not None and draw(st.booleans()):
        patch = [{"op": "add", "path": "/a", "value": number}]
        return signing.data(_ME, stream, prev, patch)
    is_forged = draw(st.integers(0, 4)) == 0
    # A leaf beside it makes two events of one prev.
    sibling = Cid.of(b"%d" % number)
    return signing.time(
        stream, prev, KnownChain() if is_forged else chain, 1_700_000_000 + number, sibling=sibling
    )
