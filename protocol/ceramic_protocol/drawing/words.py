"""What is written beside the rows of a stream's tree, and at its head."""

from __future__ import annotations

from collections import Counter
from typing import Final

from ceramic_protocol.causes import Cause, moment
from ceramic_protocol.choices import StreamTree
from ceramic_protocol.cid import Cid
from ceramic_protocol.drawing.rows import Row
from ceramic_protocol.plain_text import plain
from ceramic_protocol.reasons import Outcome

_SHORT_CHARS: Final = 10


def short_cid(cid: Cid) -> str:
    """The end of a CID's text, in which CIDs differ."""
    return f"…{str(cid)[-_SHORT_CHARS:]}"


def head(tree: StreamTree) -> list[tuple[str, str]]:
    """Label and value of what is to be said of the stream as a whole."""
    history = tree.history
    counts = Counter(item.outcome.value for item in history.judged.values())
    numbers = ", ".join(f"{counts[outcome.value]:,} {outcome.value}" for outcome in Outcome)
    reason = history.reason
    tip = str(history.tip) if history.tip else f"none, {reason.value if reason else ''}"
    return [
        ("stream", f"{history.stream_id} ({history.stream_id.type_name})"),
        ("tip", tip),
        ("log", f"{len(history.log):,} events"),
        ("events", numbers),
        ("tips", f"{len(history.leaves):,}; tie-break {tree.tie_break.value}"),
    ]


def event_words(tree: StreamTree, cid: Cid, detail_chars: int) -> str:
    """What is notable about an event, apart from its kind, height and CID; may be empty."""
    item = tree.history.judged[cid]
    words = []
    if item.event.timestamp is not None and item.reason is None:
        words.append(f"anchored {moment(item.event.timestamp)}")
    if item.reason is not None:
        detail = plain(item.detail or item.reason.summary, detail_chars)
        words.append(f"{item.outcome.value}, {item.reason.value}: {detail}")
    if cid == tree.history.tip:
        words.append("the tip")
    choice = tree.choices.get(cid)
    if choice is not None and choice.cause is Cause.ONLY_BRANCH:
        words.append(choice.sentence)
    return "; ".join(words)


def stretch_words(tree: StreamTree, row: Row) -> str:
    """What a row stands for that is no single event."""
    anchors = [
        stamp
        for cid in row.cids
        if tree.history.judged[cid].reason is None
        and (stamp := tree.history.judged[cid].event.timestamp) is not None
    ]
    words = [_count(len(row.cids), "event")] if row.cids else []
    if anchors:
        first, last = moment(min(anchors)), moment(max(anchors))
        span = first if first == last else f"{first} to {last}"
        words.append(f"{_count(len(anchors), 'anchor')} {span}")
    if row.branches:
        hidden = f"{_count(row.branches, 'branch')} with {_count(row.hidden, 'event')}"
        words.append(hidden if row.cids else f"{hidden} more")
    return f"… {', '.join(words)} …"


def heading(row: Row) -> str | None:
    """What is to be said before a row: why the branch that begins here lost, or that it hangs nowhere."""
    if row.begins_apart:
        return "apart, as what they build on is not at hand:"
    return f"lost: {row.way.sentence}" if row.way and row.way.sentence else None


def _count(number: int, name: str) -> str:
    plural = f"{name}es" if name.endswith("ch") else f"{name}s"
    return f"{number:,} {name if number == 1 else plural}"
