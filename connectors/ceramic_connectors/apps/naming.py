"""Names of tables and columns: readable, short enough, and never the same name twice.

PostgreSQL cuts names at 63 bytes without a word, and DuckDB takes `Name` and `name` for one column.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Collection, Iterable
from itertools import count
from typing import Final

MAX_NAME_BYTES: Final = 63
"""Longest name of a table or column that PostgreSQL keeps whole."""

_SUFFIX_CHARS: Final = 10
_LONG_SUFFIX_CHARS: Final = 40
_HASH_CHARS: Final = 8
_WORD_STARTS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NO_WORD: Final = re.compile(r"[^a-z0-9]+")


def quote(name: str) -> str:
    """A name in SQL."""
    return '"' + name.replace('"', '""') + '"'


def table_name(model: str, name: object, taken: Collection[str] = ()) -> str:
    """Name of a model's table: `corpus_post_jdajdvinr0` for "CorpusPost".

    Args:
        model: StreamID as text; its last ten characters tell models of one name apart.
        name: the model's name.
        taken: names of other models' tables; that two agree in ten characters takes intent.
    """
    words = snake_case(name if isinstance(name, str) else "") or "model"
    words = words if words[0].isalpha() else f"model_{words}"
    found = _with_suffix(words, model[-_SUFFIX_CHARS:])
    return _with_suffix(words, model[-_LONG_SUFFIX_CHARS:]) if found in taken else found


def snake_case(name: str) -> str:
    """A name in small letters and digits of ASCII with underscores; empty if nothing is left."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return _NO_WORD.sub("_", _WORD_STARTS.sub("_", plain).lower()).strip("_")


def column_names(fields: Iterable[str], own: Collection[str]) -> dict[str, str]:
    """Names of the columns for a model's properties: the property's own name wherever it can be.

    A name that one of `own` has gets an underscore behind it; one that differs from another in its case
    alone, or is too long, gets a hash. The answer hangs on the set of properties, not on their order.
    """
    taken = {name.casefold() for name in own}
    found: dict[str, str] = {}
    for field in sorted(fields):
        name = clip(_printable(field))
        if name.casefold() in taken:
            name = clip(f"{name}_")
        # A property may be named on purpose as another one's column will be.
        for attempt in count():
            if name.casefold() not in taken:
                break
            name = _hashed(name, f"{attempt}{field}")
        taken.add(name.casefold())
        found[field] = name
    return found


def clip(name: str) -> str:
    """A name that is short enough; of a longer one the beginning and a hash."""
    return name if len(name.encode()) <= MAX_NAME_BYTES else _hashed(name, name)


def _hashed(name: str, source: str) -> str:
    digest = hashlib.sha256(source.encode()).hexdigest()[:_HASH_CHARS]
    return f"{_cut(name, MAX_NAME_BYTES - _HASH_CHARS - 1)}_{digest}"


def _with_suffix(words: str, suffix: str) -> str:
    return f"{words[: MAX_NAME_BYTES - len(suffix) - 1].rstrip('_')}_{suffix}"


def _cut(name: str, size: int) -> str:
    return name.encode()[:size].decode(errors="ignore")


def _printable(field: str) -> str:
    """Without characters that control something, NUL above all; no name in SQL is empty."""
    return "".join("_" if unicodedata.category(char)[0] == "C" else char for char in field) or "_"
