"""The acceptance harness itself: what it prints and how it exits."""

from pathlib import Path

import pytest

from tests.acceptance.runner import FAILED, OK, UNKNOWN, Point, discover, run


def _broken() -> str:
    raise AssertionError("12 of 13 agree\nthe thirteenth doesn't")


def _bare_assert() -> str:
    found = 2
    assert found == 3
    return "unreachable"


def _exits() -> str:
    raise SystemExit(0)


def _never() -> str:
    pytest.fail("a point that wasn't asked for ran")


GOOD = Point("events agree", lambda: "3,000 events")
BROKEN = Point("tips agree", _broken)
NEVER = Point("not asked for", _never)

Capture = pytest.CaptureFixture[str]


def test_all_points_pass(capsys: Capture) -> None:
    assert run([], {"first": [GOOD, GOOD], "second": [GOOD]}) == OK
    assert capsys.readouterr().out.splitlines() == [
        "first.1  PASS  events agree — 3,000 events",
        "first.2  PASS  events agree — 3,000 events",
        "second.1  PASS  events agree — 3,000 events",
    ]


def test_a_failure_is_told_and_the_rest_still_runs(capsys: Capture) -> None:
    assert run([], {"first": [BROKEN, GOOD]}) == FAILED
    captured = capsys.readouterr()
    assert captured.out.splitlines() == [
        "first.1  FAIL  tips agree — 12 of 13 agree",
        "first.2  PASS  events agree — 3,000 events",
    ]
    assert "Traceback" in captured.err
    assert "the thirteenth doesn't" in captured.err


def test_an_exit_inside_a_point_is_a_failure(capsys: Capture) -> None:
    assert run([], {"first": [Point("leaves", _exits)]}) == FAILED
    assert capsys.readouterr().out == "first.1  FAIL  leaves — 0\n"


def test_a_failure_without_message_shows_something(capsys: Capture) -> None:
    assert run([], {"first": [Point("counts", _bare_assert)]}) == FAILED
    out = capsys.readouterr().out
    assert out.startswith("first.1  FAIL  counts — ")
    assert "3" in out


def test_one_subject(capsys: Capture) -> None:
    assert run(["second"], {"first": [NEVER], "second": [GOOD, GOOD]}) == OK
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["second.1", "second.2"]


def test_one_point(capsys: Capture) -> None:
    assert run(["first.2"], {"first": [NEVER, GOOD], "second": [NEVER]}) == OK
    assert capsys.readouterr().out == "first.2  PASS  events agree — 3,000 events\n"


@pytest.mark.parametrize("name", ["third", "first.0", "first.2", "first.x", ""])
def test_an_unknown_name_lists_what_exists_and_runs_nothing(name: str, capsys: Capture) -> None:
    assert run(["second", name], {"first": [NEVER], "second": [NEVER]}) == UNKNOWN
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines()[1:] == ["  first.1  not asked for", "  second.1  not asked for"]


def test_no_points_at_all_is_no_success(capsys: Capture) -> None:
    assert run([], {}) == UNKNOWN
    assert "there are no points" in capsys.readouterr().err


def test_subjects_are_the_modules_of_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    folder = tmp_path / "fake_acceptance"
    folder.mkdir()
    point = "from tests.acceptance.runner import Point\nPOINTS = [Point('it works', lambda: '1 of 1')]\n"
    modules = {
        "__init__": "",
        "__main__": "raise RuntimeError",
        "runner": "raise RuntimeError",
        "conftest": "raise RuntimeError",
        "_helper": "raise RuntimeError",
        "test_it": "raise RuntimeError",
        "alpha": point,
        "broken": "import nothing_of_this_name",
        "empty": "POINTS = []",
    }
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)

    assert run([], discover("fake_acceptance")) == FAILED
    assert capsys.readouterr().out.splitlines() == [
        "alpha.1  PASS  it works — 1 of 1",
        "broken.1  FAIL  can be read — No module named 'nothing_of_this_name'",
        "empty.1  FAIL  can be read — POINTS is empty",
    ]
