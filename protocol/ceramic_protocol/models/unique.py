"""The name of a document in a set: the values of some of its fields, as text (consensus.md 3.2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ceramic_protocol.models.js_text import js_text

_SEPARATOR = "|"


def unique_of(fields: Iterable[str], content: object) -> bytes:
    """The `unique` that a document's init header has to have, if these are the fields of its set.

    JavaScript's text of each value, joined by `|`; what counts as false there, 0 as well, becomes nothing.
    """
    members = content if isinstance(content, Mapping) else {}
    values = (members.get(name) for name in fields)
    return _SEPARATOR.join(js_text(value) if value else "" for value in values).encode()
