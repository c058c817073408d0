"""Keys of Recon that follow the events later say what they would say if they were there at once."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_node.store.memory import MemoryStore
from ceramic_node.store.sqlite import SqliteStore, recon_events, recon_upkeep
from ceramic_node.store.sqlite.backup import FILE_NAME
from ceramic_node.store.sqlite.recon_file import RECON_FILE
from ceramic_node.store.sqlite.recon_tree import ReconTree
from ceramic_protocol.errors import OutsideError, StoreCorruption
from ceramic_protocol.event_ids import EventId
from ceramic_protocol.reasons import Reason
from ceramic_protocol.stored import NewEvent, StoreHead
from tests.node.store.filled import A, no_space, opened
from tests.node.store.making import BOB, POST, bare, chain_of, data, init, known_as, nameless, proven, time
from tests.node.store.reading import all_keys
from tests.support.waiting import wait_until

B, TILE = init("b", BOB, POST), init("tile", BOB, None)
LOG = [A, *chain_of(A, 30)]


def keys_of(batches: list[list[NewEvent]]) -> list[EventId]:
    """What they would be."""
    memory = MemoryStore()
    for batch in batches:
        memory.put(batch)
    return all_keys(memory.recon)


def cursor_of(store: SqliteStore) -> StoreHead:
    return store._upkeep._file.cursor


def copies(event: NewEvent) -> list[NewEvent]:
    """Reports on a time event, each better informed: it is offered, isn't any more, and is again."""
    refused = known_as(event, reason=Reason.ANCHOR_TX_UNKNOWN, detail="none")
    return [bare(event), event, refused, proven(event)]


def forest() -> list[NewEvent]:
    a1, b1 = data(A, A, 1), data(B, B, 1)
    times = [time(A, a1), time(A, time(A, a1)), time(B, b1), time(TILE, TILE), nameless(time(B, B))]
    wrong = known_as(a1, reason=Reason.SIGNATURE_INVALID, detail="no")
    return [A, B, TILE, wrong, a1, data(A, a1, 2), b1, *(copy for event in times for copy in copies(event))]


STEPS = st.one_of(
    st.lists(st.sampled_from(forest()), min_size=1, max_size=6),
    st.sampled_from(["ask", "step", "reopen", "lose", "check"]),
)


@given(steps=st.lists(STEPS, max_size=30), size=st.integers(1, 4))
def test_keys_that_follow_at_any_time(steps: list[list[NewEvent] | str], size: int) -> None:
    memory = MemoryStore()
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as name:
        patch.setattr(recon_events, "RECON_SLICE_EVENTS", size)
        patch.setattr("ceramic_node.store.sqlite.recon_tree.MOST_CHILDREN", 3)
        patch.setattr("ceramic_node.store.sqlite.recon_tree._PIECE", 2)
        patch.setattr("ceramic_node.store.sqlite.check_recon.MOST_CHILDREN", 3)
        store = opened(Path(name))
        for step in steps:
            if isinstance(step, list):
                memory.put(step)
                store.put(step)
            elif step == "ask":
                assert all_keys(store.recon) == all_keys(memory.recon)
            elif step == "step":
                store._upkeep._step()
            elif step == "check":
                assert store.check() == []
            else:
                store.close()
                if step == "lose":
                    (Path(name) / RECON_FILE).unlink(missing_ok=True)
                store = opened(Path(name))
        assert store.check() == []
        assert all_keys(store.recon) == all_keys(memory.recon)
        assert store.recon.range_hash(b"", b"\xff") == memory.recon.range_hash(b"", b"\xff")
        assert store.check() == []
        store.close()


def test_reports_that_were_replaced_in_one_batch_stay_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recon_events, "RECON_SLICE_EVENTS", 3)
    anchors = [time(A, event) for event in LOG[:8]]
    refused = [known_as(event, reason=Reason.ANCHOR_TX_UNKNOWN, detail="none") for event in anchors]
    with opened(tmp_path) as store:
        store.put([*LOG[:8], *anchors])
        assert len(all_keys(store.recon)) == 16
        store.put(refused)
        store.put([*LOG[8:], *map(proven, anchors[:2])])
        assert all_keys(store.recon) == keys_of(
            [[*LOG, *anchors], refused, [proven(one) for one in anchors[:2]]]
        )
        assert cursor_of(store) == store.head()


