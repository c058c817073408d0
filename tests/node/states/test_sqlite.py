"""The store of states in SQLite keeps what the port promises, and knows its file."""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager, closing
from pathlib import Path
from threading import Thread

import pytest

from ceramic_node.states.port import StateStore
from ceramic_node.states.sqlite import SqliteStates
from ceramic_protocol.errors import OutsideError, StoreCorruption, UsageError
from tests.node.states.states_contract import A, B, StatesContract, keep, stream_row


class TestSqliteStates(StatesContract):
    def opened(self, folder: Path) -> AbstractContextManager[StateStore]:
        return closing(SqliteStates(folder / "states.sqlite3"))


def test_it_lasts(tmp_path: Path) -> None:
    with closing(SqliteStates(tmp_path / "states")) as states:
        keep(states, A)
        before = states.head(), states.stream(A)
    with closing(SqliteStates(tmp_path / "states")) as states:
        assert (states.head(), states.stream(A)) == before


def test_settings(tmp_path: Path) -> None:
    with closing(SqliteStates(tmp_path / "states")) as states, states._file.changing() as db:
        for name, value in (("journal_mode", "wal"), ("page_size", 4096), ("synchronous", 1)):
            assert db.execute(f"PRAGMA {name}").fetchone() == (value,)


def test_one_process_at_a_time(tmp_path: Path) -> None:
    with closing(SqliteStates(tmp_path / "states")), pytest.raises(OutsideError, match="open elsewhere"):
        SqliteStates(tmp_path / "states")


def test_a_file_of_another_version_is_made_anew(tmp_path: Path) -> None:
    with closing(SqliteStates(tmp_path / "states")) as states:
        keep(states, A)
        generation = states.head().generation
    with closing(sqlite3.connect(tmp_path / "states")) as db:
        db.execute("PRAGMA user_version=999")
    with closing(SqliteStates(tmp_path / "states")) as states:
        assert states.stream(A) is None
        assert states.head().generation != generation
    with closing(SqliteStates(tmp_path / "states")) as states:
        assert states.head().number == 0


def test_a_file_of_something_else_is_left_alone(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "other")) as db:
        db.execute("CREATE TABLE mine (it INTEGER)")
    with pytest.raises(UsageError, match="no store of states"):
        SqliteStates(tmp_path / "other")
    with closing(sqlite3.connect(tmp_path / "other")) as db:
        assert db.execute("SELECT count(*) FROM mine").fetchone() == (0,)


def test_a_damaged_file_is_told_of(tmp_path: Path) -> None:
    path = tmp_path / "states"
    path.write_bytes(b"no database at all" * 1000)
    with pytest.raises(StoreCorruption, match="remove it"):
        SqliteStates(path)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OutsideError):
        SqliteStates(tmp_path / "nowhere" / "states")


def test_readers_see_what_was_there_before_while_something_is_written(tmp_path: Path) -> None:
    with closing(SqliteStates(tmp_path / "states")) as states:
        keep(states, A)
        seen = []
        with states.writing() as writer:
            writer.put_stream(stream_row(writer, B))
            reader = Thread(target=lambda: seen.append(states.streams([A, B]).keys()))
            reader.start()
            reader.join(10)
        assert seen == [{A}]
        assert states.streams([B]).keys() == {B}


def test_after_the_end(tmp_path: Path) -> None:
    states = SqliteStates(tmp_path / "states")
    states.close()
    states.close()
    with pytest.raises(OutsideError, match="closed"), states.writing():
        pass
