"""A stream's tree as a JSON value: every event with its verdict, every choice with its branches."""

from __future__ import annotations

from typing import Any

from ceramic_protocol.choices import Choice, StreamTree, Way
from ceramic_protocol.cid import Cid


def tree_json(tree: StreamTree) -> dict[str, Any]:
    """The whole tree: `events` with prev before what builds on it, `choices` by height and CID."""
    history = tree.history
    heights = {cid: item.height for cid, item in history.judged.items()}
    choices = sorted(tree.choices.values(), key=lambda choice: (heights[choice.at] or 0, choice.at))
    log = frozenset(history.log)
    return {
        "stream_id": str(history.stream_id),
        "tip": str(history.tip) if history.tip else None,
        "reason": history.reason.value if history.reason else None,
        "tie_break": tree.tie_break.value,
        "log": [str(cid) for cid in history.log],
        "events": [_event(tree, cid, is_canonical=cid in log) for cid in history.judged],
        "choices": [_choice(choice, heights[choice.at], is_canonical=choice.at in log) for choice in choices],
    }


def _event(tree: StreamTree, cid: Cid, *, is_canonical: bool) -> dict[str, Any]:
    item = tree.history.judged[cid]
    return {
        "cid": str(cid),
        "kind": item.event.kind.name.lower(),
        "prev": str(item.event.prev) if item.event.prev else None,
        "height": item.height,
        "verdict": item.outcome.value,
        "reason": item.reason.value if item.reason else None,
        "detail": item.detail,
        "timestamp": item.event.timestamp,
        "canonical": is_canonical,
    }


def _choice(choice: Choice, height: int | None, *, is_canonical: bool) -> dict[str, Any]:
    return {
        "at": str(choice.at),
        "height": height,
        "canonical": is_canonical,
        "cause": choice.cause.value,
        "sentence": choice.sentence,
        "branches": [_way(way) for way in choice.ways],
        "excluded": [str(cid) for cid in choice.excluded],
    }


def _way(way: Way) -> dict[str, Any]:
    branch = way.branch
    return {
        "first": str(way.first),
        "tip": str(branch.tip),
        "events": branch.length,
        "events_to_anchor": branch.to_anchor,
        "anchored_at": None if branch.to_anchor is None else branch.timestamp,
        "lost_by": way.lost_by.value if way.lost_by else None,
        "sentence": way.sentence,
    }
