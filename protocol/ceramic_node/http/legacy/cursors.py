"""Where a page of a collection begins: a text that clients hand back."""

from __future__ import annotations

import base64
import binascii
from typing import Final

import orjson

from ceramic_node.http.legacy.errors import LegacyError
from ceramic_protocol import multibase
from ceramic_protocol.ids import StreamId
from ceramic_protocol.limits import MAX_IDENTIFIER_CHARS

_KIND: Final = "position"
_MAX_POSITION: Final = (1 << 63) - 1


def cursor_of(stream_id: StreamId, position: int) -> str:
    """The cursor of a stream; `position` is that of its init event in the feed.

    The form is js-ceramic's, which has the time there at which it got to know the stream.
    """
    said = {"type": _KIND, "id": str(stream_id), "value": position}
    return multibase.encode_base64url(orjson.dumps(said))


def position_of(cursor: str) -> int:
    """The position in a cursor.

    Raises:
        LegacyError: it is none of ours.
    """
    text = cursor[: MAX_IDENTIFIER_CHARS + 1]
    try:
        said = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError):
        raise _wrong() from None
    value = said.get("value") if isinstance(said, dict) and said.get("type") == _KIND else None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MAX_POSITION:
        raise _wrong()
    return value


def _wrong() -> LegacyError:
    return LegacyError("Invalid input in collection request: this is no cursor of this node")
