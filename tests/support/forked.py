"""A small stream with one of everything that an explanation has to tell, and hostile ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ceramic_protocol.checked import CheckedEvent, Kind
from ceramic_protocol.choices import StreamTree, stream_tree
from ceramic_protocol.cid import Cid
from ceramic_protocol.evaluate import evaluate
from ceramic_protocol.eventset import EventSet
from ceramic_protocol.history import StreamHistory
from ceramic_protocol.reasons import Reason
from ceramic_protocol.resolve import TieBreak
from tests.support import signing
from tests.support.chains import KnownChain
from tests.support.consensus import INIT_PAYLOAD
from tests.support.judging import CONTEXT, rules
from tests.support.signing import Made, ed25519
from tests.support.strategies import child

ME: Final = ed25519(1)
OTHER: Final = ed25519(2)
ROOT: Final = Cid.of(b"root")
ROOT_EVENT: Final = CheckedEvent(ROOT, ROOT, Kind.INIT, None, INIT_PAYLOAD)

HOSTILE: Final = (
    "</text></svg><script>alert(1)</script>",
    '"]; click n0 call alert(1); n9["',
    "`**bold**` %%{init: {}}%% style n0 fill:#fff; end",
    "\x1b[2J\x1b]0;title\x07\r\nfake line \u202e reversed \u2028 \x00 \ufffe",
    "#quot;&#60;b&#62; ﬂ°°60¶ß <!-- ]]> -->",
    "a\\nb <img src=x onerror=alert(1)> {{x}} $$x$$ | -->|y| n1 :::lost",
)
"""Details that try to be more than text where they are shown."""


def judge(stream: Cid, known: EventSet, tie_break: TieBreak = TieBreak.JS) -> StreamHistory:
    """The history of a stream, whatever its model."""
    return evaluate(stream, known, rules(tie_break), CONTEXT)


def _add(name: str) -> list[dict[str, object]]:
    return [{"op": "add", "path": f"/{name}", "value": 1}]


def _chain(stream: Made, prev: Made, names: Sequence[str]) -> list[Made]:
    found: list[Made] = []
    for name in names:
        found.append(signing.data(ME, stream, found[-1] if found else prev, _add(name)))
    return found


def forked_stream() -> tuple[EventSet, Cid]:
    """The events of the stream, with real signatures, and its init CID."""
    chain = KnownChain()
    init = signing.init(ME, {"n": 0})
    first = signing.data(ME, init, init, _add("first"))
    anchor = signing.time(init, first, chain, 1_700_000_000)
    main = _chain(init, anchor, [f"main{number}" for number in range(9)])
    tip = signing.time(init, main[-1], chain, 1_700_090_000)
    side = _chain(init, first, ("side0", "side1", "side2"))
    late = signing.time(init, side[-1], chain, 1_700_050_000)
    bad = signing.data(OTHER, init, main[4], _add("bad"))
    lost = (*_chain(init, side[0], ("nested",)), *_chain(init, main[4], ("lost",)))
    unseen = _chain(init, tip, ("unseen", "orphan"))
    events = (init, first, anchor, *main, tip, *side, late, bad, *_chain(init, bad, ("after",)), *lost)
    known = signing.known(*events, unseen[-1], chain=chain)
    known.add(signing.time(init, tip, KnownChain()).check(KnownChain()))
    return known, init.cid


def forked_tree() -> StreamTree:
    """Its tree."""
    known, init = forked_stream()
    return stream_tree(judge(init, known))


def tree_of(events: Sequence[CheckedEvent]) -> StreamTree:
    """The tree of events of `ROOT`, which need not be among them."""
    return stream_tree(judge(ROOT, EventSet.of([ROOT_EVENT, *events])))


def rejected(prev: Cid, salt: bytes, detail: str) -> CheckedEvent:
    """An event that is rejected, with a detail from outside."""
    return child(ROOT, prev, salt)._replace(reason=Reason.UNSUPPORTED_DID, detail=detail)


def line(prev: Cid, count: int, name: str, *, anchored_every: int = 0) -> list[CheckedEvent]:
    """Events one on top of the other."""
    found: list[CheckedEvent] = []
    for number in range(1, count + 1):
        stamp = number if anchored_every and number % anchored_every == 0 else None
        found.append(child(ROOT, prev, f"{name} {number}".encode(), stamp))
        prev = found[-1].cid
    return found


def comb(count: int) -> list[CheckedEvent]:
    """A log with a branch beside every event."""
    log = line(ROOT, count, "comb")
    return [*log, *(child(ROOT, event.cid, b"tooth %d" % place) for place, event in enumerate(log[:-1]))]


def stairs(count: int) -> list[CheckedEvent]:
    """Branches within branches: each was anchored later than the time event that it begins beside."""
    steps = line(ROOT, count, "stairs")
    return [*steps, *(child(ROOT, event.cid, b"%d" % place, place + 1) for place, event in enumerate(steps))]


def hostile_tree() -> StreamTree:
    """Rejected events whose details are hostile, side by side."""
    return tree_of([rejected(ROOT, b"%d" % place, detail) for place, detail in enumerate(HOSTILE)])
