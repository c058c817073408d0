"""The store of states in SQLite keeps what the port promises, and knows its file."""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager, closing
from pathlib import Path
from threading import Thread
from time import monotonic, sleep

import pytest

from ceramic_node.short_keys import short_key
from ceramic_node.states.port import StateStore
from ceramic_node.states.sqlite import SqliteStates
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import OutsideError, StoreCorruption, UsageError
from tests.node.states.states_contract import A1, A2, A, B, StatesContract, event_row, keep, stream_row


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


def test_streams_of_one_short_key_are_kept_apart(tmp_path: Path) -> None:
    # Whoever makes a stream can choose the last bytes of its CID, with some patience.
    twin = Cid(A[:-32] + bytes(24) + A[-8:])
    assert (short_key(twin), len(twin), twin != A) == (short_key(A), len(A), True)
    both = [A, twin]
    with closing(SqliteStates(tmp_path / "states")) as states:
        keep(states, A)
        with states.writing() as writer:
            assert writer.stream(twin) is None
            writer.read_ahead(both, {A1: A, A2: twin})
            writer.put_events([event_row(writer, A1, A)])
        assert states.stream(twin) is None
        assert states.streams(both).keys() == {A}
        assert (states.event(A1, twin), states.valid_events(twin), states.waits(twin)) == (None, [], False)
        keep(states, twin)
        with states.writing() as writer:
            assert writer.events({A1: twin}) == {}
            writer.put_events([event_row(writer, A1, twin, detail="of the other one")])
        assert [row.stream for row in states.streams(both).values()] == both
        for stream, detail in ((A, None), (twin, "of the other one")):
            found = states.event(A1, stream)
            assert found is not None
            assert (found.stream, found.detail) == (stream, detail)
            assert [row.stream for row in states.valid_events(stream)] == [stream]


def test_numbers_that_streams_no_longer_have_are_let_go(tmp_path: Path) -> None:
    streams = [Cid.of(b"%d" % number) for number in range(20)]
    with closing(SqliteStates(tmp_path / "states")) as states:
        for _ in range(10):
            keep(states, *streams)
        with states._file.reading() as db:
            assert db.execute("SELECT count(*) FROM moved").fetchone() == (len(streams),)
        with states.writing() as writer:
            for stream in streams:
                writer.put_stream(stream_row(writer, stream, tip=stream))
                writer.put_events([event_row(writer, stream, stream)])
        assert [found.row.stream for found in states.stream_page(0, 100)] == streams


def test_what_is_in_the_log_gets_into_the_file(tmp_path: Path) -> None:
    with closing(SqliteStates(tmp_path / "states")) as states:
        keep(states, A)
        until = monotonic() + 30
        while _in_the_file(tmp_path / "states") == 0 and monotonic() < until:
            sleep(0.05)
        assert _in_the_file(tmp_path / "states") == 1


def _in_the_file(path: Path) -> int:
    """How many streams there are without the log."""
    copy = path.with_name("copy")
    copy.write_bytes(path.read_bytes())
    with closing(sqlite3.connect(copy)) as db:
        if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'stream'").fetchone():
            return 0
        number: int = db.execute("SELECT count(*) FROM stream").fetchone()[0]
        return number