# The thread


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few events may lack their keys."""
    monkeypatch.setattr(recon_upkeep, "RECON_FOLD_EVENTS", 20)
    monkeypatch.setattr(recon_upkeep, "RECON_QUIET_SECONDS", 0.1)
    for module in (recon_upkeep, recon_events):
        monkeypatch.setattr(module, "RECON_SLICE_EVENTS", 4)


@pytest.mark.usefixtures("soon")
def test_many_keys_do_not_wait_to_be_asked_for(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.put(LOG[:15])
        assert not (tmp_path / RECON_FILE).exists()
        store.put(LOG[15:])
        wait_until(lambda: cursor_of(store).position > len(LOG) - 4)
        assert all_keys(store.recon) == keys_of([LOG])


@pytest.mark.usefixtures("soon")
def test_keys_are_made_when_few_events_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recon_upkeep, "RECON_QUIET_SECONDS", 3600.0)
    with opened(tmp_path) as store:
        store.put(LOG)
        assert store._upkeep._until_quiet() > 3000
        assert not (tmp_path / RECON_FILE).exists()
    monkeypatch.setattr(recon_upkeep, "RECON_PRESSING_EVENTS", 25)
    with opened(tmp_path) as store:
        wait_until(lambda: cursor_of(store).position > len(LOG) - 25)
        assert store._upkeep._until_quiet() > 3000
        assert cursor_of(store) != store.head()
        assert all_keys(store.recon) == keys_of([LOG])


def test_what_quiet_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recon_upkeep, "RECON_SLICE_EVENTS", 4)
    now = 100.0
    monkeypatch.setattr(recon_upkeep, "monotonic", lambda: now)
    with opened(tmp_path) as store:
        seconds = store._upkeep._until_quiet
        assert seconds() == 2.0
        now = 101.5
        store.put(LOG[:3])
        assert seconds() == 0.5
        now = 102.0
        assert seconds() == 0.0
        store.put(LOG[3:4])
        assert seconds() == 2.0
        now = 200.0
        assert seconds() == 0.0


@pytest.mark.usefixtures("soon")
def test_what_is_missing_when_a_store_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch, opened(tmp_path) as store:
        patch.setattr(recon_upkeep, "RECON_FOLD_EVENTS", 10_000)
        store.put(LOG)
    with opened(tmp_path) as store:
        wait_until(lambda: cursor_of(store).position > len(LOG) - 4)


@pytest.mark.usefixtures("soon")
def test_a_failure_of_the_thread_is_told_to_who_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failed: list[object] = []

    def fails(*arguments: object) -> None:
        failed.append(arguments)
        no_space()

    with opened(tmp_path) as store:
        with monkeypatch.context() as patch:
            patch.setattr(ReconTree, "change", fails)
            store.put(LOG)
            wait_until(lambda: failed)
            with pytest.raises(OutsideError, match="No space"):
                all_keys(store.recon)
        assert all_keys(store.recon) == keys_of([LOG])
        assert store.check() == []


# Beside the rest of the store


def test_nobody_else_waits_for_keys(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.put([A])
        done: list[object] = []
        with store._upkeep._lock, store._upkeep._file.changing(StoreHead(0, 0)):
            use = Thread(target=lambda: done.extend([store.put(LOG), store.feed(0, 100), store.check()]))
            use.start()
            use.join(10)
            assert len(done) == 3
            assert done[2] == []
        assert all_keys(store.recon) == keys_of([LOG])


def test_a_store_that_is_closed_while_keys_are_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recon_events, "RECON_SLICE_EVENTS", 4)
    change = ReconTree.change

    def then_close(tree: ReconTree, *arguments: Any) -> None:
        store._upkeep._is_closed.set()
        change(tree, *arguments)

    with opened(tmp_path) as store:
        store.put(LOG)
        monkeypatch.setattr(ReconTree, "change", then_close)
        with pytest.raises(OutsideError, match="closed"):
            all_keys(store.recon)
    with opened(tmp_path) as store:
        assert cursor_of(store).position == 4
        monkeypatch.undo()
        assert all_keys(store.recon) == keys_of([LOG])


def test_rows_that_make_no_sense(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.put(LOG[:5])
        assert len(all_keys(store.recon)) == 5
        store.put(LOG[5:])
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as db, db:
        db.execute("UPDATE event SET reason = 'because' WHERE position = 7")
    with opened(tmp_path) as store:
        with pytest.raises(StoreCorruption, match="'because', which is no reason"):
            all_keys(store.recon)
        with pytest.raises(StoreCorruption, match="'because'"):
            store.head()
    with opened(tmp_path) as store:
        assert cursor_of(store).position == 5, "the keys are all right"
