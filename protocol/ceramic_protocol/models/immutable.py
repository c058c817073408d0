"""Fields that never change once they are set (consensus.md 3.2)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from ceramic_protocol.jsonpatch import same_json
from ceramic_protocol.reasons import Finding, Reason

_MISSING: Final = object()


def check_immutable(fields: Collection[str], patch: object, before: object, after: object) -> Finding | None:
    """What is wrong with a change to a document that has these immutable fields.

    js-ceramic and ceramic-one look at the first step of each operation's path only, and refuse to set a field
    even to the value that it has. Both let through what replaces the document as a whole, or moves a field
    away; here a field has to have the same value afterwards, too.

    Returns:
        `immutable_field_changed` or None.
    """
    if not fields:
        return None
    touched = set(_first_steps(patch))
    for name in fields:
        if name in touched:
            return Finding(
                Reason.IMMUTABLE_FIELD_CHANGED, f"field {name[:80]!r} is in the path of an operation"
            )
        if not _is_same(_member(before, name), _member(after, name)):
            return Finding(
                Reason.IMMUTABLE_FIELD_CHANGED, f"field {name[:80]!r} has another value afterwards"
            )
    return None


def _first_steps(patch: object) -> Iterator[str]:
    for operation in patch if isinstance(patch, list) else ():
        path = operation.get("path") if isinstance(operation, dict) else None
        if isinstance(path, str):
            yield path[1:].split("/", 1)[0]


def _member(content: object, name: str) -> object:
    return content.get(name, _MISSING) if isinstance(content, dict) else _MISSING


def _is_same(left: object, right: object) -> bool:
    return left is right or same_json(left, right)
