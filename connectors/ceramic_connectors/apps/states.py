"""What the tables of applications need to know of a stream: its state at the canonical tip."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

from ceramic_protocol import dagjson
from ceramic_protocol.cid import Cid
from ceramic_protocol.dagjson import Json
from ceramic_protocol.errors import IdentifierError
from ceramic_protocol.history import StreamHistory
from ceramic_protocol.ids import METAMODEL, MODEL, StreamId
from ceramic_protocol.multibase import encode
from ceramic_protocol.reasons import Outcome
from ceramic_protocol.rows import anchor_range

_CERTAIN_BITS: Final = 32
_METAMODEL: Final = str(METAMODEL)


@dataclass(frozen=True, slots=True)
class StreamState:
    """A stream at its canonical tip, as one who has seen so much of it knows it.

    `version` orders the states of *one* stream: a store never lets a lower one replace a higher one, and two
    of the same version must be the same state. A stream's state follows from the set of its events and from
    what is known of models and chains; as long as both only grow, `events_version` will do. Otherwise, say
    with rules that change, count up, or take the time at which the state was worked out, as exports do. All
    that write into one store must number alike.

    `tip` is None for a stream without a valid init event: what had been known of it is taken back. Times are
    unix seconds: `anchored_at` of the anchor that covers the tip, `first_…` and `last_anchored_at` of the
    canonical log. `content` is None, or the JSON value that stands in `stream_states`.
    """

    stream_id: str
    version: int
    tip: str | None = None
    model: str | None = None
    controller: str = ""
    height: int | None = None
    content: Json = field(default=None, repr=False)
    should_index: bool = True
    model_version: str | None = None
    context: str | None = None
    unique_base64: str | None = None
    anchored_at: int | None = None
    first_anchored_at: int | None = None
    last_anchored_at: int | None = None

    @property
    def is_model(self) -> bool:
        """Whether the stream is a model."""
        if self.model is not None:
            return self.model == _METAMODEL
        return StreamId.parse(self.stream_id).stream_type == MODEL

    @classmethod
    def of_history(cls, history: StreamHistory, version: int) -> Self:
        """The state of a stream that was evaluated here."""
        if history.header is None or history.tip is None:
            return cls(str(history.stream_id), version)
        tip = history.judged[history.tip]
        header, state = history.header, tip.state
        metadata = {} if state is None else state.metadata
        model_version = metadata.get("modelVersion")
        first, last = anchor_range(history)
        return cls(
            stream_id=str(history.stream_id),
            version=version,
            tip=str(history.tip),
            model=None if header.model is None else str(header.model),
            controller=header.controller,
            height=tip.height,
            content=None if state is None else dagjson.to_json(state.content),
            should_index=metadata.get("shouldIndex") is not False,
            model_version=str(model_version) if isinstance(model_version, Cid) else None,
            context=context_text(header.context),
            unique_base64=base64_text(header.unique),
            anchored_at=history.anchored.get(history.tip),
            first_anchored_at=first,
            last_anchored_at=last,
        )

    @classmethod
    def of_row(cls, row: Mapping[str, Any], version: int) -> Self:
        """The state in a row of the table `stream_states`, by the names of its columns."""
        data: Any = json.loads(row["data"]) if row["data"] is not None else {}
        metadata, dimensions = data.get("metadata", {}), dict(row["dimensions"] or ())
        model_version = metadata.get("modelVersion")
        return cls(
            stream_id=row["stream_id"],
            version=version,
            tip=str(Cid(row["event_cid"])),
            model=row["model"],
            controller=row["controller"],
            height=row["event_height"],
            content=data.get("content"),
            should_index=metadata.get("shouldIndex") is not False,
            model_version=model_version["/"] if model_version else None,
            context=context_text(dimensions.get("context")),
            unique_base64=base64_text(dimensions.get("unique")),
            anchored_at=row["anchored_at"],
            first_anchored_at=row["first_anchored_at"],
            last_anchored_at=row["last_anchored_at"],
        )


def events_version(history: StreamHistory) -> int:
    """How much is known of a stream: the number of its events, then that of those whose verdict is certain.

    It grows with each event that comes, and with each model or anchor that lets pending ones be judged.
    """
    certain = sum(item.outcome is not Outcome.PENDING for item in history.judged.values())
    return (len(history.judged) << _CERTAIN_BITS) | certain


def context_text(context: bytes | None) -> str | None:
    """A context as the StreamID that it should be, or else in multibase base64."""
    if not context:
        return None
    try:
        return str(StreamId.from_bytes(context))
    except IdentifierError:
        return encode(context, "m")


def base64_text(data: bytes | None) -> str | None:
    """Bytes in base64 as js-ceramic writes `unique`; None for none."""
    return base64.b64encode(data).decode("ascii") if data else None
