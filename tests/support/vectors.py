"""Where the vectors are, and how to read them.

`CERAMIC_VECTORS` names the folder; without it, `shared/vectors` beside the project is taken if it exists,
else the copy in `tests/vectors`, which holds what the tests can't do without: corpus, consensus, accounts.
The corpus is that of the named folder if it has one, else that of the copy.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import pytest

PROJECT = Path(__file__).resolve().parents[2]
COPY = PROJECT / "tests" / "vectors"

T = TypeVar("T")


def is_named() -> bool:
    """Whether `CERAMIC_VECTORS` names the folder: its files may hold other numbers of cases than ours."""
    return bool(os.environ.get("CERAMIC_VECTORS"))


def root() -> Path:
    """The folder of the vectors."""
    named = os.environ.get("CERAMIC_VECTORS")
    if named:
        return Path(named)
    beside = PROJECT.parent / "shared" / "vectors"
    return beside if beside.is_dir() else COPY


def _corpus() -> Path:
    named = root() / "corpus"
    return named if is_named() and named.is_dir() else COPY / "corpus"


CORPUS = _corpus()


def found(name: str) -> Path | None:
    """A folder of vectors, if it is there."""
    places = (place / name for place in (root(), COPY))
    return next((place for place in places if place.is_dir()), None)


def folder(name: str) -> Path:
    """A folder of vectors; the test that asks for one that isn't there is skipped, with the reason."""
    place = found(name)
    if place is None:
        reason = f"there is no folder {name!r} among the vectors: set CERAMIC_VECTORS"
        pytest.skip(reason, allow_module_level=True)
    return place


def names(name: str, pattern: str = "*.json") -> list[str]:
    """The files of a folder that fit a pattern; none where the folder isn't there."""
    place = found(name)
    return sorted(path.name for path in place.glob(pattern)) if place else []


def _file(place: str, name: str) -> Any:
    path = folder(place) / name
    if not path.is_file():
        pytest.skip(f"there is no file {name!r} among the vectors", allow_module_level=True)
    return read_json(path)


@cache
def consensus(name: str) -> Any:
    """A file of `consensus`, such as `scenarios.json`. Shared between tests: nobody may change it."""
    return _file("consensus", name)


def reference(name: str) -> Any:
    """A file of `reference`, which isn't in every checkout."""
    return _file("reference", name)


def pairs(name: str) -> list[tuple[Any, Any]]:
    """What a file of `reference` gave in and what came out; nothing where the file isn't there."""
    if not names("reference", name):
        return []
    vector = reference(name)
    return list(zip(vector["input"], vector["expected"], strict=True))


def by_name(cases: Iterable[tuple[str, T]]) -> dict[str, T]:
    """Cases by their names; a name that comes again gets a number, so that no case is lost."""
    found: dict[str, T] = {}
    for name, case in cases:
        number = 1
        while (key := name if number == 1 else f"{name} ({number})") in found:
            number += 1
        found[key] = case
    return found


def accounts(name: str) -> Any:
    """A file of `accounts`."""
    return _file("accounts", name)


def read_json(path: Path) -> Any:
    """The JSON value in a file."""
    return json.loads(path.read_bytes())


def read_ndjson_gz(path: Path) -> list[Any]:
    """The values of a gzipped NDJSON file."""
    with gzip.open(path, "rb") as lines:
        return [json.loads(line) for line in lines]
