"""The exceptions of ceramic-streams: one root, each with a stable code.

Bad *events* are no exceptions: they come back as values (`InvalidEvent`, `Verdict`). What is raised here
is either bytes that can't be read as what the caller asked for, or a failure of the outside world.
"""

from __future__ import annotations

import re

from ceramic_protocol.reasons import Reason

_MARK = re.compile(r"\[ceramic:([a-z_]+)\] ((?:(?!\[ceramic:).)*?) \[/ceramic\]", re.DOTALL)


class CeramicError(Exception):
    """Root of every exception that this distribution raises on purpose.

    `code` is stable across releases; the text isn't.
    """

    code = "error"

    @property
    def marked(self) -> str:
        """Code and message in a form that survives being quoted by another program."""
        return f"[ceramic:{self.code}] {self} [/ceramic]"


class DecodeError(CeramicError):
    """Bytes or text that are not what they were read as; `reason` is the code an event gets for it."""

    code = "decode_error"

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason.value}: {detail}")
        self.reason = reason
        self.detail = detail


class IdentifierError(CeramicError):
    """A CID, StreamID, CommitID or DID that can't be parsed."""

    code = "bad_identifier"


class EncodeError(CeramicError):
    """A value that has no DAG-CBOR, DAG-JSON or CAR form."""

    code = "encode_error"


class UsageError(CeramicError):
    """The caller asked for something that makes no sense, such as an unknown source scheme."""

    code = "usage"


class OutsideError(CeramicError):
    """A file, disk or service outside this program failed."""

    code = "outside"


class StoreCorruption(CeramicError):
    """Our own data is broken; whoever meets it stops, as every further step could spread it."""

    code = "store_corruption"


_BY_CODE: dict[str, type[CeramicError]] = {
    cls.code: cls for cls in (UsageError, OutsideError, IdentifierError, EncodeError)
}


def find_marked(text: str) -> CeramicError | None:
    """The error whose `marked` form stands in `text`, for runners that pass failures on as text only."""
    marks = _MARK.findall(text)
    if not marks:
        return None
    code, message = marks[-1]
    return _BY_CODE.get(code, CeramicError)(message)
