"""Who a node is to others: the same after every start, and nobody learns its key."""

from __future__ import annotations

from pathlib import Path

import pytest

from ceramic_node.node_key import KEY_FILE, node_key, peer_id_of
from ceramic_protocol.errors import OutsideError, UsageError
from ceramic_protocol.interests import PeerId
from tests.node.operation.process import node_run, run

SEED = bytes(range(32))


def identity(folder: Path, *flags: str) -> str:
    """What a node calls itself."""
    with node_run(folder, *flags) as node:
        peer: str = node.ask("/api/v0/id", "POST").value["ID"]
        assert node.end() == 0
    return peer


def test_a_restart_keeps_it_and_nobody_is_told_the_key(tmp_path: Path) -> None:
    store = tmp_path / "store"
    flags = ("--store", str(store), "--log-level", "debug")
    first = identity(tmp_path, *flags)
    file = store / KEY_FILE
    text = file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    assert identity(tmp_path, *flags) == first
    assert file.read_text() == text
    assert first == str(peer_id_of(node_key(file)))
    assert not list(store.glob("*.partial"))
    shown = run(
        "run", "--network", "local-7", "--store", str(store), "--node-key", str(file), "--print-config"
    )
    assert f'node_key = "{file}"' in shown.stdout
    for said in (shown.stdout, shown.stderr, (tmp_path / "log").read_text()):
        assert text.strip() not in said
        assert text.strip()[5:30] not in said


def test_every_node_has_its_own(tmp_path: Path) -> None:
    one, two = (peer_id_of(node_key(tmp_path / name)) for name in ("one", "two"))
    assert one != two
    assert PeerId.parse(str(one)) == one


def test_a_key_can_be_brought_along(tmp_path: Path) -> None:
    file = tmp_path / "mine"
    file.write_text(SEED.hex())
    file.chmod(0o600)
    brought = identity(tmp_path, "--store", "memory:", "--node-key", str(file))
    assert brought == str(peer_id_of(node_key(file)))
    assert file.read_text() == SEED.hex()


def test_without_a_folder_it_is_a_passing_one(tmp_path: Path) -> None:
    assert identity(tmp_path, "--store", "memory:") != identity(tmp_path, "--store", "memory:")


@pytest.mark.parametrize(
    ("text", "mode", "message"),
    [
        (SEED.hex(), 0o644, "chmod 600"),
        (SEED.hex(), 0o640, "chmod 600"),
        ("gibberish-1", 0o600, "no secret key in a form that is known"),
        (SEED.hex()[:-1], 0o600, "no secret key in a form that is known"),
        ("", 0o600, "is empty"),
    ],
)
def test_what_is_no_key(tmp_path: Path, text: str, mode: int, message: str) -> None:
    store = tmp_path / "store"
    store.mkdir()
    file = store / KEY_FILE
    file.write_text(text)
    file.chmod(mode)
    with pytest.raises(UsageError, match=message) as caught:
        node_key(file)
    assert str(file) in str(caught.value)
    assert not text or text not in str(caught.value)
    ended = run("run", "--network", "local-7", "--store", str(store), "--bind", "127.0.0.1:0")
    assert (ended.returncode, ended.stderr.count("error:")) == (2, 1)
    assert file.read_text() == text


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    with pytest.raises(OutsideError):
        node_key(tmp_path / "nowhere" / KEY_FILE)
