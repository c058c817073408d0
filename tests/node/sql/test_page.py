"""The queries of docs/sql.md run, and its bounds are ours."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from ceramic_node.sql.schemas import TABLES
from ceramic_protocol import limits
from tests.node.sql.serving import Serving, serving
from tests.node.states.world import EVENTS
from tests.support.vectors import PROJECT

PAGE = (PROJECT / "docs" / "sql.md").read_text()
QUERIES = re.findall(r"^```sql\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def served() -> Iterator[Serving]:
    with serving(events=EVENTS) as found:
        yield found


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_gives_rows(served: Serving, query: str) -> None:
    values = (bytes(EVENTS[0].checked.cid),) if "$1" in query else None
    assert served.rows(query, values)


def test_every_table_is_named() -> None:
    assert all(f"`{name}`" in PAGE for name in TABLES)


def test_the_bounds_are_ours() -> None:
    rows = dict(re.findall(r"^\| (.+?) \| (.+?) \| `sql_", PAGE, re.MULTILINE))
    assert rows["a statement"] == f"{limits.MAX_SQL_BYTES // 1024} KiB"
    assert rows["work on a query, or on a step of a feed"] == f"{limits.SQL_SECONDS:g} s"
    assert rows["queries, feeds at once"] == f"{limits.MAX_SQL_QUERIES}, {limits.MAX_SQL_FEEDS}"
    assert limits.SQL_ANSWER_SECONDS == 600
    assert rows["growth of the node's memory while queries work"].startswith(
        f"{limits.MAX_SQL_RESIDENT_BYTES >> 30} GiB"
    )
    assert rows["memory of all queries"] == "512 MB, and 4 GB on disk"
    assert (limits.SQL_MEMORY, limits.SQL_SPILL) == ("512MB", "4GB")
