"""The page on the API: its commands give what it shows."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ceramic_node.http.v1 import examples
from ceramic_protocol.multibase import decode
from tests.support.node import RunningNode, running_node
from tests.support.vectors import PROJECT

PAGE = (PROJECT / "docs" / "node-api.md").read_text(encoding="utf-8")
SHOWN = [
    shown
    for block in re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)
    for shown in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE)
]


@pytest.fixture(scope="module")
def node() -> Iterator[RunningNode]:
    with running_node() as running:
        yield running


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("page")
    (made / "events.ndjson").write_bytes(examples.EXAMPLES["postEvents"][1].body or b"")
    (made / "update.car").write_bytes(decode(examples.SECOND_UPDATE_CAR))
    return made


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
@pytest.mark.parametrize(("command", "wanted"), SHOWN, ids=[command[:60] for command, _wanted in SHOWN])
def test_what_the_page_shows(node: RunningNode, folder: Path, command: str, wanted: str) -> None:
    """In the order of the page, as later ones read what the first one writes."""
    names = {"MODEL": examples.MODEL, "NOTE": examples.NOTE, "INIT": examples.NOTE_INIT}
    found = subprocess.run(
        ["bash", "-c", command.replace("http://127.0.0.1:5101", node.url)],
        cwd=folder,
        env=dict(os.environ) | names,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    ).stdout
    pattern = ".*?".join(map(re.escape, wanted.strip().split("…")))
    assert re.fullmatch(pattern, found.strip(), re.DOTALL), found


def test_every_command_is_tried() -> None:
    assert len(SHOWN) == PAGE.count("\n$ ") >= 8
