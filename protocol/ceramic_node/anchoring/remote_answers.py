"""What an anchor service answers, read without trust (consensus.md 2.7).

Whatever the bytes are, there is an `Answer` or an `AnchorTroubleError`, and nothing else.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from typing import Final, TypeVar

from ceramic_node.anchoring.errors import AnchorTroubleError, Trouble
from ceramic_node.anchoring.ports import Leaf, Settled
from ceramic_protocol import strict_json
from ceramic_protocol.anchors import NO_OTHER_CONTRACTS, Anchored, verify_anchor
from ceramic_protocol.build_time import time_event
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import DecodeError, EncodeError, IdentifierError
from ceramic_protocol.events import InvalidEvent, TimeEvent, decode_event
from ceramic_protocol.ids import StreamId
from ceramic_protocol.limits import MAX_CAS_ANSWER_BYTES, MAX_TREE_LEAVES, MAX_WITNESS_PATH
from ceramic_protocol.merkle import Above
from ceramic_protocol.networks import Network
from ceramic_protocol.ports import Chain
from ceramic_protocol.reasons import Finding

T = TypeVar("T")

_BASE64: Final = re.compile(r"[A-Za-z0-9+/]*")
_QUOTED: Final = 200
_LONGEST_PATH: Final = MAX_WITNESS_PATH - (MAX_TREE_LEAVES - 1).bit_length()
"""So that the path through a batch's own tree fits in behind it."""
_UNKNOWN: Final = re.compile(r"request doesn'?t exist|not found", re.IGNORECASE)
_UNAUTHORIZED: Final = "unauthorized"


