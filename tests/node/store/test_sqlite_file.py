"""The file of a store: versions, who may open it, damage, copies, and what a check finds."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import time as seconds
from contextlib import closing
from pathlib import Path
from random import Random
from threading import Event, Thread

import pytest

from ceramic_node.clock import SystemClock
from ceramic_node.store.memory import MemoryStore
from ceramic_node.store.sqlite import SqliteStore, StoreInUse, StoreTooNew, open_store, restore
from ceramic_node.store.sqlite.backup import FILE_NAME
from ceramic_node.store.sqlite.migrate import migrate
from ceramic_node.store.sqlite.recon_tree import ReconTree
from ceramic_node.store.sqlite.schema import APPLICATION, MIGRATIONS
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import CeramicError, OutsideError, StoreCorruption, UsageError
from ceramic_protocol.ports import EventStore
from ceramic_protocol.stored import FeedFilter, NewEvent, StreamFilter
from tests.node.store.making import BOB, NOTE, POST, bare, chain_of, data, init, model, nameless, proven, time
from tests.node.store.reading import feed_of
from tests.node.store.sharing import under
from tests.support.vectors import PROJECT

A, B, TILE = init("a"), init("b", BOB, POST), init("tile", BOB, None)
LOG = chain_of(A, 8)
T = time(A, LOG[0])
OLD = nameless(time(B, B, "old"))
LATE = data(B, data(B, B, "never"), "late")
EVENTS: list[NewEvent] = [
    model("definition"), A, *LOG[::-1], bare(T), B, OLD, TILE, LATE, under(B, B, 1), under(B, B, 2), proven(T),
]  # fmt: skip
VERSION_1 = Path(__file__).parent / "version_1.sql"


def opened(folder: Path) -> SqliteStore:
    return open_store(folder, clock=SystemClock())


def fill(store: EventStore) -> None:
    for start in range(0, len(EVENTS), 4):
        store.put(EVENTS[start : start + 4])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A store that is closed."""
    with opened(tmp_path / "store") as store:
        fill(store)
    return tmp_path / "store"


def said(store: EventStore) -> list[object]:
    """All that a store says, but for times."""
    feed = [
        (entry.position, entry.checked, entry.facts, entry.car)
        for entry in store.feed(0, 1000, with_cars=True).entries
    ]
    cids = [event.checked.cid for event in EVENTS]
    streams = [stream for stream, _version in store.changed(0, 1000)]
    return [
        feed,
        [store.event(cid) for cid in cids],
        store.changed(0, 1000),
        [store.snapshot(stream) for stream in streams],
        [store.snapshot(stream, 3) for stream in streams],
        store.find(StreamFilter(), 0, 1000),
        store.find(StreamFilter(controller=BOB), 0, 1000),
        store.streams_of(cids),
        store.head(),
        [entry.checked.cid for entry in feed_of(store, 3, FeedFilter(model=NOTE))],
    ]


def test_it_says_what_a_store_in_memory_says(folder: Path) -> None:
    memory = MemoryStore()
    fill(memory)
    with opened(folder) as store:
        assert said(store) == said(memory)
        assert store.check(thorough=True) == []
        assert store.recon.keys(b"", b"\xff", 100) == memory.recon.keys(b"", b"\xff", 100)


def test_blocks_of_capabilities_are_kept_once(folder: Path) -> None:
    with closing(sqlite3.connect(folder / FILE_NAME)) as db:
        assert db.execute("SELECT count(*), sum(length(section)) > 500 FROM capability").fetchone() == (1, 1)
        (kept,) = db.execute("SELECT max(length(car)) FROM event WHERE capability IS NOT NULL").fetchone()
    event = under(B, B, 1)
    assert kept < len(event.car) - 500
    with opened(folder) as store:
        found = store.event(event.checked.cid)
        assert found is not None
        assert (found.car, found.checked) == event


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
            patch.setattr(ReconTree, "change", _no_space)
            with pytest.raises(OutsideError, match="No space"):
                store.put(batch)
        assert said(store) == before
        store.put(batch)
        assert store.check() == []
        assert store.event(fresh.checked.cid) is not None


def _no_space(*_arguments: object) -> None:
    raise OSError(28, "No space left on device")


# Versions


def test_a_file_of_version_1(tmp_path: Path, folder: Path) -> None:
    old = tmp_path / "old"
    old.mkdir()
    with closing(sqlite3.connect(old / FILE_NAME, isolation_level=None)) as db:
        db.executescript(VERSION_1.read_text())
        db.execute(f"PRAGMA application_id={APPLICATION}")
        db.execute("PRAGMA user_version=1")
    memory = MemoryStore()
    fill(memory)
    with opened(old) as store:
        assert store.check(thorough=True) == []
        assert said(store) == said(memory)
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


