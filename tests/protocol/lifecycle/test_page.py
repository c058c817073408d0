"""The example on the page about the life of streams runs as it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from ceramic_protocol.errors import CeramicError
from ceramic_protocol.lifecycle import errors
from ceramic_protocol.lifecycle.state import StateAt
from ceramic_protocol.lifecycle.streams import Streams
from tests.protocol.lifecycle.world import DEFINITION, UNIQUE
from tests.support.chains import KnownChain
from tests.support.vectors import PROJECT

PAGE = (PROJECT / "docs" / "lifecycle.md").read_text(encoding="utf-8")


def test_the_example(capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    schema = {"type": "object", "properties": {"body": {"type": "string"}}, "additionalProperties": False}
    names: dict[str, object] = {
        "chain": KnownChain(),
        "seed": bytes(range(32)),
        "definition": DEFINITION | {"schema": schema},
        "unique": UNIQUE,
    }
    exec(example, names)  # our own words
    edited, before = names["edited"], names["before"]
    assert isinstance(edited, StateAt)
    assert isinstance(before, StateAt)
    assert names["present"] == edited.event
    assert (edited.content, before.content) == ({"body": "Hello, world"}, {"body": "Hello"})
    assert capsys.readouterr().out == f"{edited.commit_id} {{'body': 'Hello, world'}} None\n"


def test_every_error_has_its_row_with_its_code() -> None:
    found = {
        (name, kind.code)
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, CeramicError) and kind is not CeramicError
    }
    assert set(re.findall(r"^\| `(\w+)` \| `(\w+)` \|", PAGE, re.MULTILINE)) == found


def test_every_call_is_on_the_page() -> None:
    calls = set(_calls())
    assert {name for name in vars(Streams) if not name.startswith("_")} - {
        "store",
        "verifier",
        "clock",
        "rules",
    } == calls


def _calls() -> Iterator[str]:
    for row in re.findall(r"^\| (`\w+\(.*?) \| ", PAGE, re.MULTILINE):
        yield from re.findall(r"`(\w+)\(", row)
