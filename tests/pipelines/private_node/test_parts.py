"""The parts of a source's own node: its folder, its settings, its cursor, its processes."""

from __future__ import annotations

import json
import os
import stat
import time
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from ceramic_connectors.kafka.passwords import read_password
from ceramic_connectors.kafka.port import Partition
from ceramic_connectors.source.config import SourceConfig
from ceramic_node.http.guard.tokens import Scope, TokenBook
from ceramic_pipelines.private_node import work_folder
from ceramic_pipelines.private_node.cursor import keep_cursor, load_cursor
from ceramic_pipelines.private_node.following.ceramic_one import CeramicOne
from ceramic_pipelines.private_node.following.offsets import Offsets
from ceramic_pipelines.private_node.following.port import Place
from ceramic_pipelines.private_node.process import Helper, has_ended
from ceramic_pipelines.private_node.settings import node_config
from ceramic_pipelines.private_node.work_folder import WorkFolder
from ceramic_protocol.errors import OutsideError, UsageError
from ceramic_protocol.networks import IN_MEMORY
from tests.pipelines.private_node.running import wait_until_gone
from tests.support.waiting import wait_until

PLACE = ["7/bafy", "first"]


def test_a_work_folder_is_for_one_source_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work_folder, "PRIVATE_NODE_LOCK_SECONDS", 0.0)
    with WorkFolder.held(tmp_path / "work") as held:
        (held.index / "left").mkdir(parents=True)
        with pytest.raises(OutsideError, match="has the work folder"), WorkFolder.held(held.path):
            pass
    with WorkFolder.held(tmp_path / "work") as again:
        assert not again.index.exists()


@pytest.mark.parametrize("is_filled", [True, False])
def test_tokens_are_for_their_owner_and_nobody_writes_who_need_not(tmp_path: Path, is_filled: bool) -> None:
    with WorkFolder.held(tmp_path / "work") as work:
        work.new_tokens(is_filled=is_filled)
        tokens = work.new_tokens(is_filled=is_filled)
        book = TokenBook.load(tokens.file)
        reader = book.find(read_password(tokens.to_read), time.time())
        assert reader is not None
        assert reader.scopes == {Scope.READ}
        assert (tokens.to_write is not None) == is_filled
        assert len(tokens.file.read_text().splitlines()) == 1 + is_filled
        for path in work.path.iterdir():
            assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path


def test_a_node_has_the_settings_of_the_source(tmp_path: Path) -> None:
    contract = ("eip155:1337", "0x" + "ab" * 20)
    source = SourceConfig(source="car:x", rpc=("env:RPC",), anchor_contract=(contract,), grace=5, skew=6)
    found = node_config(source, IN_MEMORY, tmp_path / "store", tmp_path / "tokens")
    assert (found.rpc, found.anchor_contract, found.grace, found.skew) == (("env:RPC",), (contract,), 5, 6)
    assert (found.folder, found.tokens, found.network) == (tmp_path / "store", tmp_path / "tokens", IN_MEMORY)
    assert found.bind.is_loopback


def test_a_cursor_counts_for_the_store_that_has_what_lies_before_it(tmp_path: Path) -> None:
    path = tmp_path / "cursor.json"
    assert load_cursor(path, "epoch") is None
    keep_cursor(path, PLACE, "epoch")
    assert load_cursor(path, "epoch") == PLACE
    assert load_cursor(path, "another") is None
    for text in (b"", b"[]", b"\xff", b"7", b"null"):
        path.write_bytes(text)
        assert load_cursor(path, "epoch") is None


@pytest.mark.parametrize(
    "place", [None, [], ["x", "y"], [1, 2], ["7", {}, 3], ["c", {"t": ["id", {"x": 1}]}]]
)
def test_a_place_that_makes_no_sense_is_the_beginning(place: Place | None) -> None:
    assert Offsets.read(place) == Offsets()
    with closing(CeramicOne("http://127.0.0.1:1").open(place, print)) as followed:
        assert followed.place is None


def test_places_are_read_as_they_were_written() -> None:
    positions = {Partition("a", 0): 5, Partition("a", 11): 0, Partition("b.c", 2): 2**40}
    offsets = Offsets("cluster", {"a": "id of a", "b.c": ""}, positions)
    assert Offsets.read(json.loads(json.dumps(offsets.written()))) == offsets
    with closing(CeramicOne("http://127.0.0.1:1").open(PLACE, print)) as followed:
        assert followed.place == PLACE


def answering(number: int, line: Connection) -> None:
    line.send(number)
    while not has_ended(line):
        time.sleep(0.01)


def failing(line: Connection) -> None:
    line.send(UsageError("it can't"))


def dying(line: Connection) -> None:
    del line
    os._exit(9)


def deaf(line: Connection) -> None:
    line.send(os.getpid())
    time.sleep(1000)


def test_a_helper_says_something_and_ends_when_the_line_does() -> None:
    with Helper("the helper", answering, 7) as helper:
        assert helper.first_heard(lambda: False) == 7
        assert helper.heard(0.0) is None


def test_its_errors_are_raised_and_its_death_is_told() -> None:
    with Helper("the helper", failing) as helper, pytest.raises(UsageError, match="it can't"):
        helper.first_heard(lambda: False)
    with Helper("the helper", dying) as helper, pytest.raises(OutsideError, match="the helper has died"):
        helper.first_heard(lambda: False)


def test_one_that_doesnt_end_is_killed() -> None:
    with Helper("the helper", deaf, stop_seconds=0.2) as helper:
        process = helper.first_heard(lambda: False)
        wait_until(lambda: Path(f"/proc/{process}").exists())
    wait_until_gone([process])
