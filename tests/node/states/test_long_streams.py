"""Streams of very many events are judged piece by piece, and nobody waits for them."""

from __future__ import annotations

from ceramic_node.states.live_cache import LiveCache
from ceramic_node.states.records import Backlog
from ceramic_protocol.stored import NewEvent
from tests.node.states.following import NOTE, Following, note
from tests.node.states.making import data, document, model, model_id, time


def log_of(stream: NewEvent, count: int) -> list[NewEvent]:
    """A stream with so many changes."""
    found = [stream]
    for number in range(count):
        found.append(data(stream, found[-1], number))
    return found


def anchored(log: list[NewEvent]) -> list[NewEvent]:
    """A stream with an anchor at its end: one that has to be looked at as a whole."""
    return [*log, time(log[0], log[-1], 500)]


def test_others_have_their_turn_between_its_pieces() -> None:
    following = Following(unit=50, seconds=0.0)
    long = log_of(note("long"), 1000)
    following.put(NOTE, *long, note("short"))
    steps = 0
    while following.states.stream(note("short").checked.cid) is None:
        following.follower.run_once()
        steps += 1
    assert steps < 10
    assert following.states.count(Backlog.LONG) == 1
    assert following.settle() > 20
    assert following.states.count(Backlog.LONG) == 0
    following.check()
    assert following.state(long[0]).row.length == 1001


def test_what_comes_meanwhile_is_taken_in() -> None:
    following = Following(unit=50, seconds=0.0)
    long = log_of(note("long"), 500)
    following.put(NOTE, *long)
    tip = long[-1]
    for number in range(20):
        following.follower.run_once()
        tip = data(long[0], tip, number)
        following.put(tip)
    following.check()
    assert following.state(long[0]).row.tip == tip.checked.cid


def test_a_model_that_comes_meanwhile_is_taken_in() -> None:
    following = Following(unit=50, seconds=0.0)
    long = log_of(note("long"), 500)
    following.put(*long)
    for _ in range(8):
        following.follower.run_once()
    following.put(NOTE)
    following.check()
    assert following.state(long[0]).row.length == 501


def test_a_restart_in_the_middle() -> None:
    following = Following(unit=50, seconds=0.0)
    long = log_of(note("long"), 500)
    following.put(NOTE, *long, note("short"))
    for steps in range(1, 25):
        for _ in range(steps):
            following.follower.run_once()
        following.follow()
    following.check()
    assert following.state(long[0]).row.length == 501


def test_one_event_on_a_long_stream_costs_little() -> None:
    following = Following()
    long = log_of(note("long"), 3000)
    following.put(NOTE, *long)
    following.settle()
    number = following.states.head().number
    following.put(data(long[0], long[-1], -1))
    following.settle()
    assert following.states.head().number - number < 10
    following.check()


def test_an_anchor_below_very_many_events() -> None:
    following = Following(unit=100, seconds=0.0)
    long = log_of(note("long"), 1000)
    following.put(NOTE, *long)
    following.settle()
    following.put(time(long[0], long[-1], 77), note("short"))
    steps = 0
    while following.states.stream(note("short").checked.cid) is None:
        following.follower.run_once()
        steps += 1
    assert steps < 5
    following.check()
    found = following.states.event(long[0].checked.cid, long[0].checked.cid)
    assert found is not None
    assert found.anchored_at == 77


def test_a_branch_that_wins_late() -> None:
    following = Following(unit=100, seconds=0.0)
    stream = note("forked")
    first = log_of(stream, 400)
    second = [stream, data(stream, stream, -5)]
    while len(second) < 300:
        second.append(data(stream, second[-1], len(second)))
    following.put(NOTE, *first, *second[1:])
    following.settle()
    assert following.state(stream).row.tip == first[-1].checked.cid
    following.put(time(stream, second[-1], 5))
    following.check()
    change = following.states.changes(0, 99)[-1].correction
    assert len(change.undone) == 400
    assert len(change.applied) == 300


def test_a_long_stream_of_a_model_is_not_judged_ahead() -> None:
    following = Following(unit=50, seconds=0.0)
    other = model("Other")
    junk = log_of(other, 300)
    of_other = document(model_id(other), "of other")
    following.put(of_other, *junk)
    assert following.follower.run_once(1) == 2
    assert following.state(of_other).row.tip is None
    following.check()
    assert following.state(of_other).row.tip == of_other.checked.cid


def test_the_cache_has_limits_and_always_holds_one() -> None:
    cache = LiveCache(max_streams=3, max_events=50)
    following = Following(cache=cache)
    following.put(NOTE, *(event for number in range(10) for event in anchored(log_of(note(f"{number}"), 0))))
    following.settle()
    assert len(cache) == 3
    following.put(*anchored(log_of(note("long"), 100)))
    following.settle()
    assert len(cache) == 1
    assert cache.events == 102
    following.put(*anchored(log_of(note("short"), 10)))
    following.settle()
    assert cache.events == 12
    following.check()
