"""The validator that does the work, jsonschema-rs, behind a few lines of types.

Nothing is fetched, regular expressions run on the engine whose time is linear, and where ajv's arithmetic
isn't exact it is ajv's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final, TypeVar

import jsonschema_rs
from jsonschema_rs import Draft202012Validator as Validator
from jsonschema_rs import ValidationError

from ceramic_protocol.models.comparisons import FORMAT_LIMITS
from ceramic_protocol.models.references import unusable

__all__ = [
    "PatternKind",
    "ValidationError",
    "Validator",
    "compile_schema",
    "first_error",
    "is_found",
    "is_valid",
]

PatternKind = jsonschema_rs.ValidationErrorKind.Pattern
"""The kind of an error that a text does not match a regular expression."""

_Value = TypeVar("_Value")

_PATTERNS: Final = jsonschema_rs.RegexOptions(size_limit=10 << 20, dfa_size_limit=2 << 20)
_MASK: Final = "the value"
_LARGEST: Final = 1e21


class _MultipleOf:
    """`multipleOf` as ajv has it: by division in floating point, and never for quotients from 1e21."""

    def __init__(self, _parent: Mapping[str, Any], value: float, _path: object) -> None:
        self._unit = float(value)

    def validate(self, instance: object) -> None:
        """Raise `ValueError` unless the value is a multiple, or no number."""
        if isinstance(instance, bool) or not isinstance(instance, int | float):
            return
        quotient = self._divided(float(instance))
        if not quotient.is_integer() or abs(quotient) >= _LARGEST:
            msg = f"{_MASK} is no multiple of {self._unit:g}"
            raise ValueError(msg)

    def _divided(self, value: float) -> float:
        try:
            return value / self._unit
        except (OverflowError, ZeroDivisionError):
            return math.inf


_KEYWORDS: Final[Mapping[str, Any]] = {"multipleOf": _MultipleOf, **FORMAT_LIMITS}


def compile_schema(schema: Mapping[str, Any]) -> Validator:
    """A validator for a schema that was rewritten for it.

    Raises:
        DecodeError: it has a regular expression that takes too much memory.
    """
    return _guarded(lambda: _compiled(schema))


def _compiled(schema: Mapping[str, Any]) -> Validator:
    return Validator(
        dict(schema),
        validate_formats=False,
        pattern_options=_PATTERNS,
        keywords=dict(_KEYWORDS),
        mask=_MASK,
        offline=True,
    )


def is_valid(validator: Validator, value: object) -> bool:
    """Whether a JSON value fits.

    Raises:
        DecodeError: it is no JSON value, or the validator fails.
    """
    return _guarded(lambda: validator.is_valid(value))


def first_error(validator: Validator, value: object) -> ValidationError | None:
    """The first error in a JSON value, if there is one.

    Raises:
        DecodeError: it is no JSON value, or the validator fails.
    """
    return _guarded(lambda: _error(validator, value))


def _error(validator: Validator, value: object) -> ValidationError | None:
    try:
        validator.validate(value)
    except ValidationError as error:
        return error
    return None


def _guarded(call: Callable[[], _Value]) -> _Value:
    try:
        return call()
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        raise unusable(f"the validator refuses it: {str(error)[:200]}") from None
    except BaseException as error:
        # A panic of the Rust library has no public name, and is no `Exception`.
        if type(error).__name__ != "PanicException":
            raise
        raise unusable("the validator failed") from None


@lru_cache(maxsize=256)
def _finder(pattern: str) -> Validator:
    return compile_schema({"pattern": pattern})


def is_found(pattern: str, text: str) -> bool:
    """Whether a regular expression in Rust's syntax is found in a text.

    Raises:
        DecodeError: it takes too much memory.
    """
    return is_valid(_finder(pattern), text)
