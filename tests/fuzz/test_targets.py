"""Every target over its seeds and a few thousand changes of them, the same in each run."""

from __future__ import annotations

from itertools import islice
from random import Random

import pytest
from click.testing import CliRunner

from tests.fuzz.__main__ import main
from tests.fuzz.mutator import variations
from tests.fuzz.seeds import SEEDS
from tests.fuzz.targets import TARGETS

_CHANGES = 3000
_WITH_FILES = {"archive": 300, "ndjson-file": 200}


def test_every_target_has_seeds() -> None:
    assert SEEDS.keys() == TARGETS.keys()


@pytest.mark.parametrize("name", TARGETS)
def test_seeds(name: str) -> None:
    seeds = SEEDS[name]()
    assert seeds
    for data in seeds:
        TARGETS[name](data)
    TARGETS[name](b"")


@pytest.mark.parametrize("name", TARGETS)
def test_changed_seeds(name: str) -> None:
    changed = variations(SEEDS[name](), Random(f"{name} 1"))
    for data in islice(changed, _WITH_FILES.get(name, _CHANGES)):
        try:
            TARGETS[name](data)
        except Exception as error:
            msg = f"{name} can't cope with {data!r}"
            raise AssertionError(msg) from error


FOUND = {
    "an envelope that ends in front of the length of its header": (
        "envelope",
        b"\xa2gpayload\x58\x24\x01\x71\x12\x20" + bytes(32) + b"jsignatures\x81\xa2iprotected\x58",
    ),
    "an index of more than 63 bits": (
        "json-patch",
        b'[[],[{"op":"add","path":"/9999999999999999999","value":1}]]',
    ),
}


@pytest.mark.parametrize(("name", "data"), FOUND.values(), ids=FOUND)
def test_what_was_found_before(name: str, data: bytes) -> None:
    TARGETS[name](data)


def test_the_command_lists_targets_and_searches() -> None:
    listed = CliRunner().invoke(main, [])
    assert listed.output.split() == list(TARGETS)
    searched = CliRunner().invoke(main, ["cid", "--mutate", "--seconds", "0"])
    assert searched.output == "1 changed seeds, nothing found\n"
    assert CliRunner().invoke(main, ["no-target", "--mutate"]).exit_code == 2
