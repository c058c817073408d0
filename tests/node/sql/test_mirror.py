"""The mirror holds what the states hold, whatever happens to them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from ceramic_node.sql import mirror_rows
from ceramic_node.sql.database import Database
from ceramic_node.sql.failures import SqlStopped
from ceramic_node.sql.mirror import Mirror
from ceramic_node.states.memory import MemoryStates
from ceramic_node.states.port import StateStore
from ceramic_node.states.sqlite import SqliteStates
from ceramic_protocol.errors import EncodeError
from ceramic_protocol.history import Judged
from ceramic_protocol.profiles.profile import Profile
from ceramic_protocol.rows import conclusion_data
from tests.node.sql.mirroring import World, check, held
from tests.node.states.making import ACCOUNT, data, document, granted, init, model, model_id, time, unproven
from tests.node.states.world import EVENTS


@pytest.fixture(params=["memory", "sqlite"])
def states(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StateStore]:
    found: StateStore = MemoryStates() if request.param == "memory" else SqliteStates(tmp_path / "states")
    yield found
    found.close()


@pytest.fixture
def database() -> Iterator[Database]:
    with Database(None) as found:
        yield found


@pytest.mark.parametrize("seed", range(4))
def test_it_follows_what_comes_in_any_order(states: StateStore, database: Database, seed: int) -> None:
    draw = random.Random(seed)
    world = World(states=states)
    mirror = world.mirror(database)
    events = EVENTS.copy()
    draw.shuffle(events)
    while events:
        count = draw.randint(1, 12)
        world.events.put(events[:count])
        del events[:count]
        world.clock.at += draw.choice([0, 0, 1_000, 3_000])
        if draw.random() < 0.7:
            world.settle()
        else:
            world.follower.run_once(1)
        mirror.catch_up(draw.choice([1, 3, 1_000]))
        assert held(database, "event_states") == world.wanted("event_states")
    world.settle()
    mirror.catch_up()
    check(world, database)


def test_an_event_that_is_refused_later_leaves_the_tables(states: StateStore, database: Database) -> None:
    world = World(states=states)
    note = model("Note")
    session = granted(document(model_id(note), "x", None, controllers=[ACCOUNT]), None, 5)
    world.events.put([note, session])
    world.settle()
    mirror = world.mirror(database)
    mirror.catch_up()
    before = len(held(database, "event_states"))
    world.clock.at = 10**12
    world.settle()
    assert mirror.catch_up()
    check(world, database)
    assert (before, len(held(database, "event_states"))) == (2, 1)
    assert len(held(database, "stream_states")) == 1


def test_other_rules_make_all_of_it_anew(states: StateStore, database: Database) -> None:
    world = World(states=states)
    world.events.put(EVENTS)
    world.settle()
    mirror = world.mirror(database)
    mirror.catch_up()
    world.profile = Profile.JS
    world.settle()
    mirror.catch_up()
    check(world, database)
    profiles = {row[-4] for row in held(database, "event_states")}
    assert profiles == {Profile.JS.value}


def test_states_of_another_store_take_the_place_of_what_was_there(database: Database) -> None:
    first, second = World(), World()
    first.events.put(EVENTS)
    first.settle()
    first.mirror(database).catch_up()
    second.events.put(EVENTS[:5])
    second.settle()
    second.mirror(database).catch_up()
    check(second, database)


def test_conclusions_are_shown_up_to_the_first_event_that_is_not_judged(database: Database) -> None:
    world = World()
    mirror = world.mirror(database)
    streams = [init(f"stream {number}") for number in range(6)]
    world.events.put(streams)
    world.follower.run_once(2)
    mirror.catch_up()
    shown = [row[0] for row in held(database, "conclusion_events")]
    assert len(held(database, "event_states")) == 2
    assert shown == []
    world.settle()
    mirror.catch_up()
    assert [row[0] for row in held(database, "conclusion_events")] == [1, 2, 3, 4, 5, 6]


def test_an_anchor_proven_late_stands_in_its_old_place(database: Database) -> None:
    world = World()
    mirror = world.mirror(database)
    first = init("first")
    anchor = time(first, first, 900)
    second = init("second")
    world.events.put([first, unproven(anchor), second])
    world.settle()
    mirror.catch_up()
    assert [row[0] for row in held(database, "conclusion_events")] == [1, 3]
    world.events.put([anchor])
    world.settle()
    mirror.catch_up()
    assert [row[0] for row in held(database, "conclusion_events")] == [1, 2, 3]
    check(world, database)


def test_what_was_taken_over_is_there_after_a_restart(tmp_path: Path) -> None:
    world = World()
    world.events.put(EVENTS)
    world.settle()
    with Database(tmp_path / "sql.duckdb") as database:
        mirror = world.mirror(database)
        mirror.catch_up()
        mirror.close()
    with Database(tmp_path / "sql.duckdb") as database:
        check(world, database)
        assert not world.mirror(database).catch_up()


@pytest.mark.parametrize("damage", [b"no database", b""])
def test_a_file_that_makes_no_sense_is_made_anew(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "sql.duckdb"
    path.write_bytes(damage * 10_000)
    world = World()
    world.events.put(EVENTS)
    world.settle()
    with Database(path) as database:
        world.mirror(database).catch_up()
        check(world, database)


def test_a_first_round_that_was_given_up_goes_on_where_it_was(database: Database) -> None:
    world = World()
    world.events.put(EVENTS)
    world.settle()
    rounds = iter([False, False, True])
    mirror = Mirror(database, world.events, world.states, lambda: Profile.STRICT, lambda: next(rounds))
    with pytest.raises(SqlStopped):
        mirror.catch_up(10)
    assert 0 < database.head().number < world.states.head().number
    assert not database.head().is_complete
    world.mirror(database).catch_up(10)
    check(world, database)


def test_nothing_new_is_nothing_to_do(database: Database) -> None:
    world = World()
    mirror = world.mirror(database)
    world.events.put([init("x"), data(init("y"), init("y"), 1)])
    world.settle()
    assert mirror.catch_up()
    assert not mirror.catch_up()


def test_an_event_without_a_form_in_json_keeps_no_other_out(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such a row stopped ceramic-one's pipeline for all streams."""
    bad = init("bad")
    make = conclusion_data

    def fail(item: Judged) -> bytes | None:
        if item.event.cid == bad.checked.cid:
            raise EncodeError("no form")
        return make(item)

    monkeypatch.setattr(mirror_rows, "conclusion_data", fail)
    world = World()
    world.events.put([init("before"), bad, init("after")])
    world.settle()
    world.mirror(database).catch_up()
    rows = held(database, "conclusion_events")
    assert [row[0] for row in rows] == [1, 2, 3]
    assert [row[7] is None for row in rows] == [False, True, False]
