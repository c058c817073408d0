"""Defects of ceramic-one that a running node is tried for, from docs/defects.md, and how their tests went."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

from tests.support.vectors import PROJECT

_SECTION: Final = "\n## A running node\n"
_ROW: Final = re.compile(r"^\| (.+) \| [^|]+ \| (`.+`) \|$", re.MULTILINE)
_PASSED: Final = re.compile(r"^PASSED (tests/[^\s\[]+)", re.MULTILINE)


class Defect(NamedTuple):
    """One of them.

    Attributes:
        name: what goes wrong in ceramic-one.
        tests: names of the tests that would fail if it went wrong here, as pytest takes them.
    """

    name: str
    tests: Sequence[str]


def listed() -> list[Defect]:
    """All that the page lists of a running node."""
    page = (PROJECT / "docs" / "defects.md").read_text(encoding="utf-8")
    section = page.partition(_SECTION)[2]
    rows = _ROW.findall(section)
    assert len(rows) == section.count("\n| ") - 1, "a row of the table can't be read"
    return [
        Defect(name, [f"tests/{test}" for test in re.findall("`([^`]+)`", tests)]) for name, tests in rows
    ]


def told(defects: Sequence[Defect], printed: str) -> list[str]:
    """A line for each: how many tests, each of its parameters counted, have passed.

    Args:
        defects: which ones.
        printed: by pytest with `-rA`.

    Raises:
        AssertionError: a test hasn't passed or wasn't run.
    """
    passed = Counter(_PASSED.findall(printed))
    for defect in defects:
        assert all(passed[test] for test in defect.tests), defect
    return [f"{sum(passed[test] for test in defect.tests):4} passed  {defect.name}" for defect in defects]
