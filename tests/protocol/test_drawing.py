"""A stream's tree as text, chart, picture and JSON: the same tree in each, whatever stands in it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_protocol.causes import Cause
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.choices import StreamTree, stream_tree
from ceramic_protocol.cid import Cid
from ceramic_protocol.drawing.as_json import tree_json
from ceramic_protocol.drawing.as_mermaid import tree_mermaid
from ceramic_protocol.drawing.as_svg import tree_svg
from ceramic_protocol.drawing.as_text import tree_text
from ceramic_protocol.drawing.paths import FULL, View
from ceramic_protocol.drawing.rows import Row, Standing, rows_of
from ceramic_protocol.eventset import EventSet
from ceramic_protocol.plain_text import plain
from ceramic_protocol.reasons import Reason
from tests.mermaid.charts import read_charts
from tests.support import forked
from tests.support.forked import ROOT, forked_tree, hostile_tree, judge, tree_of
from tests.support.strategies import child, trees
from tests.support.vectors import PROJECT

SVG = "{http://www.w3.org/2000/svg}"
MERMAID_EDGES, MERMAID_CHARS = 500, 50_000

GOLDEN = Path(__file__).with_name("forked_stream.txt")

HUGE: dict[str, Callable[[], StreamTree]] = {
    "a branch beside every event": lambda: tree_of(forked.comb(2000)),
    "branches within branches": lambda: tree_of(forked.stairs(1500)),
    "many branches at one event": lambda: tree_of([child(ROOT, ROOT, b"%d" % n) for n in range(2000)]),
    "a long line": lambda: tree_of(forked.line(ROOT, 5000, "line", anchored_every=3)),
    "many events without their prev": lambda: tree_of(
        [child(ROOT, Cid.of(b"%d" % n), b"of %d" % n) for n in range(2000)]
    ),
    "rejected events with hostile details": lambda: tree_of(
        [
            event
            for place, valid in enumerate(forked.line(ROOT, 300, "good"))
            for event in (valid, forked.rejected(valid.cid, b"%d" % place, '"<&\x1b' * 100))
        ]
    ),
    "a long line of rejected events": lambda: tree_of(
        [event._replace(reason=Reason.SIGNATURE_INVALID) for event in forked.line(ROOT, 3000, "bad")]
    ),
}


def text_of(tree: StreamTree, *, full: bool = False) -> str:
    return "\n".join(tree_text(tree, full=full))


def chart_of(tree: StreamTree, *, full: bool = False) -> str:
    return "\n".join(tree_mermaid(tree, full=full))


def picture_of(tree: StreamTree, *, full: bool = False) -> str:
    return "\n".join(tree_svg(tree, full=full))


# Rows.


@given(trees(max_events=40))
def test_in_full_every_event_has_one_row_below_its_prev(events: list[CheckedEvent]) -> None:
    tree = stream_tree(judge(events[0].cid, EventSet.of(events)))
    rows = rows_of(tree, FULL)
    assert sorted(row.cids[0] for row in rows) == sorted(event.cid for event in events)
    for row in rows:
        assert row.is_event
        above = None if row.parent is None else rows[row.parent].cids[0]
        assert tree.history.judged[row.cids[0]].event.prev == above
    on_log = [row.cids[0] for row in rows if row.standing is Standing.CANONICAL]
    assert tuple(on_log) == tree.history.log
    assert all(row.depth == 0 for row in rows if row.standing is Standing.CANONICAL)


def counted(rows: list[Row]) -> int:
    return sum(len(row.cids) + row.hidden for row in rows)


@given(trees(max_events=40), st.integers(1, 30), st.integers(1, 3), st.integers(0, 3), st.integers(1, 4))
def test_what_is_folded_is_counted(
    events: list[CheckedEvent], rows: int, branches: int, depth: int, fold: int
) -> None:
    tree = stream_tree(judge(events[0].cid, EventSet.of(events)))
    for view in (View(fold, branches, depth, rows), View(None, branches, depth, rows)):
        found = rows_of(tree, view)
        assert counted(found) == len(events)
        assert len(found) <= max(rows + branches + 1, 2)
        assert max(row.depth for row in found) <= depth + 1
        for number, row in enumerate(found):
            assert row.parent is None or row.parent < number


@pytest.mark.parametrize("name", HUGE)
def test_huge_trees_are_bounded_and_nothing_is_dropped_silently(name: str) -> None:
    tree = HUGE[name]()
    total = len(tree.history.judged)
    rows = rows_of(tree, View())
    assert counted(rows) == total
    assert len(rows) < 420
    assert len(list(tree_text(tree))) < 1000
    assert len(chart_of(tree, full=True)) <= MERMAID_CHARS
    assert chart_of(tree, full=True).count("> n") <= MERMAID_EDGES
    assert len(picture_of(tree)) < 400_000
    assert len(picture_of(tree, full=True)) < 4_000_000
    assert counted(rows_of(tree, FULL)) == len(rows_of(tree, FULL)) == total


# Text.


def test_the_text_of_a_small_stream() -> None:
    assert text_of(forked_tree()) + "\n" == GOLDEN.read_text(encoding="utf-8")


def test_in_full_nothing_is_folded() -> None:
    tree = forked_tree()
    text = text_of(tree, full=True)
    assert "…" not in text
    for cid in tree.history.judged:
        assert len(re.findall(rf"[●○◆◇■✗?] \w+ +\d* +{cid}", text)) == 1


def test_branches_deep_inside_one_another_stay_within_the_page() -> None:
    tree = HUGE["branches within branches"]()
    lines = text_of(tree, full=True).splitlines()
    assert max(map(len, lines)) < 250
    assert any("[1499 deep]" in line for line in lines)


def test_a_stream_without_tip_says_why() -> None:
    orphan = child(ROOT, ROOT, b"orphan")
    text = text_of(stream_tree(judge(ROOT, EventSet.of([orphan]))))
    assert "tip     none, init_missing" in text
    assert "apart, as what they build on is not at hand:" in text
    nothing = text_of(stream_tree(judge(ROOT, EventSet())))
    assert "events  0 valid, 0 rejected, 0 pending" in nothing


def test_hostile_text_can_not_steer_a_terminal_or_fake_a_line() -> None:
    text = text_of(hostile_tree())
    assert all(line.isprintable() for line in text.splitlines())
    assert len(text.splitlines()) == 6 + 1 + len(forked.HOSTILE) + 2


@given(st.text(st.characters(), max_size=60), st.integers(1, 40))
def test_plain_text_is_one_printable_line_of_bounded_length(text: str, limit: int) -> None:
    found = plain(text, limit)
    assert found.isprintable()
    assert len(found) <= limit
    if text.isprintable() and len(text) <= limit:
        assert found == text


# Mermaid.

_NODE = re.compile(
    r'  n\d+\["((?:[A-Za-z0-9 .,_/()\'…-]|#\d+;|<br/>)*)"\]:::(canonical|lost|rejected|pending)'
)
_EDGE = re.compile(r'  n\d+ (==>|-->|-\.->)(\|"(?:[A-Za-z0-9 .,_/()\'…-]|#\d+;)*"\|)? n\d+')
_STYLE = re.compile(r"  classDef [a-z]+ [a-z-]+:[#a-z0-9]+(,[a-z-]+:[#a-z0-9]+)*")


def shown(label: str) -> str:
    return re.sub(r"#(\d+);", lambda code: chr(int(code[1])), label)


def all_trees() -> Iterator[StreamTree]:
    yield from (forked_tree(), hostile_tree(), stream_tree(judge(ROOT, EventSet())))
    yield from (make() for make in HUGE.values())


def test_charts_keep_to_the_grammar() -> None:
    for tree in all_trees():
        lines = chart_of(tree).splitlines()
        assert lines[0] == "flowchart TD"
        for line in lines[1:]:
            assert _NODE.fullmatch(line) or _EDGE.fullmatch(line) or _STYLE.fullmatch(line), line


def test_mermaid_itself_reads_them_and_shows_what_was_meant() -> None:
    found = list(all_trees())
    charts = [chart_of(tree) for tree in found]
    for tree, chart, read in zip(found, charts, read_charts(charts), strict=True):
        rows = rows_of(tree, View(rows=120))
        assert [node["id"] for node in read["nodes"]] == [f"n{number}" for number in range(len(rows))]
        assert [node["classes"] for node in read["nodes"]] == [[row.standing.name.lower()] for row in rows]
        links = {(edge["start"], edge["end"]) for edge in read["edges"]}
        assert links == {
            (f"n{row.parent}", f"n{number}") for number, row in enumerate(rows) if row.parent is not None
        }
        lines = filter(None, map(_NODE.fullmatch, chart.splitlines()))
        labels = [shown(line[1].replace("<br/>", "<br>")) for line in lines]
        assert [node["text"] for node in read["nodes"]] == labels
    hostile = [node["text"] for node in read_charts([chart_of(hostile_tree())])[0]["nodes"]]
    assert any("<script>alert(1)</script>" in text for text in hostile)


# SVG.


def checked_picture(picture: str) -> ET.Element:
    """The picture, after a look for anything in it but shapes and text."""
    root = ET.fromstring(picture)
    for element in root.iter():
        assert element.tag in {f"{SVG}{name}" for name in ("svg", "title", "rect", "path", "circle", "text")}
        for name, value in element.attrib.items():
            bare = name.split("}")[-1]
            assert not bare.startswith("on")
            assert bare not in {"href", "style", "class", "id"}
            assert "url(" not in value
            assert ":" not in value or name.startswith("{http://www.w3.org/XML")
    assert picture.count("http") == 1
    assert "<!" not in picture
    assert "<?" not in picture
    return root


def test_the_picture_shows_the_tree() -> None:
    tree = forked_tree()
    root = checked_picture(picture_of(tree))
    texts = [element.text or "" for element in root.iter(f"{SVG}text")]
    assert f"stream  {tree.history.stream_id} (MID)" in texts
    assert "anchored 2023-11-15T23:13:20Z; the tip" in texts
    assert sum(text.startswith("lost: ") for text in texts) == 3
    assert any(text.startswith("rejected, signer_not_controller: ") for text in texts)
    assert "apart, as what they build on is not at hand:" in texts
    shapes = [element for element in root.iter(f"{SVG}path") if element.find(f"{SVG}title") is not None]
    titles = [shape.findtext(f"{SVG}title") for shape in shapes]
    rows = [row for row in rows_of(tree, View()) if row.is_event]
    assert titles == [str(row.cids[0]) for row in rows]
    # What counts is drawn solid and thick, what is rejected is crossed out.
    solid = {title for title, shape in zip(titles, shapes, strict=True) if shape.get("fill") == "#0b57d0"}
    assert solid == {str(row.cids[0]) for row in rows if row.standing is Standing.CANONICAL}
    crossed = [element for element in root.iter(f"{SVG}text") if element.get("text-decoration")]
    assert len(crossed) == sum(row.standing is Standing.REJECTED for row in rows) == 2


def test_everything_lies_within_the_picture_and_no_two_rows_on_one_another() -> None:
    for tree in all_trees():
        root = checked_picture(picture_of(tree))
        width, height = int(root.attrib["width"]), int(root.attrib["height"])
        places = []
        for element in root.iter(f"{SVG}text"):
            x, y = int(element.attrib["x"]), int(element.attrib["y"])
            places.append((x, y))
            assert x + 8 * len(element.text or "") <= width
            assert y < height
        assert len(places) == len(set(places))


def test_hostile_text_stays_text() -> None:
    root = checked_picture(picture_of(hostile_tree()))
    texts = [element.text or "" for element in root.iter(f"{SVG}text")]
    for detail in forked.HOSTILE:
        assert f"rejected, unsupported_did: {plain(detail, 100)}" in texts


@given(st.text(st.characters(), max_size=40))
def test_any_detail_makes_a_picture_and_a_chart(detail: str) -> None:
    tree = tree_of([forked.rejected(ROOT, b"x", detail)])
    checked_picture(picture_of(tree))
    for line in chart_of(tree).splitlines()[1:]:
        assert _NODE.fullmatch(line) or _EDGE.fullmatch(line) or _STYLE.fullmatch(line), line


def test_the_same_tree_gives_the_same_bytes() -> None:
    for draw in (text_of, chart_of, picture_of):
        assert draw(forked_tree()) == draw(forked_tree())


# JSON.


def test_json_has_every_event_and_every_choice() -> None:
    tree = forked_tree()
    found = json.loads(json.dumps(tree_json(tree)))
    assert {event["cid"] for event in found["events"]} == {str(cid) for cid in tree.history.judged}
    assert found["log"] == [event["cid"] for event in found["events"] if event["canonical"]]
    assert [choice["at"] for choice in found["choices"]] == [
        str(cid) for cid in sorted(tree.choices, key=lambda cid: (tree.history.judged[cid].height or 0, cid))
    ]
    first = found["choices"][0]
    assert (first["height"], first["canonical"], first["cause"]) == (1, True, "earlier_anchor")
    assert [branch["lost_by"] for branch in first["branches"]] == [None, "earlier_anchor"]
    assert first["branches"][0]["anchored_at"] == 1_700_000_000
    winners = {choice["at"]: choice["branches"][0]["first"] for choice in found["choices"]}
    below: dict[str, list[str]] = {}
    for event in found["events"]:
        if event["verdict"] == "valid":
            below.setdefault(event["prev"], []).append(event["cid"])
    log = [str(tree.history.stream)]
    while log[-1] in below:
        log.append(winners[log[-1]] if log[-1] in winners else below[log[-1]][0])
    assert log == found["log"]


# The page about it.


def test_the_examples_on_the_page_are_what_is_printed() -> None:
    tree = forked_tree()
    page = (PROJECT / "docs" / "explain.md").read_text(encoding="utf-8")
    assert text_of(tree) in page
    assert f"```mermaid\n{chart_of(tree)}\n```" in page
    assert (PROJECT / "docs" / "explain.svg").read_text(encoding="utf-8") == picture_of(tree) + "\n"
    for cause in Cause:
        assert f"| `{cause.value}` |" in page
