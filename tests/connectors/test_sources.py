from __future__ import annotations

from pathlib import Path

import pytest

from ceramic_connectors.sources import open_source
from ceramic_protocol.errors import OutsideError, UsageError
from tests.connectors import making

DATA = making.archive(making.mixture(4))


@pytest.mark.parametrize("form", ["car:{}", "CAR:{}", "car://{}", "{}"])
def test_ways_to_write_a_path(tmp_path: Path, form: str) -> None:
    (tmp_path / "made.car").write_bytes(DATA)
    assert open_source(form.format(tmp_path / "made.car"), tmp_path / "work").count == 4


def test_a_relative_path_is_kept_as_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("made.car").write_bytes(DATA)
    for uri, path in [("car:made.car", "made.car"), ("made.car", "made.car"), ("car:.", "made.car")]:
        assert {event.source for event in making.events(open_source(uri, Path("work")))} == {path}


def test_names_that_mean_something_elsewhere(tmp_path: Path) -> None:
    for name in (
        "a[1].car",
        "we?rd*.car",
        "ü b#%.car",
        "not:a:scheme.car",
        b"\xff.car".decode(errors="surrogateescape"),
    ):
        (tmp_path / name).write_bytes(DATA)
        events = making.events(open_source(f"car:{tmp_path / name}", tmp_path / "work?x#y"))
        assert {event.source for event in events} == {str(tmp_path / name)}


_FORMS = (
    "car:PATH, ndjson:PATH, parquet:PATH, http://HOST:PORT, https://HOST, kafka://HOST:PORT/TOPIC,"
    " store:FOLDER"
)


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("ftp://x", f"'ftp://x' is no source of events; write it as one of {_FORMS}"),
        ("events.txt", f"'events.txt' is no source of events; write it as one of {_FORMS}"),
        ("", f"'' is no source of events; write it as one of {_FORMS}"),
        ("store:x", "a node's data folder is opened by ceramic_pipelines.sources.open_source"),
        ("car:", "car: names nothing to read; write car:PATH"),
        ("ndjson://", "ndjson:// names nothing to read; write ndjson:PATH"),
        ("http://", "http:// names nothing to read; write http://HOST:PORT"),
        ("kafka:", "kafka: names nothing to read; write kafka://HOST:PORT/TOPIC"),
        (
            "kafka://127.0.0.1:9092",
            "the address of topics is kafka://HOST:PORT/TOPIC, several with commas between",
        ),
    ],
)
def test_uris_that_are_no_sources(tmp_path: Path, uri: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_source(uri, tmp_path)
    assert str(caught.value) == message


def test_what_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file.car").write_bytes(DATA)
    nothing = f"no file in the folder {tmp_path}/empty ends with"
    cases = {
        f"car:{tmp_path}/none.car": f"there is no file {tmp_path}/none.car; check the path",
        f"{tmp_path}/none.ndjson": f"there is no file {tmp_path}/none.ndjson; check the path",
        f"car:{tmp_path}/file.car/x.car": f"there is no file {tmp_path}/file.car/x.car; check the path",
        f"car:{tmp_path}/empty": f"{nothing} .car; check the path",
        f"ndjson:{tmp_path}/empty": f"{nothing} .ndjson or .ndjson.gz; check the path",
        f"car:{tmp_path}/x*.car": f"no file matches {tmp_path}/x*.car; check the pattern",
        "car:/dev/null": "there is no file /dev/null; check the path",
    }
    for uri, message in cases.items():
        with pytest.raises(OutsideError) as caught:
            open_source(uri, tmp_path / "work")
        assert str(caught.value) == message


def test_a_work_folder_that_can_not_be_made(tmp_path: Path) -> None:
    (tmp_path / "made.car").write_bytes(DATA)
    work = tmp_path / "made.car" / "work"
    with pytest.raises(OutsideError) as caught:
        open_source(str(tmp_path / "made.car"), work)
    assert str(caught.value) == f"can't write an index in {work}: Not a directory; check the path"


def test_a_full_disk_leaves_no_index(tmp_path: Path) -> None:
    made = [making.init_event(number) for number in range(3000)]
    (tmp_path / "made.car").write_bytes(making.archive(made))
    code = """
import resource, sys
from pathlib import Path
from ceramic_connectors.sources import open_source
from ceramic_protocol.errors import OutsideError
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    open_source(sys.argv[1], Path(sys.argv[2]))
except OutsideError as error:
    print(error)
"""
    done = making.run_python(code, tmp_path / "made.car", tmp_path / "work")
    assert done.stdout.startswith(f"can't write an index in {tmp_path}/work: "), done.stderr
    assert "check the disk and its free space" in done.stdout
    assert list((tmp_path / "work").iterdir()) == []