class Status(StrEnum):
    """What a service says of a request."""

    PENDING = "PENDING"
    PROCESSING = "PROCESSING"
    READY = "READY"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    REPLACED = "REPLACED"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service says of the request that was asked for; `commit` and `witness` when it is completed."""

    status: Status
    message: str
    commit: Cid | None = None
    witness: bytes | None = field(default=None, repr=False)


def read_answer(http_status: int, body: bytes, wanted: Leaf) -> Answer | None:
    """The answer to a question about one request; None if the service doesn't know of it.

    Raises:
        AnchorTroubleError: it is about another request, an error, or no answer at all.
    """
    if len(body) > MAX_CAS_ANSWER_BYTES:
        raise AnchorTroubleError(Trouble.ANSWER_TOO_LARGE, f"more than {MAX_CAS_ANSWER_BYTES} bytes")
    if http_status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise AnchorTroubleError(Trouble.UNAUTHORIZED, f"HTTP {http_status}: {_said(body)}")
    value = _members(http_status, body)
    error = value.get("error")
    if http_status == HTTPStatus.NOT_FOUND or (isinstance(error, str) and _UNKNOWN.fullmatch(error.strip())):
        return None
    if "status" not in value or error is not None or http_status >= HTTPStatus.BAD_REQUEST:
        raise _refusal(http_status, body, value)
    return _answer(value, wanted)


def check_taken(http_status: int, body: bytes) -> None:
    """Whether a service has taken a request; what became of it is asked for afterwards.

    Raises:
        AnchorTroubleError: it hasn't.
    """
    if http_status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise AnchorTroubleError(Trouble.UNAUTHORIZED, f"HTTP {http_status}: {_said(body)}")
    value = _members(http_status, body)
    if "status" not in value or http_status >= HTTPStatus.BAD_REQUEST:
        raise _refusal(http_status, body, value)


def read_witness(answer: Answer, wanted: Leaf) -> TimeEvent:
    """The time event that a completed answer brings, whose path leads to the requested event.

    Raises:
        AnchorTroubleError: there is none, or it is of something else.
    """
    if answer.witness is None:
        raise AnchorTroubleError(Trouble.WITNESS_MISSING, "the answer has no witnessCar")
    event = decode_event(answer.witness)
    if isinstance(event, InvalidEvent):
        raise AnchorTroubleError(Trouble.WITNESS_MALFORMED, f"{event.reason.value}: {event.detail}"[:_QUOTED])
    if not isinstance(event, TimeEvent):
        raise AnchorTroubleError(Trouble.WITNESS_MALFORMED, f"a {event.kind} event")
    if event.prev != wanted.tip or event.stream != wanted.stream.cid:
        detail = f"it anchors {event.prev} of the stream {event.stream}"
        raise AnchorTroubleError(Trouble.WITNESS_MISMATCH, detail)
    if answer.commit not in (None, event.cid):
        raise AnchorTroubleError(Trouble.WITNESS_MISMATCH, f"it is {event.cid} instead of {answer.commit}")
    _check_form(event, wanted.stream.cid)
    return event


def judge(event: TimeEvent, chain: Chain, network: Network | None = None) -> Settled | Finding:
    """A time event as a result, if its proof holds; what keeps that pending.

    Args:
        event: from `read_witness`.
        chain: where transactions are looked up.
        network: whose chains count; None: any that `chain` can tell of.

    Raises:
        AnchorTroubleError: the proof doesn't hold.
    """
    found = verify_anchor(event, chain, NO_OTHER_CONTRACTS, network)
    if isinstance(found, Anchored):
        return Settled(event.proof, Above(event.path, tuple(event.witnesses.values())))
    if found.is_certain:
        detail = f"{found.reason.value}: {found.detail}"[:_QUOTED]
        raise AnchorTroubleError(Trouble.PROOF_REJECTED, detail)
    return found


def _members(http_status: int, body: bytes) -> Mapping[str, object]:
    try:
        value = strict_json.load(body)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise AnchorTroubleError(Trouble.ANSWER_MALFORMED, f"HTTP {http_status}: {_said(body)}")
    return value


def _refusal(http_status: int, body: bytes, value: Mapping[str, object]) -> AnchorTroubleError:
    words = {str(value.get(name, "")).lower() for name in ("error", "message")}
    trouble = Trouble.UNAUTHORIZED if _UNAUTHORIZED in words else Trouble.REQUEST_REFUSED
    return AnchorTroubleError(trouble, f"HTTP {http_status}: {_said(body)}")


def _said(body: bytes) -> str:
    return repr(body[:_QUOTED].decode("utf-8", "replace"))[:_QUOTED]


def _answer(value: Mapping[str, object], wanted: Leaf) -> Answer:
    try:
        status = Status(_text(value, "status"))
        stream, tip = StreamId.parse(_text(value, "streamId")), Cid.parse(_text(value, "cid"))
        message = _optional(value, "message", str) or ""
        commit = _optional(value, "anchorCommit", dict)
        found = None if commit is None else Cid.parse(_text(commit, "cid"))
        witness = _optional(value, "witnessCar", str)
        car = None if witness is None else _bytes(witness)
    except (ValueError, IdentifierError) as error:
        raise AnchorTroubleError(Trouble.ANSWER_MALFORMED, str(error)[:_QUOTED]) from None
    if (stream, tip) != wanted:
        detail = f"it is about {tip} of {stream} instead of {wanted.tip} of {wanted.stream}"
        raise AnchorTroubleError(Trouble.ANSWER_OTHER_REQUEST, detail)
    return Answer(status, message[:_QUOTED], found, car)


def _optional(value: Mapping[str, object], name: str, kind: type[T]) -> T | None:
    found = value.get(name)
    if found is not None and not isinstance(found, kind):
        raise ValueError(f"{name} is no {kind.__name__}")
    return found


def _text(value: Mapping[str, object], name: str) -> str:
    found = _optional(value, name, str)
    if found is None:
        raise ValueError(f"{name} is missing")
    return found


def _bytes(text: str) -> bytes:
    bare = text.rstrip("=")
    if not _BASE64.fullmatch(bare):
        raise ValueError("witnessCar is no base64")
    return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)


def _check_form(event: TimeEvent, stream: Cid) -> None:
    """Refuse what can't be written again, or what nothing could be put below."""
    if len(event.path) > _LONGEST_PATH:
        raise AnchorTroubleError(Trouble.WITNESS_MALFORMED, f"a path of {len(event.path)} steps")
    try:
        again = time_event(stream, event.prev, event.proof, event.path, event.witnesses.values())
    except (EncodeError, DecodeError, IdentifierError) as error:
        raise AnchorTroubleError(Trouble.WITNESS_MISMATCH, str(error)[:_QUOTED]) from None
    if again.cid != event.cid:
        raise AnchorTroubleError(Trouble.WITNESS_MALFORMED, "the proof has members that no proof has")