# Damage


LOUD = {"store_corruption", "store_too_new", "outside", "usage", "bad_identifier"}
"""Codes of what may be raised; `usage` where it was hit that says whose file it is, or of which network."""


def test_damage_is_never_passed_over(folder: Path, tmp_path: Path) -> None:
    with opened(folder) as store:
        whole = said(store)
    outcomes = [_outcome(folder, tmp_path / "damaged", Random(seed), whole) for seed in range(200)]
    assert outcomes.count("found") > 20
    assert outcomes.count("store_corruption") > 5
    assert set(outcomes) <= LOUD | {"found", "unhurt"}


def _outcome(folder: Path, damaged: Path, random: Random, whole: list[object]) -> str:
    shutil.rmtree(damaged, ignore_errors=True)
    shutil.copytree(folder, damaged)
    with (damaged / FILE_NAME).open("r+b") as file:
        size = file.seek(0, 2)
        for _ in range(3):
            file.seek(random.randrange(size - 64))
            file.write(random.randbytes(random.choice([1, 16, 64])))
    try:
        with opened(damaged) as store:
            if store.check(thorough=True):
                return "found"
            assert said(store) == whole
            return "unhurt"
    except CeramicError as error:
        return error.code


def test_bytes_that_are_not_those_that_were_put(folder: Path) -> None:
    with closing(sqlite3.connect(folder / FILE_NAME)) as db, db:
        db.execute("UPDATE event SET signer = 'did:key:mallory' WHERE position = 3")
    with opened(folder) as store:
        assert {finding.code for finding in store.check()} == {"event", "recon"}
        with pytest.raises(StoreCorruption, match="not what was put") as raised:
            store.feed(0, 10)
        # And from then on nothing is done any more.
        for use in (store.head, lambda: store.put([A])):
            with pytest.raises(StoreCorruption) as again:
                use()
            assert str(again.value) == str(raised.value)


PLANTED = {
    "UPDATE event SET position = position + 100 WHERE kind = 0": "order",
    "UPDATE event SET stream = 1 WHERE position = 4": "order",
    "UPDATE stream SET begun = NULL WHERE id = 1": "order",
    "UPDATE event SET received = received + 9999999 WHERE position = 2": "time",
    "UPDATE stream SET version = version + 1000 WHERE id = 1": "version",
    "UPDATE event SET version = 0 WHERE position = 5": "version",
    "INSERT INTO stream VALUES (99, 0, x'00', 99, NULL)": "version",
    "INSERT INTO waiting SELECT 99, key, NULL, stream, version, cid, prev, kind, signer, capability, timestamp,"
    " chain_id, reason, detail, named_model, payload, payload_at, payload_size, section_at, crc, car"
    " FROM event WHERE position = 3": "waiting",
    "UPDATE event SET key = key + 1 WHERE position = 9": "key",
    "UPDATE stream SET key = key + 1 WHERE id = 2": "key",
    "UPDATE event SET model = 77 WHERE position = 3": "orphan",
    "DELETE FROM controller": "orphan",
    "UPDATE recon_node SET s3 = s3 + 1": "recon",
    "DELETE FROM recon_key WHERE rowid_is_first": "recon",
    "UPDATE capability SET section = x'00'": "rows",
    "UPDATE event SET car = x'00' WHERE position = 2": "event",
    "UPDATE waiting SET detail = 'so'": "event",
}


@pytest.mark.parametrize("statement", PLANTED)
def test_what_a_check_finds(folder: Path, statement: str) -> None:
    code = PLANTED[statement]
    statement = statement.replace("rowid_is_first", "key = (SELECT min(key) FROM recon_key)")
    with closing(sqlite3.connect(folder / FILE_NAME)) as db, db:
        assert db.execute(statement).rowcount > 0
    with opened(folder) as store:
        findings = store.check()
        assert code in {finding.code for finding in findings}, findings
        assert all(finding.detail for finding in findings)


def test_a_check_tells_of_a_bounded_number(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ceramic_node.store.sqlite.check.MAX_STORE_FINDINGS", 3)
    with closing(sqlite3.connect(folder / FILE_NAME)) as db, db:
        db.execute("UPDATE event SET crc = 0")
    with opened(folder) as store:
        assert len(store.check()) == 3


# Copies


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
    monkeypatch.setattr("ceramic_node.store.sqlite.backup.os.fsync", _no_space)
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
