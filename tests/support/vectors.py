"""Where the vectors are, and how to read them.

`CERAMIC_VECTORS` names the folder; without it, `shared/vectors` beside the project is taken if it exists,
else the copy in `tests/vectors`, which holds what the tests can't do without: corpus, consensus, accounts.
"""

from __future__ import annotations

import gzip
import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).resolve().parents[2]
CORPUS = PROJECT / "tests" / "vectors" / "corpus"


def root() -> Path:
    """The folder of the vectors."""
    named = os.environ.get("CERAMIC_VECTORS")
    if named:
        return Path(named)
    beside = PROJECT.parent / "shared" / "vectors"
    return beside if beside.is_dir() else PROJECT / "tests" / "vectors"


def folder(name: str) -> Path:
    """A folder of vectors; the test that asks for one that isn't there is skipped, with the reason."""
    for place in (root(), PROJECT / "tests" / "vectors"):
        if (place / name).is_dir():
            return place / name
    pytest.skip(f"there is no folder {name!r} among the vectors: set CERAMIC_VECTORS")


@cache
def consensus(name: str) -> Any:
    """A file of `consensus`, such as `scenarios.json`. Shared between tests: nobody may change it."""
    return read_json(folder("consensus") / name)


def reference(name: str) -> Any:
    """A file of `reference`, which isn't in every checkout."""
    return read_json(folder("reference") / name)


def accounts(name: str) -> Any:
    """A file of `accounts`."""
    return read_json(folder("accounts") / name)


def read_json(path: Path) -> Any:
    """The JSON value in a file."""
    return json.loads(path.read_bytes())


def read_ndjson_gz(path: Path) -> list[Any]:
    """The values of a gzipped NDJSON file."""
    with gzip.open(path, "rb") as lines:
        return [json.loads(line) for line in lines]
