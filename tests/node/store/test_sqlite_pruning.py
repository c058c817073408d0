"""Pruning a store on disk: old files, damage, and what a check says of it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from ceramic_node.store.sqlite.backup import FILE_NAME
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import StoreCorruption
from ceramic_protocol.stored import Pruned
from tests.node.store.filled import A, of_version, opened

NEVER = 10**15


def prune(folder: Path) -> Pruned:
    with opened(folder) as store:
        stream: Cid = A.checked.cid
        return store.prune({stream: store.snapshot(stream).version}, NEVER, 100)


def change(folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(folder / FILE_NAME)) as db, db:
        assert db.execute(statement).rowcount == 1


def test_a_file_of_version_1_can_be_pruned(tmp_path: Path) -> None:
    of_version(1, tmp_path)
    assert prune(tmp_path).events == 10
    with opened(tmp_path) as store:
        assert store.check(thorough=True) == []
        assert store.snapshot(A.checked.cid).is_pruned


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE pruned SET events = events + 1",
        "DELETE FROM pruned",
        (
            "UPDATE event SET car = x'00' WHERE position ="
            " (SELECT max(position) FROM event WHERE length(car) = 0)"
        ),
    ],
)
def test_a_check_counts_what_was_pruned(folder: Path, statement: str) -> None:
    assert prune(folder).streams == [A.checked.cid]
    with opened(folder) as store:
        assert store.check() == []
    change(folder, statement)
    with opened(folder) as store:
        assert "pruned" in {finding.code for finding in store.check()}


def test_what_was_damaged_is_not_made_good_by_pruning(folder: Path) -> None:
    change(folder, "UPDATE event SET signer = 'another' WHERE position = 2")
    with pytest.raises(StoreCorruption, match="not what was put there"):
        prune(folder)


def test_a_trial_sums_up_bytes_on_disk(folder: Path) -> None:
    with opened(folder) as store:
        asked = {A.checked.cid: store.snapshot(A.checked.cid).version}
        trial = store.prune(asked, NEVER, 1, is_trial=True)
    assert trial == prune(folder)
