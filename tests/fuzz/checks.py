"""What targets have in common: a refusal is one of the declared errors, and says why in a few words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ceramic_protocol.errors import DecodeError, IdentifierError
from ceramic_protocol.reasons import Reason

SIGNED: Final = (
    Reason.CBOR_MALFORMED,
    Reason.SIGNATURES_EMPTY,
    Reason.EVENT_MALFORMED,
    Reason.JWS_MALFORMED,
)
"""Why something is no envelope."""

_MAX_MESSAGE: Final = 1000


def decoded(decode: Callable[[bytes], Any], data: bytes, *reasons: Reason) -> Any:
    """What comes of decoding; the error, if it is a declared one, for one of these reasons."""
    try:
        return decode(data)
    except DecodeError as error:
        assert error.reason in reasons  # noqa: PT017
        check_message(error.detail)
        return error


def parsed(parse: Callable[[Any], Any], given: object) -> Any:
    """What an identifier is read as; None if it is refused as declared."""
    try:
        return parse(given)
    except IdentifierError as error:
        check_message(str(error))
        return None


def check_message(message: str | None) -> None:
    """Whether it says something, and not too much."""
    assert message
    assert len(message.encode("utf-8")) < _MAX_MESSAGE


def text_of(data: bytes) -> str:
    """Text with surrogates for what is none."""
    return data.decode("utf-8", "surrogateescape")
