from __future__ import annotations

import errno
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ceramic_connectors import rename
from ceramic_connectors.manifest import write_manifest
from ceramic_connectors.staging import StagedFolder
from ceramic_protocol.errors import OutsideError, UsageError
from tests.connectors import making


def write(output: Path, content: str = "new", *, overwrite: bool = False) -> None:
    with StagedFolder.open(output, overwrite=overwrite) as staged:
        (staged.path / "part").mkdir()
        (staged.path / "part" / "table.parquet").write_text(content)
        write_manifest(staged.path, {"rows": 3})
        staged.commit()


def content(output: Path) -> str:
    return (output / "part" / "table.parquet").read_text()


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_output_appears_with_its_manifest(tmp_path: Path) -> None:
    output = tmp_path / "deep" / "er" / "out"
    with StagedFolder.open(output, overwrite=False) as staged:
        (staged.path / "b.parquet").write_bytes(b"12345")
        (staged.path / "a.parquet").write_bytes(b"")
        assert not output.exists()
        write_manifest(staged.path, {"rows": 3, "tables": ["a", "b"]})
        staged.commit()
        assert output.exists()
    assert names(output) == {"a.parquet", "b.parquet", "manifest.json"}
    assert names(output.parent) == {"out"}
    assert json.loads((output / "manifest.json").read_bytes()) == {
        "made_by": "ceramic-streams",
        "rows": 3,
        "tables": ["a", "b"],
        "files": {"a.parquet": 0, "b.parquet": 5},
    }


@pytest.mark.parametrize("kind", ["exception", "no commit", "abort"])
def test_without_commit_nothing_is_left(tmp_path: Path, kind: str) -> None:
    def run() -> None:
        with StagedFolder.open(tmp_path / "out", overwrite=False) as staged:
            (staged.path / "a").write_bytes(b"1")
            if kind == "exception":
                raise KeyboardInterrupt
            if kind == "abort":
                staged.abort()
                staged.abort()

    if kind == "exception":
        with pytest.raises(KeyboardInterrupt):
            run()
    else:
        run()
    assert names(tmp_path) == set()


def test_an_existing_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    write(tmp_path / "out")
    assert content(tmp_path / "out") == "new"


def test_a_link_to_a_folder_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write(tmp_path / "link")
    assert content(tmp_path / "real") == "new"
    assert (tmp_path / "link").is_symlink()


def test_output_that_exists_is_kept(tmp_path: Path) -> None:
    write(tmp_path / "out", "old")
    with pytest.raises(UsageError) as caught:
        write(tmp_path / "out")
    assert str(caught.value) == f"{tmp_path}/out already holds files; use --overwrite or another folder"
    assert content(tmp_path / "out") == "old"


@pytest.mark.parametrize("can_exchange", [True, False])
def test_overwrite_replaces_earlier_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, can_exchange: bool
) -> None:
    if not can_exchange:
        monkeypatch.setattr(rename, "_exchange", lambda _one, _other: False)
    write(tmp_path / "out", "old")
    write(tmp_path / "out", "new", overwrite=True)
    assert content(tmp_path / "out") == "new"
    assert names(tmp_path) == {"out"}


def test_a_rename_that_fails_leaves_the_old_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "out", "old")
    monkeypatch.setattr(rename, "_exchange", lambda _one, _other: False)
    original = Path.rename

    def fail(self: Path, target: Path) -> Path:
        if self.name == "files":
            raise OSError(errno.EIO, "Input/output error")
        return original(self, target)

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(OutsideError, match=r"can't publish .*/out: Input/output error"):
        write(tmp_path / "out", overwrite=True)
    assert content(tmp_path / "out") == "old"
    assert names(tmp_path) == {"out"}


def test_overwrite_never_removes_the_files_of_others(tmp_path: Path) -> None:
    output = tmp_path / "out"
    output.mkdir()
    (output / "manifest.json").write_text('{"name": "a web page"}')
    with pytest.raises(UsageError) as caught:
        write(output, overwrite=True)
    assert str(caught.value) == (
        f"{output} holds manifest.json, which no earlier run put there; move it or use another folder"
    )
    (output / "manifest.json").unlink()
    output.rmdir()
    write(output, "old")
    (output / "part" / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"holds part/notes\.txt, which no earlier run put there"):
        write(output, overwrite=True)
    assert content(output) == "old"


