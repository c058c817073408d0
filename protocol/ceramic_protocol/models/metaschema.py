"""The meta-schema of JSON Schema 2020-12, which the schema of every model has to fit (consensus.md 3.1).

Formats mean nothing in it: js-ceramic doesn't enforce them there.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from jsonschema_rs import Draft202012Validator

from ceramic_protocol.models import engine

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

_ALIASES: Final = frozenset(
    ("", DIALECT, f"{DIALECT}#", "http://json-schema.org/schema", "http://json-schema.org/schema#")
)


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator({"$ref": DIALECT}, validate_formats=False, mask="the value", offline=True)


def schema_error(schema: dict[str, Any]) -> str | None:
    """Why a JSON value is no schema of this dialect, in words; None if it is one.

    Raises:
        DecodeError: the validator fails.
    """
    dialect = schema.get("$schema", DIALECT)
    if not isinstance(dialect, str) or dialect not in _ALIASES:
        return "$schema is another dialect than 2020-12"
    if engine.is_valid(_validator(), schema):
        return None
    error = engine.first_error(_validator(), schema)
    path = "/".join(map(str, error.instance_path)) if error else ""
    return f"schema/{path} does not fit the meta-schema: {error.message if error else ''}"
