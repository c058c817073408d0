"""Rows say what is so: ceramic-one keeps the invalid and forgets the valid (api.md 3.2, 3.4 to 3.6)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ceramic_node.sql.service import FILE
from ceramic_protocol.built import BuiltEvent
from tests.node.failures.making import (
    assert_whole,
    content,
    defined,
    errors,
    id_of,
    model_of,
    note,
    patch,
    post,
    streams_are_there,
    tip,
    write,
    write_together,
)
from tests.node.http.v1.making import NOTES, definition
from tests.node.sql.serving import Serving, serving
from tests.support import signing
from tests.support.signing import ed25519

PLAIN: Any = definition("plain")["schema"]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Serving]:
    with serving(tmp_path) as found:
        yield found


def put(text: object) -> dict[str, object]:
    return {"op": "replace", "path": "/text", "value": text}


def test_a_patch_that_fails_makes_nothing_null(served: Serving) -> None:
    init = note("one")
    bad = patch(init, init, {"op": "replace", "path": "/nowhere/x", "value": 1})
    above = patch(init, bad, put("above"))
    good = patch(init, init, put("good"))
    write_together(served, NOTES, init, bad, above, good)
    assert (tip(served, init), content(served, init)) == (str(good.cid), {"text": "good"})
    assert errors(served, bad)
    assert errors(served, above) != [], "it is no valid event"
    assert errors(served, good) == []


def test_what_builds_on_what_is_invalid_is_invalid(served: Serving) -> None:
    init = note("one")
    bad = patch(init, init, put(7))
    above = patch(init, bad, put("fine by itself"))
    write_together(served, NOTES, init, bad, above)
    assert (tip(served, init), content(served, init)) == (str(init.cid), {"text": "one"})
    assert errors(served, above) != [], "it is no valid event"


def test_a_document_waits_for_its_model_however_long(tmp_path: Path) -> None:
    """ceramic-one tries again only if the model comes in a later batch while it runs."""
    waiting = [note("first"), note("second")]
    with serving(tmp_path) as served:
        write(served, *waiting)
        assert all(errors(served, event) for event in waiting)
    with serving(tmp_path) as served:
        write(served, defined("unrelated"), NOTES)
        assert [errors(served, event) for event in waiting] == [[], []]
        streams_are_there(served, *waiting)


def test_what_waits_at_a_restart_is_there_once(tmp_path: Path) -> None:
    waiting = [note("first"), note("second")]
    for _ in range(3):
        with serving(tmp_path) as served:
            write(served, *waiting)
            assert_whole(served, *waiting)
    with serving(tmp_path) as served:
        write(served, NOTES)
        assert_whole(served, NOTES, *waiting)
        assert served.one("SELECT count(*) FROM event_states") == 3


def test_interfaces_are_looked_at(served: Serving) -> None:
    interface = defined("interface", interface=True)
    kept = defined("kept", implements=[str(model_of(interface))])
    empty = {"type": "object", "properties": {}, "additionalProperties": False}
    broken = defined("broken", schema=empty, implements=[str(model_of(interface))])
    write_together(served, interface, kept, broken)
    assert errors(served, kept) == []
    assert errors(served, broken)


def test_the_model_of_a_related_document_is_looked_at(served: Serving) -> None:
    related = defined("related", relations={"text": {"type": "document", "model": str(model_of(NOTES))}})
    other = defined("other")
    target, stranger = note("target"), note("stranger", model_of(other))
    right = note("right", model_of(related), text=str(id_of(target)))
    wrong = note("wrong", model_of(related), text=str(id_of(stranger)))
    write_together(served, NOTES, related, other, target, stranger, right, wrong)
    assert errors(served, right) == []
    assert errors(served, wrong)


def test_what_is_immutable_is_so_for_the_whole_document(served: Serving) -> None:
    fixed = defined("fixed", immutableFields=["text"])
    init = note("one", model_of(fixed))
    around = patch(init, init, {"op": "replace", "path": "", "value": {"text": "two"}})
    write_together(served, fixed, init, around)
    assert content(served, init) == {"text": "one"}
    assert errors(served, around)


def test_streams_have_the_type_that_they_are_of(served: Serving) -> None:
    """For ceramic-one whatever is no model is a document."""
    plain = signing.init(ed25519(), {"a": 1}, model=None)
    write(served, NOTES, note("one"), BuiltEvent(plain.cid, plain.car))
    sql = "SELECT DISTINCT stream_type FROM {} ORDER BY 1"
    for table in ("conclusion_events", "event_states", "stream_tips", "stream_states"):
        assert [row[0] for row in served.rows(sql.format(table))] == [0, 2, 3], table


def test_tips_and_states_are_there_and_what_they_follow_from(served: Serving) -> None:
    init = note("one")
    first = patch(init, init, put("1"))
    write(served, NOTES, init, first)
    cid = (bytes(init.cid),)
    assert served.one("SELECT tips FROM stream_tips WHERE stream_cid = $1", cid) == [bytes(first.cid)]
    assert b'"1"' in served.one("SELECT data FROM stream_states WHERE stream_cid = $1", cid)
    # What they follow from can be asked for beside them, so that anybody can resolve anew.
    sql = """
        SELECT previous FROM event_states s JOIN conclusion_events c ON c.event_cid = s.event_cid
        WHERE s.event_cid = $1
    """
    assert served.one(sql, (bytes(first.cid),)) == [bytes(init.cid)]


def test_small_writes_leave_no_files_behind(tmp_path: Path) -> None:
    """ceramic-one writes up to 256 files for each and never puts them together."""
    with serving(tmp_path) as served:
        write(served, NOTES)
        before = len(list(tmp_path.rglob("*")))
        for number in range(40):
            write(served, note(f"{number}"))
        assert len(list(tmp_path.rglob("*"))) <= before + 2


def test_tables_that_are_lost_are_made_again_the_same(tmp_path: Path) -> None:
    names = ("conclusion_event_order", "event_cid", "stream_cid", "event_height", "data", "validation_errors")
    sql = f"SELECT {', '.join(names)} FROM event_states ORDER BY event_cid"
    init = note("one")
    with serving(tmp_path) as served:
        write_together(
            served, note("early"), NOTES, init, patch(init, init, put("1")), patch(init, init, put(2))
        )
        before = served.rows(sql)
    for name in (FILE, "states.sqlite"):
        for file in tmp_path.glob(f"{name}*"):
            file.unlink() if file.is_file() else shutil.rmtree(file)
    with serving(tmp_path) as served:
        served.settle()
        assert served.rows(sql) == before
    assert len(before) == 5


def test_an_event_is_kept_byte_by_byte(served: Serving) -> None:
    """ceramic-one takes events apart and gives other bytes back."""
    init = note("one")
    assert post(served.running, init) == 204
    said = served.running.get(f"/v1/events/{init.cid}", Accept="application/vnd.ipld.car")
    assert said.body == init.car
