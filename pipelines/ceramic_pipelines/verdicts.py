"""The lines that `verify` and `resolve` print (design.md 4.2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ceramic_protocol.checked import Kind
from ceramic_protocol.cid import Cid
from ceramic_protocol.dagjson import to_json
from ceramic_protocol.history import StreamHistory
from ceramic_protocol.reasons import Outcome, Reason
from ceramic_protocol.reducers import Reducer, fold_log
from ceramic_protocol.rows import metadata_of


@dataclass(frozen=True, slots=True)
class VerdictLine:
    """A verdict on one event, or on a row of the source that is none.

    `ordinal` counts the items of the source, `position` is a byte offset. `expires_in` is how many seconds
    are left for an anchor to prove that the event's capability was used in time; None if none is needed.
    """

    ordinal: int
    cid: Cid | None
    stream_id: str | None
    kind: Kind | None
    reason: Reason | None
    detail: str | None
    signer: str | None
    controller: str | None
    capability: Cid | None
    height: int | None
    expires_in: int | None
    source: str
    position: int

    @property
    def outcome(self) -> Outcome:
        """valid, rejected or pending."""
        return Outcome.VALID if self.reason is None else self.reason.outcome

    def as_json(self) -> dict[str, Any]:
        """The members of the contract, then expires_in, detail, source and position."""
        return {
            "cid": _text(self.cid),
            "stream_id": self.stream_id,
            "kind": None if self.kind is None else self.kind.name.lower(),
            "verdict": self.outcome.value,
            "reason": self.reason.value if self.reason else None,
            "signer": self.signer,
            "controller": self.controller,
            "capability": _text(self.capability),
            "height": self.height,
            "expires_in": self.expires_in,
            "detail": self.detail,
            "source": self.source,
            "position": self.position,
        }


def _text(cid: Cid | None) -> str | None:
    return None if cid is None else str(cid)


def differences(lines: Iterable[VerdictLine], others: Iterable[VerdictLine]) -> Iterator[dict[str, Any]]:
    """The lines on which two judgements of one source disagree, with what the other one says.

    Lines are paired by their place in the source: a copy of an event that has a line of its own in one
    judgement, as no event could be read from it, may have none in the other.
    """
    rest = iter(others)
    other = next(rest, None)
    for line in lines:
        while other is not None and other.ordinal < line.ordinal:
            other = next(rest, None)
        if other is None or other.ordinal != line.ordinal:
            continue
        if line.outcome is not other.outcome or line.reason is not other.reason:
            yield {
                **line.as_json(),
                "compared_verdict": other.outcome.value,
                "compared_reason": other.reason.value if other.reason else None,
                "compared_detail": other.detail,
            }


def stream_line(history: StreamHistory, reducer: Reducer | None = None) -> dict[str, Any]:
    """One stream as `resolve` prints it; `reason` says why there is no tip, if there is none.

    Raises:
        ReducerError: the reducer failed.
    """
    folded = None if reducer is None else fold_log(history, reducer)
    tip = history.judged[history.log[-1]] if history.log else None
    state = tip.state if tip else None
    metadata = metadata_of(history.header, state.metadata if state else {}) if history.header else None
    return {
        "stream_id": str(history.stream_id),
        "tip": _text(history.tip),
        "log": [str(cid) for cid in history.log],
        "anchored_at": history.anchored.get(history.tip) if history.tip else None,
        "content": to_json(state.content) if state and folded is None else folded,
        "metadata": to_json(metadata),
        "reverted": [str(cid) for cid in history.reverted],
        "reason": history.reason.value if history.reason else None,
    }
