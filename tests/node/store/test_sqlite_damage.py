"""Damage to a store is told, by whoever meets it and by the check that looks for it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from ceramic_node.store.sqlite.backup import FILE_NAME
from ceramic_node.store.sqlite.schema import REPORT
from ceramic_protocol.errors import CeramicError, StoreCorruption
from tests.node.store.filled import A, opened, said
from tests.node.store.hurting import damage

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
    damage(folder, damaged, FILE_NAME, random)
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
        assert {finding.code for finding in store.check()} == {"event"}
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
    "DELETE FROM change WHERE version = (SELECT version FROM stream WHERE id = 1)": "version",
    "UPDATE event SET version = 0 WHERE position = 5": "version",
    "INSERT INTO stream VALUES (99, 0, x'00', 99, NULL)": "version",
    f"INSERT INTO waiting SELECT 99, key, NULL, stream, 1, {REPORT} FROM event WHERE position = 3": "waiting",
    f"INSERT INTO waiting SELECT 98, key, NULL, stream, 1, {REPORT} FROM event WHERE position = 2": "waiting",
    "UPDATE waiting SET prev = a.cid, prev_key = a.key, stream = a.stream FROM event AS a"
    " WHERE a.position = 2": "waiting",
    f"INSERT INTO event SELECT 98, key, stream, model, controller, version, NULL, received, {REPORT}"
    " FROM event WHERE position = 2": "order",
    f"INSERT INTO event SELECT 98, key, stream, model, controller, version, NULL, received, {REPORT}"
    " FROM event WHERE position = 3": "position",
    "UPDATE event SET key = key + 1 WHERE position = 9": "key",
    "UPDATE stream SET key = key + 1 WHERE id = 2": "key",
    "UPDATE event SET model = 77 WHERE position = 3": "orphan",
    "DELETE FROM controller": "orphan",
    "UPDATE capability SET section = x'00'": "rows",
    "UPDATE event SET car = x'00' WHERE position = 2": "event",
    "UPDATE waiting SET detail = 'so'": "event",
}


@pytest.mark.parametrize("statement", PLANTED)
def test_what_a_check_finds(folder: Path, statement: str) -> None:
    code = PLANTED[statement]
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
