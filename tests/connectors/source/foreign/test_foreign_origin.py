"""A ceramic-one as origin: what it gives, what is verified, and where it goes on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import orjson
import pytest

from ceramic_connectors.endpoint import Endpoint
from ceramic_connectors.source.errors import ForeignPositionError, NodeUnreachableError
from ceramic_connectors.source.foreign.client import OneClient
from ceramic_connectors.source.foreign.foreign_origin import ForeignOrigin
from ceramic_connectors.source.foreign.workers import Workers
from ceramic_connectors.source.node_origin import NodeOrigin, Wanted
from ceramic_connectors.source.origin import Feed, Origin, Place
from ceramic_protocol.accounts.sessions import Session
from ceramic_protocol.builder import EventBuilder
from ceramic_protocol.built import BuiltEvent
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import UsageError
from ceramic_protocol.ids import StreamId
from tests.connectors.source.foreign.making import (
    anchor,
    car_text,
    session,
    with_another_signature,
)
from tests.connectors.source.foreign.serving import as_ceramic_one, small_one
from tests.node.http.v1.making import (
    ALICE,
    BOB,
    NOTE,
    NOTES,
    POST,
    POSTS,
    chain,
    document,
    stream_of,
    update,
)
from tests.support.node import running_node

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
BEGIN = Place(None, 0, "")


@contextmanager
def origin_of(url: str, workers: Workers, **wanted: Any) -> Iterator[ForeignOrigin]:
    origin = ForeignOrigin(OneClient(Endpoint.parse(url)), workers, Wanted(**wanted))
    try:
        yield origin
    finally:
        origin.close()


def read(origin: Origin, place: Place = BEGIN, limit: int = 10) -> tuple[list[dict[str, Any]], Place]:
    """All entries up to the end, and the place there."""
    entries: list[dict[str, Any]] = []
    while True:
        page = origin.page(Feed.EVENTS, place, limit, 0.0)
        entries += map(dict, page.entries)
        place = page.place
        if page.is_end:
            return entries, place


def cids_of(entries: list[dict[str, Any]]) -> list[str]:
    return [entry["cid"] for entry in entries]


def checks_of(events: list[BuiltEvent], workers: Workers) -> list[tuple[str, str | None]]:
    with small_one(events) as one, origin_of(one.url, workers) as origin:
        entries, _ = read(origin)
    assert cids_of(entries) == [str(event.cid) for event in events]
    return [(entry["check"]["verdict"], entry["check"]["reason"]) for entry in entries]


def test_entries_are_those_of_a_node_of_ours(workers: Workers) -> None:
    """But for positions and times, as a ceramic-one has others, and for what only a node can judge."""
    single = ALICE.init(NOTE, None, unique=None)
    events = chain(4)
    bad = with_another_signature(update(events[0], events[1], "x"))
    own = [NOTES, *events, single, anchor(events[1].cid, events[0].cid), POSTS]
    with running_node() as node, running_node(middlewares=[as_ceramic_one]) as other:
        for each in (node, other):
            each.submit(*(event.car for event in own), bad.car)
        ours = NodeOrigin(Endpoint.parse(node.url), Wanted())
        wanted, _ = read(ours, ours.about().begins[Feed.EVENTS])
        ours.close()
        with origin_of(other.url, workers) as origin:
            about = origin.about()
            found, place = read(origin, about.begins[Feed.EVENTS], 3)
    assert place == about.ends[Feed.EVENTS]
    assert about.network == "inmemory"
    assert about.begins[Feed.EVENTS] == Place(None, 0, str(NOTES.cid))
    assert place.counter == str(NOTES.cid)
    others = {"position", "resume", "received", "judged"}
    assert [_plain(entry, others) for entry in found] == [_plain(entry, others) for entry in wanted]
    assert len(found) == len(own)


def _plain(entry: dict[str, Any], without: set[str]) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(orjson.dumps(entry))
    return {name: value for name, value in found.items() if name not in without}


def test_entries_of_a_page_have_its_token_and_go_on_behind_it(workers: Workers) -> None:
    events = [NOTES, *chain(6)]
    with small_one(events) as one, origin_of(one.url, workers) as origin:
        place, seen = BEGIN, []
        while not (page := origin.page(Feed.EVENTS, place, 3, 0.0)).is_end:
            assert {entry["position"] for entry in page.entries} == {page.place.position}
            assert {entry["resume"] for entry in page.entries} == {page.place.resume}
            assert place.position < page.place.position
            place = page.place
            with origin_of(one.url, workers) as another:
                seen.append(len(read(another, place)[0]))
        assert seen == [4, 1, 0]
        assert origin.page(Feed.EVENTS, place, 3, 0.0).place == place
        with pytest.raises(UsageError, match="no feed of changes"):
            origin.page(Feed.CHANGES, place, 3, 0.0)
        assert origin.states(str(NOTE), None, 10) == ((), None)


@pytest.mark.parametrize("burned", [0, 1, 10, 5_000])
def test_numbers_that_come_twice_lose_nothing(workers: Workers, burned: int) -> None:
    """As in api.md 6.1: numbers that were used up are given out again after a restart."""
    first, second = chain(3, 1), chain(3, 2)
    with small_one([NOTES, *first]) as one, origin_of(one.url, workers) as origin:
        one.burn(burned)
        about = origin.about()
        before, place = read(origin)
        one.restart()
        one.add(*second)
        after, _ = read(origin, place)
        with origin_of(one.url, workers) as now:
            from_now, _ = read(now, about.ends[Feed.EVENTS])
    assert len(before) == 4
    assert cids_of(after) == cids_of(from_now) == [str(event.cid) for event in second]


def test_the_end_is_behind_what_is_there(workers: Workers) -> None:
    with small_one() as one, origin_of(one.url, workers) as origin:
        assert origin.about().ends[Feed.EVENTS] == BEGIN
        one.burn(100)
        one.add(NOTES)
        one.burn(3)
        one.add(*chain(20))
        one.burn(40)
        place = origin.about().ends[Feed.EVENTS]
        assert place == Place(f"125/{one.events[-1].cid}", 125, str(NOTES.cid))


def test_a_store_that_was_empty_is_known_by_what_came_first(workers: Workers) -> None:
    with small_one() as one, origin_of(one.url, workers) as origin:
        place = origin.about().begins[Feed.EVENTS]
        page = origin.page(Feed.EVENTS, place, 10, 0.0)
        assert (page.is_end, page.place) == (True, place)
        one.add(NOTES, *chain(2))
        assert origin.page(Feed.EVENTS, place, 2, 0.0).place.counter == str(NOTES.cid)


@pytest.mark.parametrize("connection", ["new", "kept"])
def test_another_store_is_refused(workers: Workers, connection: str) -> None:
    """Also if nobody has missed the node in between."""
    events = [NOTES, *chain(4)]
    cases: dict[str, list[BuiltEvent]] = {
        "another store": [POSTS, *events],
        "fewer events": [NOTES],
        "another event than": [NOTES, *chain(4, 7), *chain(3, 8)],
    }
    for message, others in cases.items():
        with small_one(events) as one, origin_of(one.url, workers) as origin:
            _, place = read(origin)
            one.events.clear()
            one.counter = 1
            one.add(*others)
            if connection == "kept":
                with pytest.raises(ForeignPositionError, match="another --name"):
                    origin.page(Feed.EVENTS, place, 10, 0.1)
                continue
            with origin_of(one.url, workers) as again, pytest.raises(ForeignPositionError, match=message):
                again.page(Feed.EVENTS, place, 10, 0.0)


def test_a_position_of_another_kind_of_node_is_refused(workers: Workers) -> None:
    with small_one([NOTES]) as one, origin_of(one.url, workers) as origin:
        for place in (Place("AAAB", 1, "epoch"), Place("12", 12, str(NOTES.cid)), Place(None, 0, "epoch")):
            with pytest.raises(ForeignPositionError):
                origin.page(Feed.EVENTS, place, 10, 0.0)


def test_after_a_lost_connection_it_is_looked_at_again(workers: Workers) -> None:
    with small_one([NOTES, *chain(3)]) as one, origin_of(one.url, workers) as origin:
        _, place = read(origin)
        one.answers = {"/ceramic/": (503, b"down")}
        with pytest.raises(NodeUnreachableError, match="down"):
            origin.page(Feed.EVENTS, place, 10, 0.0)
        one.answers = {}
        one.asked.clear()
        assert origin.page(Feed.EVENTS, place, 10, 0.0).is_end
        assert "/ceramic/feed/events?resumeAt=0&limit=1&includeData=none" in one.asked


def test_what_comes_while_it_waits(workers: Workers) -> None:
    events = chain(3)
    with small_one([NOTES]) as one, origin_of(one.url, workers) as origin:
        _, place = read(origin)
        threading.Timer(0.5, one.add, events).start()
        page = origin.page(Feed.EVENTS, place, 10, 20.0)
    assert [entry["cid"] for entry in page.entries][:1] == [str(events[0].cid)]


def test_streams_that_were_begun_before_are_asked_for(workers: Workers) -> None:
    inits = [chain(2, number) for number in range(30)]
    early, late = [each[0] for each in inits], [each[1] for each in inits]
    with small_one([NOTES, *early]) as one:
        with origin_of(one.url, workers) as origin:
            _, place = read(origin)
        one.add(*late)
        one.asked.clear()
        with origin_of(one.url, workers) as origin:
            entries, _ = read(origin, place, 100)
    assert [entry["stream_id"] for entry in entries] == [str(stream_of(init)) for init in early]
    assert {(entry["model"], entry["check"]["verdict"]) for entry in entries} == {(str(NOTE), "valid")}
    assert {entry["controller"] for entry in entries} == {ALICE.controller}
    assert sum(path.startswith("/ceramic/events/") for path in one.asked) == 30


def test_what_is_known_of_streams_is_bounded(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MAX_FOREIGN_STREAMS", "MAX_FOREIGN_HOMES"):
        monkeypatch.setattr(f"ceramic_connectors.source.foreign.streams.{name}", 20)
    chains = [chain(3, number) for number in range(40)]
    events = [NOTES, *(each[step] for step in range(3) for each in chains)]
    with small_one(events) as one, origin_of(one.url, workers) as origin:
        entries, _ = read(origin)
        assert len(origin._maker.streams._known._values) == 20
        assert len(origin._maker.streams._homes._values) == 20
    assert {entry["check"]["verdict"] for entry in entries} == {"valid"}
    assert len(entries) == 121


def test_a_stream_whose_beginning_is_nowhere(workers: Workers) -> None:
    init = document("gone")
    changed = update(init, init, "x")
    assert checks_of([NOTES, changed], workers)[1] == ("pending", "init_missing")
    with small_one([NOTES, changed]) as one, origin_of(one.url, workers) as origin:
        one.by_cid = {str(init.cid): car_text(changed)}  # a lie
        entries, _ = read(origin)
    assert entries[1]["check"]["reason"] == "init_missing"
    stream_id = StreamId.parse(entries[1]["stream_id"])
    assert (stream_id.type_name, stream_id.cid) == ("UNLOADABLE", init.cid)


def test_who_may_write(workers: Workers) -> None:
    init = document("mine")
    assert checks_of(
        [NOTES, init, update(init, init, "by another", BOB), update(init, init, "by me")], workers
    ) == [("valid", None), ("valid", None), ("rejected", "signer_not_controller"), ("valid", None)]


def test_a_stream_that_begins_with_a_lie(workers: Workers) -> None:
    init = with_another_signature(document("not mine"))
    assert checks_of([NOTES, init, update(init, init, "x")], workers)[1:] == [
        ("rejected", "signature_invalid"),
        ("rejected", "init_invalid"),
    ]


def test_capabilities(workers: Workers) -> None:
    model = f"ceramic://*?model={NOTE}"
    good = session(-HOUR, DAY, model).builder()
    early = session(DAY, DAY, model)
    old = session(-30 * DAY, DAY, model)
    narrow = session(-HOUR, DAY, f"ceramic://*?model={POST}")
    init = good.init(NOTE, {"text": "mine"}, unique=b"mine")
    events = [
        NOTES,
        init,
        update(init, init, "in time", good),
        update(init, init, "narrow", _unchecked(narrow)),
        update(init, init, "early", _unchecked(early)),
        update(init, init, "late", _unchecked(old)),
        update(init, init, "no capability", BOB),
    ]
    assert [reason for _, reason in checks_of(events, workers)] == [
        None,
        None,
        None,
        "cacao_model_not_covered",
        "cacao_not_yet_valid",
        "anchor_chain_unknown",
        "signer_not_controller",
    ]
    assert checks_of(events, workers)[5][0] == "pending"


def test_a_capability_for_one_change(workers: Workers) -> None:
    whole = session(-HOUR, DAY, "ceramic://*").builder()
    init = whole.init(NOTE, {"text": "mine"}, unique=b"mine")
    wanted = update(init, init, "this", whole)
    payload = Cid.of(wanted.event.payload)  # type: ignore[union-attr]
    here = f"ceramic://{stream_of(init)}?payload={payload}"
    one = _unchecked(session(-HOUR, DAY, here))
    assert checks_of(
        [NOTES, init, update(init, init, "this", one), update(init, init, "that", one)], workers
    )[2:] == [
        ("valid", None),
        ("rejected", "cacao_model_not_covered"),
    ]


def _unchecked(opened: Session) -> EventBuilder:
    """What writes with a session at times at which that refuses."""
    return EventBuilder(opened.key, controller=opened.controller, capability=opened.block)


def test_time_events_that_name_no_stream(workers: Workers) -> None:
    init = document("first")
    changed = update(init, init, "second")
    early, late = anchor(init.cid), anchor(changed.cid)
    chained = anchor(late.cid)
    with small_one([NOTES, init, early, changed]) as one:
        with origin_of(one.url, workers) as origin:
            first, place = read(origin)
        one.add(late, chained)
        # Another one knows nothing of what is before.
        with origin_of(one.url, workers) as origin:
            second, _ = read(origin, place)
    entries = [*first, *second]
    stream = str(stream_of(init))
    assert [entry["stream_id"] for entry in entries[1:]] == [stream] * 5
    assert [entry["check"]["reason"] for entry in second] == ["anchor_chain_unknown"] * 2


def test_a_time_event_whose_stream_cannot_be_found(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    init = document("first")
    long = [anchor(init.cid)]
    while len(long) < 6:
        long.append(anchor(long[-1].cid))
    with small_one([NOTES, long[-1]]) as one, origin_of(one.url, workers) as origin:
        entries, _ = read(origin)
        assert entries[-1]["check"]["verdict"] == "pending"
        assert StreamId.parse(entries[-1]["stream_id"]).type_name == "UNLOADABLE"
        one.by_cid = {str(event.cid): car_text(event) for event in [init, *long]}
        monkeypatch.setattr("ceramic_connectors.source.foreign.streams.MAX_FOREIGN_STEPS", 3)
        one.asked.clear()
        entries, _ = read(origin)
        assert sum(path.startswith("/ceramic/events/") for path in one.asked) == 3
        monkeypatch.undo()
        entries, _ = read(origin)
        assert entries[-1]["stream_id"] == str(stream_of(init))


def test_only_what_is_wanted(workers: Workers) -> None:
    mine, others = document("mine"), document("other", BOB, POST)
    events = [NOTES, POSTS, mine, others, update(mine, mine, "x")]
    wanted: list[tuple[dict[str, Any], list[int]]] = [
        ({"models": (str(NOTE),)}, [2, 4]),
        ({"models": (str(NOTE), str(POST))}, [2, 3, 4]),
        ({"controllers": (BOB.controller,)}, [3]),
        ({"streams": (str(stream_of(mine)),), "controllers": (BOB.controller,)}, []),
    ]
    with small_one(events) as one:
        for filters, numbers in wanted:
            with origin_of(one.url, workers, **filters) as origin:
                entries, place = read(origin)
            assert cids_of(entries) == [str(events[number].cid) for number in numbers]
            assert place.position == 6


def test_what_belongs_nowhere_has_a_stream_of_its_own(workers: Workers) -> None:
    changed = update(document("x"), document("x"), "y")
    with small_one([NOTES]) as one, origin_of(one.url, workers) as origin:
        one.tell(str(changed.cid), "m" + "AAAA")
        one.tell("nonsense", "m" + "AAAA")
        one.tell("nothing", None)
        entries, _ = read(origin)
    streams = [StreamId.parse(entry["stream_id"]) for entry in entries[1:]]
    assert {stream.type_name for stream in streams} == {"UNLOADABLE"}
    assert streams[0].cid == changed.cid
    assert len(set(streams)) == 3
    assert {entry["check"]["verdict"] for entry in entries[1:]} == {"rejected"}


def test_a_small_one_is_like_a_node_of_ours() -> None:
    """The server of these tests gives what the node gives that imitates ceramic-one's API exactly."""
    events = [NOTES, *chain(3)]
    with small_one(events) as one, running_node(middlewares=[as_ceramic_one]) as node:
        node.submit(*(event.car for event in events))
        for path in (
            "/ceramic/feed/events?resumeAt=0&limit=10&includeData=full",
            "/ceramic/feed/events?resumeAt=2&limit=2&includeData=none",
            "/ceramic/feed/events?resumeAt=5&limit=2&includeData=none",
            "/ceramic/feed/resumeToken",
            f"/ceramic/events/{events[1].cid}",
            "/ceramic/config/network",
        ):
            status, body = one.answer(path)
            assert (status, orjson.loads(body)) == (node.get(path).status, node.get(path).json())
