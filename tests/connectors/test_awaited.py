from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ceramic_connectors import awaited
from ceramic_connectors.awaited import Awaited, AwaitedInFile, AwaitedInMemory
from ceramic_protocol.errors import OutsideError


@pytest.fixture(params=["memory", "file"])
def waiting(request: pytest.FixtureRequest, tmp_path: Path) -> Awaited:
    return AwaitedInMemory() if request.param == "memory" else AwaitedInFile(tmp_path / "notes.sqlite")


def test_the_first_height_counts(waiting: Awaited) -> None:
    assert [waiting.since("a", height) for height in (7, 9, 3)] == [7, 7, 7]
    assert waiting.since("b", 9) == 9


def test_what_is_forgotten_begins_anew(waiting: Awaited) -> None:
    waiting.since("a", 7)
    waiting.forget("a")
    waiting.forget("a")
    assert waiting.since("a", 9) == 9


def test_the_oldest_makes_room(waiting: Awaited, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(awaited, "MAX_AWAITED_TRANSACTIONS", 3)
    for height, key in enumerate("abcd"):
        waiting.since(key, height)
    assert [waiting.since(key, 99) for key in "dcb"] == [3, 2, 1]
    assert waiting.since("a", 99) == 99


def test_many_threads(waiting: Awaited) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda height: waiting.since("a", height), range(200)))
    assert len(set(found)) == 1


def test_a_file_outlives_its_process(tmp_path: Path) -> None:
    AwaitedInFile(tmp_path / "notes.sqlite").since("a", 7)
    assert AwaitedInFile(tmp_path / "notes.sqlite").since("a", 9) == 7


def test_files_that_can_not_be_used(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("this is no database, however long one looks at it")
    for path in (tmp_path / "text", tmp_path, tmp_path / "none" / "notes.sqlite"):
        with pytest.raises(OutsideError, match="can't note awaited transactions in "):
            AwaitedInFile(path).since("a", 1)
