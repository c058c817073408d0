"""Versions of an export folder: each whole, published at once, left in place for a while."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from ceramic_connectors.versions import Draft, current_version
from ceramic_protocol.errors import OutsideError, UsageError


def write(output: Path, value: int, *, overwrite: bool = False, extend: bool = True, keep: float = 0) -> None:
    with Draft.open(output, overwrite=overwrite, extend=extend, keep_seconds=keep) as draft:
        put(draft, value)
        draft.commit({"value": value})


def put(draft: Draft, value: int) -> None:
    (draft.path / "numbers").mkdir(exist_ok=True)
    pq.write_table(pa.table({"n": [value] * 3}), draft.path / "numbers" / "part-00000-of-00001.parquet")


def numbers(output: Path) -> list[int]:
    found: list[int] = ds.dataset(current_version(output) / "numbers").to_table()["n"].to_pylist()
    return found


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_the_first_version_makes_the_folder(tmp_path: Path) -> None:
    with Draft.open(tmp_path / "deep" / "out") as draft:
        assert (draft.number, draft.base) == (1, None)
        put(draft, 1)
        assert not (tmp_path / "deep" / "out").exists()
        draft.commit({"value": 1})
    out = tmp_path / "deep" / "out"
    assert names(out.parent) == {"out"}
    assert names(out) == {"current", "manifest.json", "numbers", "versions"}
    manifest = json.loads((out / "manifest.json").read_bytes())
    assert (manifest["version"], manifest["value"]) == (1, 1)
    assert list(manifest["files"]) == ["numbers/part-00000-of-00001.v000001.parquet"]


def test_a_plain_glob_finds_the_current_version_and_nothing_else(tmp_path: Path) -> None:
    out = tmp_path / "out"
    for value in (1, 2, 3):
        write(out, value, keep=60)
        for pattern in ("numbers/*.parquet", "numbers/**/*.parquet"):
            with duckdb.connect(":memory:") as database:
                found = database.execute(f"SELECT n FROM read_parquet('{out}/{pattern}')").fetchall()
            assert found == [(value,)] * 3
        assert ds.dataset(out / "numbers").to_table()["n"].to_pylist() == [value] * 3
        assert pq.read_table(out / "numbers")["n"].to_pylist() == [value] * 3


def test_who_reads_a_version_keeps_it_until_its_time_is_over(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write(out, 1)
    held = current_version(out)
    write(out, 2, keep=60)
    write(out, 3, keep=60)
    assert ds.dataset(held / "numbers").to_table()["n"].to_pylist() == [1] * 3
    os.utime(out / "versions" / "v000002" / "manifest.json", (time.time() - 61,) * 2)
    write(out, 4, keep=60)
    assert names(out / "versions") == {"v000002", "v000003", "v000004"}
    write(out, 5)
    assert names(out / "versions") == {"v000005"}


def test_a_file_that_is_kept_is_the_same_file(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write(out, 1)
    (file,) = (current_version(out) / "numbers").iterdir()
    inode = file.stat().st_ino
    with Draft.open(out, extend=True, keep_seconds=0) as draft:
        draft.keep(f"numbers/{file.name}")
        draft.commit({})
    (kept,) = (current_version(out) / "numbers").iterdir()
    assert (kept.name, kept.stat().st_ino) == (file.name, inode)
    assert numbers(out) == [1] * 3


@pytest.mark.parametrize("code", [errno.EMLINK, errno.EPERM, errno.ENOTSUP, errno.EIO])
def test_without_hard_links_files_are_copied(
    tmp_path: Path, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    write(tmp_path / "out", 1)
    (file,) = (current_version(tmp_path / "out") / "numbers").iterdir()
    monkeypatch.setattr(os, "link", refuse)
    with Draft.open(tmp_path / "out", extend=True) as draft:
        if code == errno.EIO:
            with pytest.raises(OutsideError, match="take over"):
                draft.keep(f"numbers/{file.name}")
            return
        draft.keep(f"numbers/{file.name}")
        draft.commit({})
    assert numbers(tmp_path / "out") == [1] * 3


def test_a_link_that_leads_nowhere_is_an_error_or_overwritten(tmp_path: Path) -> None:
    write(tmp_path / "out", 1)
    (tmp_path / "out" / "versions" / "v000001").rename(tmp_path / "out" / "versions" / "v000009")
    with pytest.raises(OutsideError):
        write(tmp_path / "out", 2)
    write(tmp_path / "out", 2, overwrite=True)
    assert numbers(tmp_path / "out") == [2] * 3
    assert names(tmp_path / "out" / "versions") == {"v000001"}


def test_the_same_name_never_means_two_contents(tmp_path: Path) -> None:
    out, seen = tmp_path / "out", set[str]()
    for value in range(4):
        write(out, value)
        seen |= {path.name for path in (current_version(out) / "numbers").iterdir()}
    assert len(seen) == 4


def test_what_stands_there_is_replaced_only_when_asked(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write(out, 1)
    with pytest.raises(UsageError, match="use --overwrite, --incremental or another folder"):
        write(out, 2, extend=False)
    write(out, 2, overwrite=True, extend=False)
    assert numbers(out) == [2] * 3
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a.txt").touch()
    for overwrite in (True, False):
        with pytest.raises(UsageError):
            write(tmp_path / "mine", 1, overwrite=overwrite)


def test_only_one_run_writes(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write(out, 1)
    with (
        Draft.open(out, extend=True),
        pytest.raises(UsageError, match="another run is writing"),
        Draft.open(out, extend=True),
    ):
        pass
    write(out, 2)


def test_without_commit_nothing_is_left(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with Draft.open(out) as draft:
        put(draft, 1)
    assert names(tmp_path) == set()
    write(out, 1)
    with Draft.open(out, extend=True) as draft:
        put(draft, 2)
    assert names(out / "versions") == {"v000001"}
    assert numbers(out) == [1] * 3


def test_what_cant_be_kept_is_an_outside_error(tmp_path: Path) -> None:
    write(tmp_path / "out", 1)
    with Draft.open(tmp_path / "out", extend=True) as draft, pytest.raises(OutsideError, match="take over"):
        draft.keep("numbers/none.parquet")


PUBLISHING = """
import sys
from pathlib import Path
from ceramic_connectors.versions import Draft
from tests.connectors.test_versions import write
for value in range(2, 1000):
    write(Path(sys.argv[1]), value)
    print(value, flush=True)
"""


@pytest.mark.parametrize("rounds", range(1, 6))
def test_at_whatever_moment_a_run_is_killed_the_current_version_is_whole(tmp_path: Path, rounds: int) -> None:
    out = tmp_path / "out"
    write(out, 1)
    command = [sys.executable, "-c", PUBLISHING, str(out)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(rounds):
            said = int(process.stdout.readline())
        time.sleep(0.003 * rounds)
        process.send_signal(signal.SIGKILL)
    found = numbers(out)
    assert found == [found[0]] * 3
    assert found[0] >= said
    write(out, 5000)
    assert len(names(out / "versions")) == 1
    assert not [name for name in names(out) if name.startswith(".new")]