def test_files_that_come_in_the_meantime_are_kept(tmp_path: Path) -> None:
    with StagedFolder.open(tmp_path / "out", overwrite=False) as staged:
        write(tmp_path / "out", "other")
        write_manifest(staged.path, {})
        with pytest.raises(UsageError, match="already holds files"):
            staged.commit()
    assert content(tmp_path / "out") == "other"
    assert names(tmp_path) == {"out"}


def test_places_that_are_no_folders(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UsageError, match=r"file is a file; name a folder for the output"):
        write(tmp_path / "file")
    with pytest.raises(
        OutsideError, match=r"can't write to .*/file/out: (Not a directory|File exists); check the path"
    ):
        write(tmp_path / "file" / "out")
    with pytest.raises(UsageError, match="/ is a mounted folder; name a folder inside it"):
        write(Path("/"))


KILLED = """
import sys, time
from pathlib import Path
from ceramic_connectors.manifest import write_manifest
from ceramic_connectors.staging import StagedFolder
staged = StagedFolder.open(Path(sys.argv[1]), overwrite=True)
(staged.path / "half.parquet").write_bytes(b"PAR1")
print("ready", flush=True)
time.sleep(60)
"""


def start(code: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    env = {"PYTHONPATH": ":".join(sys.path)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env)


def test_a_killed_run_leaves_no_output_and_the_next_cleans_up(tmp_path: Path) -> None:
    write(tmp_path / "out", "old")
    with start(KILLED, tmp_path / "out") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        hidden = names(tmp_path) - {"out"}
        assert len(hidden) == 1
        assert hidden.pop().startswith(".out.partial-")
        # Another run at the same time leaves the folder alone.
        StagedFolder.open(tmp_path / "out", overwrite=True).abort()
        assert len(names(tmp_path)) == 2
        process.send_signal(signal.SIGKILL)
    assert len(names(tmp_path)) == 2
    assert content(tmp_path / "out") == "old"
    write(tmp_path / "out", overwrite=True)
    assert names(tmp_path) == {"out"}
    assert content(tmp_path / "out") == "new"


PUBLISHING = """
import sys
from pathlib import Path
from ceramic_connectors.manifest import write_manifest
from ceramic_connectors.staging import StagedFolder
while True:
    with StagedFolder.open(Path(sys.argv[1]), overwrite=True) as staged:
        for name in "abc":
            (staged.path / name).write_bytes(b"whole")
        write_manifest(staged.path, {})
        staged.commit()
        print("published", flush=True)
"""


@pytest.mark.parametrize("rounds", range(1, 6))
def test_at_whatever_moment_a_run_is_killed_the_output_is_whole(tmp_path: Path, rounds: int) -> None:
    with start(PUBLISHING, tmp_path / "out") as process:
        assert process.stdout is not None
        for _ in range(rounds):
            assert process.stdout.readline() == "published\n"
        process.send_signal(signal.SIGKILL)
    assert names(tmp_path / "out") == {"a", "b", "c", "manifest.json"}
    assert (tmp_path / "out" / "c").read_bytes() == b"whole"


def test_leftovers_of_others_names_are_left_alone(tmp_path: Path) -> None:
    for name in (".other.partial-1", ".out.partial-2", ".out.partial-3"):
        (tmp_path / name).mkdir()
    (tmp_path / ".out.partial-2" / "lock").write_bytes(b"")
    write(tmp_path / "out")
    assert names(tmp_path) == {"out", ".other.partial-1"}


def test_a_full_disk_is_an_outside_error_and_leaves_nothing(tmp_path: Path) -> None:
    code = """
import resource, sys
from pathlib import Path
from ceramic_connectors.manifest import write_manifest
from ceramic_connectors.outside import outside
from ceramic_connectors.staging import StagedFolder
from ceramic_protocol.errors import OutsideError
try:
    with StagedFolder.open(Path(sys.argv[1]), overwrite=False) as staged:
        (staged.path / "a").write_bytes(b"x" * 100)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        with outside(f"publish {sys.argv[1]}"):
            write_manifest(staged.path, {"much": "x" * 5000})
        staged.commit()
except OutsideError as error:
    print(error)
"""
    done = making.run_python(code, tmp_path / "out")
    assert done.stdout.startswith(f"can't publish {tmp_path}/out: File too large; "), done.stderr
    assert names(tmp_path) == set()


def test_the_published_folder_has_the_usual_rights(tmp_path: Path) -> None:
    write(tmp_path / "out")
    (tmp_path / "usual").mkdir()
    assert (tmp_path / "out").stat().st_mode == (tmp_path / "usual").stat().st_mode
