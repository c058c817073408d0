"""The questions of `docs/queries.md`: their SQL, and the time that the page states."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from tests.support.vectors import PROJECT

_SECTION: Final = re.compile(
    r"^## (\d+)\. (.*?)\n.*?^```sql\n(.*?)^```\n\nAt most ([0-9.]+) s\.$", re.MULTILINE | re.DOTALL
)


class Question(NamedTuple):
    """One of them. `seconds` is how long it takes at most, as the page says."""

    number: int
    title: str
    sql: str
    seconds: float


def questions() -> list[Question]:
    """All of them, in order."""
    page = (PROJECT / "docs" / "queries.md").read_text(encoding="utf-8")
    found = [
        Question(int(number), title, sql, float(seconds))
        for number, title, sql, seconds in _SECTION.findall(page)
    ]
    assert [question.number for question in found] == list(range(1, page.count("\n## ") + 1))
    return found
