"""Pages of the feed: filters, tokens, times, waiting, and how much of each event comes along."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceramic_node import feed_window
from ceramic_node.http.v1.feed import paging, wanted
from ceramic_node.http.v1.feed.shapes import FeedEvent
from ceramic_node.http.v1.feed.shared import Forms
from ceramic_node.states.follower import StateFollower
from ceramic_node.store.memory import MemoryStore
from ceramic_protocol import multibase
from ceramic_protocol.accounts.signers import Ed25519Signer
from ceramic_protocol.builder import EventBuilder
from ceramic_protocol.stored import FeedFilter
from tests.node.http.v1 import making, schemas
from tests.node.http.v1.making import ALICE, BOB, NOTE, NOTES, POST, POSTS, get
from tests.node.store.reading import feed_of
from tests.support.node import RunningNode, running_node

DOCUMENTS = [
    making.chain(3, number, ALICE if number % 2 else BOB, NOTE if number % 3 else POST)
    for number in range(12)
]
EVENTS = [NOTES, POSTS, *(event for document in DOCUMENTS for event in document)]


@pytest.fixture(scope="module", params=["memory", "sqlite"])
def node(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningNode]:
    folder = tmp_path_factory.mktemp("node") if request.param == "sqlite" else None
    with running_node(folder) as running:
        making.submit(running, *EVENTS)
        yield running


def whole(node: RunningNode, path: str, limit: int, member: str, **query: Any) -> list[Any]:
    """All entries, page by page."""
    found: list[Any] = []
    while True:
        said = get(node, path, limit=limit, **query)
        assert said.status == 200, said.text
        page = said.json()
        found += page[member]
        assert all(one["resume"] for one in page[member])
        if page["is_end"]:
            return found
        query = {name: value for name, value in query.items() if name != "since"} | {"resume": page["resume"]}


filters = st.fixed_dictionaries(
    {},
    optional={
        "model": st.lists(st.sampled_from([NOTE, POST]), min_size=1, max_size=2, unique=True),
        "stream": st.lists(
            st.sampled_from([making.stream_of(document[0]) for document in DOCUMENTS]),
            min_size=1,
            max_size=3,
            unique=True,
        ),
        "controller": st.lists(
            st.sampled_from([ALICE.controller, BOB.controller, "did:key:nobody"]),
            min_size=1,
            max_size=2,
            unique=True,
        ),
        "kind": st.lists(st.sampled_from(["init", "data", "time"]), min_size=1, unique=True),
    },
)


@settings(max_examples=30)
@given(wanted=filters, limit=st.integers(1, 50))
def test_filters_find_what_fits_them(node: RunningNode, wanted: dict[str, list[Any]], limit: int) -> None:
    found = whole(node, "/feed", limit, "events", **wanted)
    asked = {name: set(map(str, values)) for name, values in wanted.items()}
    everything = get(node, "/feed", limit=1000).json()["events"]
    names = {"model": "model", "stream": "stream_id", "controller": "controller", "kind": "kind"}
    fitting = [
        event for event in everything if all(event[names[name]] in values for name, values in asked.items())
    ]
    assert [event["cid"] for event in found] == [event["cid"] for event in fitting]


def test_the_feed_is_that_of_the_store(node: RunningNode) -> None:
    said = get(node, "/feed", limit=1000, includeData="full", judged="true")
    schemas.check("getFeed", said)
    events = said.json()["events"]
    entries = feed_of(node.node.events)
    assert [(event["position"], event["cid"]) for event in events] == [
        (entry.position, str(entry.checked.cid)) for entry in entries
    ]
    assert [event["car"] for event in events] == [making.car_text(event) for event in EVENTS]
    assert {event["judged"]["verdict"] for event in events} == {"valid"}
    for include, names in (("none", set()), ("payload", {"payload"}), ("car", {"car"})):
        for one, full in zip(
            get(node, "/feed", limit=9, includeData=include).json()["events"], events, strict=False
        ):
            assert one == {name: full[name] for name in full.keys() - {"payload", "car", "judged"} | names}
    assert events[2]["payload"]["data"] == {"text": "0"}
    assert "judged" not in get(node, "/feed").json()["events"][0]


def test_a_settled_feed_ends_before_the_first_event_that_has_not_been_judged() -> None:
    with running_node() as node:
        init = making.document("0")
        later = [making.update(init, init, "1"), making.document("2", unique=b"another doc.")]
        making.submit(node, making.NOTES, init)
        follower = node.node.follower
        assert isinstance(follower, StateFollower)
        follower.stop()
        node.call(node.node.submit([event.car for event in later]))
        known = get(node, "/feed", judged="true").json()["events"]
        assert [event["judged"] is None for event in known] == [False, False, True, True]
        settled = get(node, "/feed", settled="true")
        schemas.check("getFeed", settled)
        page = settled.json()
        assert page["events"] == known[:2]
        assert (page["is_end"], page["resume"]) == (True, known[1]["resume"])
        nothing = get(node, "/feed", settled="true", resume=page["resume"]).json()
        assert (nothing["events"], nothing["resume"], nothing["is_end"]) == ([], page["resume"], True)

        asked = ThreadPoolExecutor(1)
        waiting = asked.submit(get, node, "/feed", settled="true", resume=page["resume"], wait=30)
        while follower.run_once():
            pass
        node.node.settled.announce()
        came = waiting.result(30).json()["events"]
        asked.shutdown()
        assert [event["cid"] for event in came] == [str(event.cid) for event in later]
        assert {event["judged"]["verdict"] for event in came} == {"valid"}


def test_every_entry_has_a_token_to_go_on_with(node: RunningNode) -> None:
    events = get(node, "/feed", limit=1000).json()["events"]
    for place in (0, 7, len(events) - 1):
        rest = get(node, "/feed", limit=1000, resume=events[place]["resume"]).json()
        assert rest["events"] == events[place + 1 :]


def test_tokens_of_elsewhere_are_refused(node: RunningNode) -> None:
    token = get(node, "/feed", limit=5).json()["resume"]
    letter, epoch, position = token.split("-")
    other = "0" * len(epoch)
    for text, status, code in (
        (f"{letter}-{other}-{position}", 410, "resume_token_foreign"),
        (f"{letter}-{epoch}-999999", 410, "resume_token_ahead"),
        (f"c-{epoch}-{position}", 400, "resume_token_malformed"),
        (f"s-{epoch}-{position}", 400, "resume_token_malformed"),
        (f"{letter}-{epoch}-", 400, "bad_parameter"),
        ("", 400, "bad_parameter"),
        ("7", 400, "bad_parameter"),
        (f"{letter}-{epoch}-{10**30}", 400, "bad_parameter"),
    ):
        for path in ("/feed", "/feed/stream"):
            said = get(node, path, resume=text)
            assert (said.status, said.json()["code"]) == (status, code), text
        schemas.check("getFeed", get(node, "/feed", resume=text))


def test_a_token_of_before_a_restart_goes_on_after_it(tmp_path: Path) -> None:
    with running_node(tmp_path) as first:
        making.submit(first, *EVENTS[:5])
        token = get(first, "/feed").json()["resume"]
    with running_node(tmp_path) as second:
        making.submit(second, *EVENTS[5:8])
        events = get(second, "/feed", resume=token).json()["events"]
    assert [event["cid"] for event in events] == making.cids(EVENTS[5:8])


def test_beginning_by_time() -> None:
    class Clock:
        at = 1_700_000_000_000

        def now(self) -> int:
            return self.at

    clock = Clock()
    with running_node(clock=clock) as node:
        for number in range(4):
            clock.at = 1_700_000_000_000 + number * 1000
            making.submit(node, *DOCUMENTS[number])
        for since, count in (
            ("1700000001000", 3),
            ("1700000001001", 2),
            ("2023-11-14T22:13:21Z", 3),
            ("2023-11-14T23:13:21.001+01:00", 2),
            ("0", 4),
            ("now", 0),
        ):
            events = get(node, "/feed", since=since, kind="init").json()["events"]
            assert len(events) == count, since
        for since in ("2023-11-14", "2023-02-30T00:00:00Z", "yesterday", "-1", "1e9", "2023-11-14T22:13:21"):
            assert get(node, "/feed", since=since).status == 400, since
        token = get(node, "/feed").json()["resume"]
        assert get(node, "/feed", since="now", resume=token).status == 400


def test_waiting_ends_with_the_first_that_fits() -> None:
    with running_node() as node:
        making.submit(node, *DOCUMENTS[0])
        start = get(node, "/feed").json()["resume"]
        assert get(node, "/feed", resume=start, wait=0.05).json() == {
            "events": [],
            "resume": start,
            "is_end": True,
        }
        wanted = making.stream_of(DOCUMENTS[2][0])
        timers = [
            threading.Timer(0.1, node.submit, [event.car for event in DOCUMENTS[1]]),
            threading.Timer(0.3, node.submit, [event.car for event in DOCUMENTS[2]]),
        ]
        begun = time.monotonic()
        for timer in timers:
            timer.start()
        page = get(node, "/feed", resume=start, wait=20, stream=wanted).json()
        assert 0.25 < time.monotonic() - begun < 19
        assert page["events"][0]["cid"] == str(DOCUMENTS[2][0].cid)
        for timer in timers:
            timer.join()


def test_large_pages_end_early() -> None:
    with running_node() as node, patch.object(paging, "MAX_PAGE_BYTES", 3000):
        making.submit(node, *EVENTS)
        page = get(node, "/feed", limit=1000).json()
        assert 0 < len(page["events"]) < 10
        assert not page["is_end"]
        found = whole(node, "/feed", 1000, "events")
        assert [event["cid"] for event in found] == making.cids(EVENTS)


def test_a_long_search_says_how_far_it_came() -> None:
    with running_node() as node, patch.object(paging, "FEED_LOOK_SECONDS", 0.0):
        making.submit(node, *EVENTS)
        node.call(node.node.window.page(0, 1))
        with patch.object(wanted, "_LOOK", 5):
            page = get(node, "/feed", limit=10, controller="did:key:nobody").json()
            assert (page["events"], page["is_end"]) == ([], False)
            found = whole(node, "/feed", 10, "events", stream=making.stream_of(DOCUMENTS[-1][0]))
    assert len(found) == 3


def test_a_filter_with_too_many_combinations_is_refused(node: RunningNode) -> None:
    streams = [making.stream_of(document[0]) for document in DOCUMENTS[:9]]
    said = get(node, "/feed", stream=streams, model=[NOTE, POST])
    assert (said.status, said.json()["code"]) == (400, "bad_parameter")


def test_what_cant_be_told_in_json_is_left_out() -> None:
    """Payloads whose numbers JSON lacks, and texts that UTF-8 lacks, spoil no page."""
    deep: Any = 1
    for _ in range(100):
        deep = [deep]
    exact = EventBuilder(Ed25519Signer(bytes(31) + b"\1"), as_js=False)
    values = (deep, -(2**64), 2**64 - 1, "\u2028\x00\x7f", b"\xff", True)
    odd = [exact.init(NOTE, {"text": value}, unique=b"odd") for value in values]
    with running_node() as node:
        said = node.post("/v1/events", {"cars": [making.car_text(event) for event in odd]})
        assert said.status == 415
        kept = making.post_lines(node, *map(making.car_text, odd))
        said = get(node, "/feed", includeData="payload", judged="true")
        schemas.check("getFeed", said)
        assert len(said.json()["events"]) == sum(one["outcome"] == "new" for one in kept)


def test_forms_are_made_once_and_anew_when_more_is_known() -> None:
    from ceramic_node.feed_window import FeedEntry
    from ceramic_node.http.v1.feed.forms import IncludeData
    from tests.node.store import making as stored

    store, init = MemoryStore(), stored.init(1)
    anchor = stored.time(init, init)
    store.put([init, anchor])
    forms = Forms()

    def texts() -> list[bytes]:
        entries = store.feed(0, 10, with_cars=True).entries
        return [forms.form(FeedEntry(entry), IncludeData.FULL, "f-0-") for entry in entries]

    first, again = texts(), texts()
    assert all(one is two for one, two in zip(first, again, strict=True))
    store.put([stored.proven(anchor)])
    changed = texts()
    assert changed[0] is first[0]
    assert b'"verdict":"pending"' in first[1]
    assert b'"timestamp":500' in changed[1]


def test_texts_of_entries_are_what_a_json_writer_makes_of_them() -> None:
    from ceramic_node.http.v1.feed.entry_text import entry_text
    from ceramic_node.http.v1.feed.forms import IncludeData
    from tests.node.store import making as stored

    store, init = MemoryStore(), stored.init(1)
    anchor, strange = stored.time(init, init), stored.init(2)
    odd = 'did:key:"\\\u00e9\n\ud800'
    checked = strange.checked._replace(signer=odd, capability=init.checked.cid)
    store.put([init, anchor, strange._replace(checked=checked)])
    store.put([stored.proven(anchor)])
    for entry in store.feed(0, 10, with_cars=True).entries:
        bare = json.loads(entry_text(entry, IncludeData.NONE, b"f-0-"))
        assert list(bare) == [name for name in FeedEvent.__annotations__ if name in bare]
        assert bare.keys() == FeedEvent.__annotations__.keys() - {"judged", "payload", "car"}
        found = json.loads(entry_text(entry, IncludeData.FULL, b"f-0-"))
        assert found == bare | {"payload": found["payload"], "car": multibase.encode(entry.car or b"", "m")}
        at = entry.checked
        assert (
            found
            | {
                "position": entry.position,
                "resume": f"f-0-{entry.position}",
                "received": entry.received,
                "cid": str(at.cid),
                "kind": at.kind.name.lower(),
                "stream_id": str(entry.facts.stream_id),
                "model": None if entry.facts.model is None else str(entry.facts.model),
                "controller": entry.facts.controller,
                "prev": None if at.prev is None else str(at.prev),
                "signer": None if at.signer is None else at.signer.replace("\ud800", "?"),
                "capability": None if at.capability is None else str(at.capability),
                "timestamp": at.timestamp,
                "chain_id": at.chain_id,
            }
            == found
        )


def test_forms_are_bounded() -> None:
    from ceramic_node.feed_window import FeedEntry
    from ceramic_node.http.v1.feed.forms import IncludeData
    from tests.node.store import making as stored

    store = MemoryStore()
    store.put([stored.init(number) for number in range(200)])
    forms = Forms(most=20_000)
    for entry in store.feed(0, 200, with_cars=True).entries:
        forms.form(FeedEntry(entry), IncludeData.NONE, "f-0-")
        held = (*forms._young.values(), *forms._old.values())
        assert sum(len(one.text) for one in held) <= 21_000


@settings(max_examples=25)
@given(
    values=st.lists(st.sampled_from([NOTE, POST]), unique=True, max_size=2),
    steps=st.lists(st.integers(1, 9), min_size=1, max_size=8),
    room=st.integers(2, 30),
    limit=st.integers(1, 9),
)
def test_several_filters_together_find_each_entry_once_while_more_comes(
    values: list[Any], steps: list[int], room: int, limit: int
) -> None:
    """The window lets go of entries, so that some are read from the store by each filter on its own."""
    import asyncio
    from concurrent.futures import ThreadPoolExecutor

    async def run() -> None:
        store = MemoryStore()
        with ThreadPoolExecutor(2) as readers:
            window = feed_window.FeedWindow(store, readers)
            asked = wanted.Wanted(values, (), (ALICE.controller, BOB.controller))
            coming, seen, after = iter(_stored()), [], 0
            for step in [*steps, 0, 0]:
                store.put([event for event, _ in zip(coming, range(step), strict=False)])
                while True:
                    page = await asked.page(window, after, limit)
                    assert len(page.entries) <= limit
                    seen += [entry.delivered.position for entry in page.entries]
                    if page.looked_to <= after:
                        break
                    after = page.looked_to
            one = [
                FeedFilter(model, None, did)
                for model in values or [None]
                for did in (ALICE.controller, BOB.controller)
            ]
            entries = feed_of(store)
            assert seen == [entry.position for entry in entries if any(fit.fits(entry) for fit in one)]

    with patch.object(feed_window, "MAX_WINDOW_EVENTS", room), patch.object(wanted, "_LOOK", 3):
        asyncio.run(run())


def _stored() -> list[Any]:
    from tests.node.store import making as stored

    dids = (ALICE.controller, BOB.controller, "did:key:other")
    models = (NOTE, POST, making.stream_of(NOTES))
    return [stored.init(number, dids[number % 3], models[number % 2]) for number in range(80)]
