"""JSON pointers as they stand in references: `#/$defs/Name`, percent-encoded."""

from __future__ import annotations

import re
from typing import Final

_ESCAPED: Final = re.compile(rb"%([0-9A-Fa-f]{2})")
_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,8}")


def at_reference(root: object, reference: object) -> object:
    """The value in the place that a reference within `root` names; None if there is none."""
    if reference == "#":
        return root
    if not isinstance(reference, str) or not reference.startswith("#/"):
        return None
    path = _decoded(reference[1:])
    return None if path is None else _at_pointer(root, path)


def at_place(root: object, reference: object) -> object:
    """The same, but a pointer without `#` will do, as where js-ceramic follows references itself."""
    if isinstance(reference, str) and reference.startswith("/"):
        return _at_pointer(root, reference)
    return at_reference(root, reference)


def _at_pointer(root: object, path: str) -> object:
    value = root
    for token in path.split("/")[1:]:
        value = _member(value, token.replace("~1", "/").replace("~0", "~"))
    return value


def _decoded(fragment: str) -> str | None:
    try:
        return _ESCAPED.sub(lambda hit: bytes([int(hit[1], 16)]), fragment.encode()).decode()
    except UnicodeError:
        return None


def _member(value: object, token: str) -> object:
    if isinstance(value, dict):
        return value.get(token)
    if isinstance(value, list) and _INDEX.fullmatch(token) and int(token) < len(value):
        return value[int(token)]
    return None
