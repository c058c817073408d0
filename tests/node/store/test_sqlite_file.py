"""The file of a store: versions, and who may use it when."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from threading import Thread

import pytest

from ceramic_node.store.memory import MemoryStore
from ceramic_node.store.sqlite import StoreInUse, StoreTooNew, restore
from ceramic_node.store.sqlite.backup import FILE_NAME
from ceramic_node.store.sqlite.migrate import migrate
from ceramic_node.store.sqlite.schema import MIGRATIONS
from ceramic_node.store.sqlite.writing import BatchWriter
from ceramic_protocol.errors import OutsideError, StoreCorruption, UsageError
from ceramic_protocol.interests import PeerId
from ceramic_protocol.stored import NewEvent
from tests.node.store.filled import EVENTS, TILE, VERSIONS, A, B, fill, no_space, of_version, opened, said
from tests.node.store.making import NOTE, data, init
from tests.node.store.reading import all_keys
from tests.node.store.sharing import under
from tests.support.vectors import PROJECT


def test_it_says_what_a_store_in_memory_says(folder: Path) -> None:
    memory = MemoryStore()
    fill(memory)
    with opened(folder) as store:
        assert said(store) == said(memory)
        assert store.check(thorough=True) == []
        assert all_keys(store.recon) == all_keys(memory.recon)


def test_blocks_of_capabilities_are_kept_once(folder: Path) -> None:
    with closing(sqlite3.connect(folder / FILE_NAME)) as db:
        assert db.execute("SELECT count(*), sum(length(section)) > 500 FROM capability").fetchone() == (1, 1)
        (kept,) = db.execute("SELECT max(length(car)) FROM event WHERE capability IS NOT NULL").fetchone()
    event = under(B, B, 1)
    assert kept < len(event.car) - 500
    with opened(folder) as store:
        found = store.event(event.checked.cid)
        assert found is not None
        assert NewEvent(found.car, found.checked) == event


def test_one_at_a_time(folder: Path) -> None:
    with opened(folder) as store:
        with pytest.raises(StoreInUse, match=f"process {os.getpid()} ") as raised:
            opened(folder)
        assert (raised.value.pid, raised.value.code) == (os.getpid(), "store_in_use")
        script = (
            "import sys; from pathlib import Path\n"
            "from ceramic_node.clock import SystemClock\n"
            "from ceramic_node.store.sqlite import StoreInUse, open_store\n"
            "try:\n    open_store(Path(sys.argv[1]), clock=SystemClock())\n"
            "except StoreInUse as error:\n    print(error.pid)\n"
        )
        command = [sys.executable, "-c", script, str(folder)]
        told = subprocess.run(command, capture_output=True, text=True, check=True, cwd=PROJECT)
        assert told.stdout == f"{os.getpid()}\n"
        with pytest.raises(StoreInUse):
            restore(folder / FILE_NAME, folder)
        store.close()
        opened(folder).close()


def test_a_store_that_is_closed(folder: Path) -> None:
    store = opened(folder)
    store.close()
    store.close()
    for use in (store.head, lambda: store.put([A]), lambda: store.recon.range_hash(b"", b"\xff")):
        with pytest.raises(OutsideError, match="closed"):
            use()


def test_readers_do_not_wait_for_the_writer(folder: Path) -> None:
    with opened(folder) as store, store._database.writing() as db:
        db.execute("DELETE FROM event")
        found: list[int] = []
        reader = Thread(target=lambda: found.append(len(store.feed(0, 100).entries)))
        reader.start()
        reader.join(5)
        assert found == [len(EVENTS) - 2]
        db.execute("ROLLBACK")
        db.execute("BEGIN")


def test_a_put_that_fails_leaves_nothing_behind(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(folder) as store:
        before = said(store)
        fresh = init("fresh", "did:key:new", NOTE)
        batch = [fresh, data(fresh, fresh, 1), under(B, B, 3, "another")]
        with monkeypatch.context() as patch:
            patch.setattr(BatchWriter, "_move", no_space)
            with pytest.raises(OutsideError, match="No space"):
                store.put(batch)
        assert said(store) == before
        store.put(batch)
        assert store.check() == []
        assert store.event(fresh.checked.cid) is not None


# Versions


@pytest.mark.parametrize("number", VERSIONS)
def test_a_file_of_an_earlier_version(tmp_path: Path, folder: Path, number: int) -> None:
    assert len(VERSIONS) == len(MIGRATIONS) - 1
    old = tmp_path / "old"
    old.mkdir()
    of_version(number, old)
    memory = MemoryStore()
    fill(memory)
    with opened(old) as store:
        assert store.check(thorough=True) == []
        assert said(store) == said(memory)
        assert all_keys(store.recon) == all_keys(memory.recon)
        store.put([data(TILE, TILE, "more")])
    assert _schema(old) == _schema(folder)


def _schema(folder: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(folder / FILE_NAME)) as db:
        return db.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()


def test_a_further_version(folder: Path) -> None:
    path = folder / FILE_NAME
    further = (*MIGRATIONS, ("CREATE TABLE more (id INTEGER PRIMARY KEY)", "INSERT INTO more VALUES (7)"))
    broken = (*further, ("CREATE TABLE yet_more (id INTEGER)", "INSERT INTO nowhere VALUES (7)"))
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        with pytest.raises(sqlite3.OperationalError, match="nowhere"):
            migrate(db, path, broken)
        assert db.execute("PRAGMA user_version").fetchone() == (len(further),)
        assert migrate(db, path, further) == len(further)
        assert db.execute("SELECT id FROM more").fetchall() == [(7,)]
        assert db.execute("SELECT name FROM sqlite_master WHERE name = 'yet_more'").fetchall() == []
    with pytest.raises(StoreTooNew, match="later release") as raised:
        opened(folder)
    assert (raised.value.code, raised.value.version) == ("store_too_new", len(further))


def test_files_of_others(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as db:
        db.execute("CREATE TABLE theirs (id INTEGER)")
    with pytest.raises(UsageError, match="no store"):
        opened(tmp_path)
    (tmp_path / FILE_NAME).write_bytes(b"theirs too " * 1000)
    with pytest.raises(StoreCorruption):
        opened(tmp_path)
    (tmp_path / FILE_NAME).unlink()
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(OutsideError):
        opened(tmp_path)


def test_numbers_that_are_too_large(folder: Path) -> None:
    with opened(folder) as store, pytest.raises(UsageError, match="64 bits"):
        store.peers.add(PeerId.of_ed25519(bytes(32)), [], 1 << 64)
