"""Copies of a store that is used, and stores from copies."""

from __future__ import annotations

import time as seconds
from pathlib import Path
from threading import Event, Thread

import pytest

from ceramic_node.store.memory import MemoryStore
from ceramic_node.store.sqlite import SqliteStore, restore
from ceramic_node.store.sqlite.backup import FILE_NAME
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import OutsideError, StoreCorruption, UsageError
from ceramic_protocol.stored import NewEvent
from tests.node.store.filled import LATE, A, fill, no_space, opened, said
from tests.node.store.making import chain_of
from tests.node.store.reading import feed_of


def test_a_backup_while_writing_goes_on(tmp_path: Path) -> None:
    store, stop = opened(tmp_path / "store"), Event()
    log = chain_of(A, 3000)
    writer = Thread(target=_write, args=[store, [A, *log], stop])
    writer.start()
    while not store.feed(0, 100).entries:
        seconds.sleep(0.001)
    copies = [tmp_path / f"backup-{number}" for number in range(3)]
    for copy in copies:
        store.backup(copy)
    stop.set()
    writer.join()
    whole = [entry.checked for entry in feed_of(store)]
    with pytest.raises(UsageError, match="already"):
        store.backup(copies[0])
    for copy in copies:
        target = copy.with_suffix(".restored")
        restore(copy, target)
        with opened(target) as restored:
            kept = [entry.checked for entry in feed_of(restored)]
            assert 0 < len(kept) <= len(whole)
            assert kept == whole[: len(kept)]
            assert restored.check(thorough=True) == []
            assert restored.epoch != store.epoch
            restored.put(log)
            assert len(feed_of(restored)) == len(log) + 1
    store.close()
    assert not list(tmp_path.glob("*.partial"))


def _write(store: SqliteStore, events: list[NewEvent], stop: Event) -> None:
    for event in events:
        if stop.is_set():
            return
        store.put([event])


def test_a_store_keeps_its_epoch(folder: Path) -> None:
    with opened(folder) as store:
        epoch = store.epoch
    with opened(folder) as store:
        assert store.epoch == epoch


@pytest.fixture
def backup(folder: Path, tmp_path: Path) -> Path:
    with opened(folder) as store:
        store.backup(tmp_path / "backup")
    return tmp_path / "backup"


def test_what_can_not_be_restored(folder: Path, backup: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="already"):
        restore(backup, folder)
    with pytest.raises(OutsideError, match="no backup"):
        restore(tmp_path / "none", tmp_path / "new")
    (tmp_path / "text").write_text("no store " * 9999)
    with pytest.raises(StoreCorruption):
        restore(tmp_path / "text", tmp_path / "new")
    (tmp_path / "empty").touch()
    with pytest.raises(UsageError, match="empty"):
        restore(tmp_path / "empty", tmp_path / "new")
    cut = backup.read_bytes()[: -3 * 8192]
    backup.write_bytes(cut)
    with pytest.raises(StoreCorruption):
        restore(backup, tmp_path / "new")
    assert not (tmp_path / "new" / FILE_NAME).exists()


def test_a_disk_that_fails_leaves_no_backup(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ceramic_node.store.sqlite.backup.os.fsync", no_space)
    with opened(folder) as store, pytest.raises(OutsideError, match="No space"):
        store.backup(tmp_path / "backup")
    assert not list(tmp_path.glob("backup*"))
    with opened(folder) as store, pytest.raises(OutsideError):
        store.backup(tmp_path / "nowhere" / "backup")


def test_a_restored_store_goes_on(backup: Path, tmp_path: Path) -> None:
    restore(backup, tmp_path / "new")
    memory = MemoryStore()
    fill(memory)
    with opened(tmp_path / "new") as store:
        assert said(store) == said(memory)
        assert store.put([LATE]).versions == {}
        assert store.event(Cid.of(b"?")) is None
