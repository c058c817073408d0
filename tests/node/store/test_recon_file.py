"""The file of Recon's keys is made anew whenever it is not what follows from the events."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from ceramic_node.store.memory import MemoryStore
from ceramic_node.store.sqlite import SqliteStore, restore
from ceramic_node.store.sqlite.backup import FILE_NAME
from ceramic_node.store.sqlite.recon_file import RECON_FILE
from ceramic_protocol.errors import CeramicError, OutsideError, StoreCorruption, UsageError
from ceramic_protocol.event_ids import EventId
from tests.node.store.filled import B, fill, opened
from tests.node.store.hurting import damage
from tests.node.store.making import chain_of
from tests.node.store.reading import all_keys


def wanted() -> list[EventId]:
    memory = MemoryStore()
    fill(memory)
    return all_keys(memory.recon)


WANTED = wanted()


@pytest.fixture
def kept(folder: Path) -> Path:
    """A store that is closed, with all keys."""
    with opened(folder) as store:
        assert all_keys(store.recon) == WANTED
        assert store.check() == []
    return folder


def is_made_anew(folder: Path) -> bool:
    """Whether the keys have to be made when a store is opened; afterwards they are right either way."""
    with opened(folder) as store:
        was_empty = store._upkeep._file.cursor.position == 0
        assert all_keys(store.recon) == WANTED
        assert store.check() == []
    return was_empty


def change(folder: Path, *statements: str) -> None:
    with closing(sqlite3.connect(folder / RECON_FILE, isolation_level=None)) as db:
        for statement in statements:
            db.execute(statement)


def test_keys_last(kept: Path) -> None:
    assert not is_made_anew(kept)


def test_nothing_is_made_that_nobody_asks_for(folder: Path) -> None:
    with opened(folder) as store:
        assert store.check() == []
        (folder / RECON_FILE).touch()
        assert store.check() == [], "it is about to be made"
        (folder / RECON_FILE).unlink()
    assert not (folder / RECON_FILE).exists()


def remove(folder: Path) -> None:
    (folder / RECON_FILE).unlink()


def write_nonsense(folder: Path) -> None:
    (folder / RECON_FILE).write_bytes(b"no database " * 1000)


def cut_off(folder: Path) -> None:
    (folder / RECON_FILE).write_bytes((folder / RECON_FILE).read_bytes()[:5000])


@pytest.mark.parametrize("do", [remove, write_nonsense, cut_off])
def test_a_file_that_is_lost(kept: Path, do: Callable[[Path], None]) -> None:
    do(kept)
    assert is_made_anew(kept) or do is cut_off
    assert not is_made_anew(kept)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE cursor SET epoch = 'another'",
        "UPDATE cursor SET position = position + 1",
        "UPDATE cursor SET version = version + 1",
        "DELETE FROM cursor",
        "DROP TABLE cursor",
        "PRAGMA user_version=99",
        "PRAGMA user_version=0",
    ],
)
def test_a_file_of_something_else(kept: Path, statement: str) -> None:
    change(kept, statement)
    assert is_made_anew(kept)
    assert not is_made_anew(kept)


def test_a_backup_has_no_keys(kept: Path, tmp_path: Path) -> None:
    with opened(kept) as store:
        store.backup(tmp_path / "backup")
        store.put(chain_of(B, 3))
        assert len(all_keys(store.recon)) == len(WANTED) + 3
    restore(tmp_path / "backup", tmp_path / "new")
    shutil.copy(kept / RECON_FILE, tmp_path / "new")
    assert is_made_anew(tmp_path / "new")


def test_an_older_file_of_events(kept: Path, tmp_path: Path) -> None:
    shutil.copy(kept / FILE_NAME, tmp_path)
    with opened(kept) as store:
        store.put(chain_of(B, 3))
        assert len(all_keys(store.recon)) == len(WANTED) + 3
    shutil.copy(tmp_path / FILE_NAME, kept)
    assert is_made_anew(kept)


def test_another_programs_file(folder: Path) -> None:
    change(folder, "CREATE TABLE theirs (id INTEGER)")
    with pytest.raises(UsageError, match=RECON_FILE):
        opened(folder)
    remove(folder)
    (folder / RECON_FILE).mkdir()
    with pytest.raises(OutsideError, match=RECON_FILE):
        opened(folder)


@pytest.mark.parametrize("statement", ["DROP TABLE recon_node", "DROP TABLE recon_key"])
def test_damage_that_is_met_while_keys_are_used(kept: Path, statement: str) -> None:
    with opened(kept) as store:
        assert len(all_keys(store.recon)) == len(WANTED)
        store._upkeep._file._connected().execute(statement)
        assert [WANTED[0], *store.recon.split(b"", b"\xff", len(WANTED))] == WANTED
        store.put(chain_of(B, 3))
        assert len(all_keys(store.recon)) == len(WANTED) + 3
        assert store.check() == []


def test_keys_that_are_there_already(kept: Path) -> None:
    change(kept, "UPDATE cursor SET position = position - 1")
    assert not is_made_anew(kept), "it seems to be all right, until it goes on"


def test_damage_that_does_not_go_away(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(*_arguments: object) -> None:
        raise StoreCorruption("it is again")

    with opened(kept) as store:
        monkeypatch.setattr("ceramic_node.store.sqlite.recon_keys.between", damaged)
        with pytest.raises(StoreCorruption, match="again"):
            store.recon.range_hash(b"", b"\xff")
        monkeypatch.undo()
        assert all_keys(store.recon) == WANTED


# What a check finds


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE recon_node SET s3 = s3 + 1",
        "DELETE FROM recon_key WHERE key = (SELECT min(key) FROM recon_key)",
        "INSERT INTO recon_key VALUES (x'01')",
        "UPDATE recon_node SET first = x'00'",
        "DROP TABLE recon_node",
        "DELETE FROM cursor",
        "UPDATE cursor SET position = position - 1",
    ],
)
def test_what_a_check_finds(kept: Path, statement: str) -> None:
    with opened(kept) as store:
        store._upkeep._file._connected().execute(statement)
        findings = store.check()
        assert {finding.code for finding in findings} == {"recon"}, findings
        assert all(finding.detail for finding in findings)


def test_a_check_knows_what_is_not_there_yet(kept: Path) -> None:
    with opened(kept) as store:
        store.put(chain_of(B, 3))
        assert store.check() == []
        store._upkeep._file._connected().execute("UPDATE cursor SET position = position + 3")
        assert [finding.code for finding in store.check()] == ["recon"] * 3


def test_damage_is_never_passed_over(kept: Path, tmp_path: Path) -> None:
    outcomes = [_outcome(kept, tmp_path / "damaged", Random(seed)) for seed in range(100)]
    assert outcomes.count("found") > 5
    assert set(outcomes) <= {"found", "unhurt", "anew", "usage"}


def _outcome(folder: Path, damaged: Path, random: Random) -> str:
    damage(folder, damaged, RECON_FILE, random)
    try:
        with opened(damaged) as store:
            return _use(store)
    except CeramicError as error:
        return error.code


def _use(store: SqliteStore) -> str:
    was_empty = store._upkeep._file.cursor.position == 0
    if store.check():
        return "found"
    assert all_keys(store.recon) == WANTED
    return "anew" if was_empty else "unhurt"
