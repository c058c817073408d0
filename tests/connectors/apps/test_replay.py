"""The order of changes leaves no trace: late anchors, late models, duplicates, states that come too late."""

from __future__ import annotations

import random
from collections.abc import Iterable
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ceramic_connectors.apps import AppStore, StreamState, events_version
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.eventset import EventSet
from ceramic_protocol.history import StreamHistory
from ceramic_protocol.ports import Chain, NoChain
from tests.connectors.apps.conftest import MakeStore
from tests.support import corpus, pipeline
from tests.support.apps import contents, definition, document, expected_rows, gone, model, model_id, same_json

DELIVERIES = 8
TEXT, NUMBER = {"type": "string"}, {"type": "integer"}
POSTS = [
    definition("Post", {"a": TEXT, "b": NUMBER}),
    definition("Post", {"a": TEXT, "b": TEXT, "c": {"type": "array"}}),
    definition("Article", {"b": NUMBER, "B": TEXT}),
]
CONTENTS = [
    {"a": "x", "b": 1},
    {"a": "y", "b": "two"},
    {"b": 2**70, "c": [1, "z"]},
    {},
    None,
    {"B": "big", "a": "\0"},
]


@st.composite
def histories(draw: st.DrawFn) -> list[StreamState]:
    """States of a few streams, of each some versions."""
    states = []
    for name in draw(st.lists(st.sampled_from("abcde"), unique=True)):
        of = draw(st.sampled_from(["post", "other"]))
        for version in range(1, draw(st.integers(2, 5))):
            content = draw(st.sampled_from(CONTENTS))
            height = draw(st.integers(0, 3))
            anchor = draw(st.none() | st.integers(1_700_000_000, 1_700_000_009))
            state = document(name, of, content, version, height=height, anchored_at=anchor)
            hidden = document(name, of, content, version, should_index=False)
            states.append(draw(st.sampled_from([state, state, hidden, gone(name, version)])))
    for name in ("post", "other"):
        for version in range(1, draw(st.integers(1, 4))):
            defined = model(name, draw(st.sampled_from(POSTS)), version)
            states.append(draw(st.sampled_from([defined, defined, StreamState(model_id(name), version)])))
    return states


def last_of(states: Iterable[StreamState]) -> list[StreamState]:
    found: dict[str, StreamState] = {}
    for state in sorted(states, key=lambda state: state.version):
        found[state.stream_id] = state
    return sorted(found.values(), key=lambda state: state.stream_id)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories(), st.randoms(use_true_random=False))
def test_any_order_with_duplicates_gives_what_the_last_states_give(
    make_store: MakeStore, states: list[StreamState], chance: random.Random
) -> None:
    changes = states + chance.choices(states, k=3) if states else []
    chance.shuffle(changes)
    with make_store() as replayed, make_store() as direct:
        while changes:
            size = chance.randint(1, 6)
            replayed.apply(changes[:size])
            changes = changes[size:]
        direct.apply(last_of(states))
        found = contents(replayed)
        assert found == contents(direct)
    rows = {table[0]: table[3] for table in found["tables"].values()}
    expected = expected_rows(last_of(states))
    for model_of, wanted in expected.items():
        if model_of in rows:
            assert {row["stream_id"]: row["content"] for row in rows[model_of]} == {
                stream: row["content"] for stream, row in wanted.items()
            }
        else:
            assert found["waiting"][model_of] == len(wanted)


@cache
def checked(*, chain_known: bool) -> tuple[CheckedEvent, ...]:
    """The sample's events after their own checks, with its chain or without any."""
    chain: Chain = corpus.chain() if chain_known else NoChain()
    return tuple(pipeline.read(corpus.cars(), chain).events.values())


@cache
def replayed_states(seed: int) -> tuple[StreamState, ...]:
    """The states that a reader goes through who gets the sample's events in a random order, some twice.

    After each of several deliveries every stream is judged anew, as a model that came late concerns streams
    without a new event of their own. The chain is known from the middle on.
    """
    chance = random.Random(seed)
    order = list(range(len(checked(chain_known=True))))
    order += chance.sample(order, len(order) // 10)
    chance.shuffle(order)
    states: dict[tuple[str, int], StreamState] = {}
    for delivery in range(1, DELIVERIES + 1):
        events = checked(chain_known=delivery > DELIVERIES // 2)
        known = [events[index] for index in order[: len(order) * delivery // DELIVERIES]]
        for history in _judge(known):
            state = StreamState.of_history(history, events_version(history))
            # Two states of one version are one state: what `StreamState` asks for.
            assert states.setdefault((state.stream_id, state.version), state) == state
    found = list(states.values())
    chance.shuffle(found)
    return tuple(found)


def _judge(events: Iterable[CheckedEvent]) -> Iterable[StreamHistory]:
    decoded = pipeline.Decoded()
    for event in events:
        decoded.streams.setdefault(event.stream, EventSet()).add(event)
    return pipeline.histories(decoded).values()


@pytest.fixture(scope="module")
def final_states() -> list[StreamState]:
    """The states of the sample's streams once all is known."""
    decoded = pipeline.read(corpus.cars(), corpus.chain())
    found = pipeline.histories(decoded).values()
    return [StreamState.of_history(history, events_version(history)) for history in found]


@pytest.mark.parametrize("seed", [1, 2])
def test_the_sample_in_a_random_order(
    make_store: MakeStore, final_states: list[StreamState], seed: int
) -> None:
    """States come out of order as well, as from writers that race: old ones after new ones, some twice."""
    replayed, direct = make_store(), make_store()
    states = [*replayed_states(seed), *replayed_states(seed)[:200]]
    assert len(states) > 2 * len(final_states)
    for start in range(0, len(states), 50):
        replayed.apply(states[start : start + 50])
    direct.apply(final_states)
    assert contents(replayed) == contents(direct)
    check_against_states(replayed, final_states)


def check_against_states(store: AppStore, states: list[StreamState]) -> int:
    """Every state has its row with the same content, tip and controller, and there are no others."""
    compared = 0
    expected = expected_rows(states)
    assert set(store.tables()) == {state.stream_id for state in states if state.is_model and state.tip}
    for of, rows in expected.items():
        found = {row["stream_id"]: row for row in store.rows(of)}
        assert found.keys() == rows.keys()
        for stream, wanted in rows.items():
            assert {name: found[stream][name] for name in wanted} == wanted
            assert same_json(found[stream]["content"], wanted["content"])
            compared += _check_columns(store, of, found[stream])
    assert store.waiting() == {}
    return compared


def _check_columns(store: AppStore, of: str, row: dict[str, Any]) -> int:
    """A column has what the content says, unless it is named as unfit."""
    for column in store.table(of).fields:
        value = (row["content"] or {}).get(column.field)
        if column.name in (row["unfit"] or ()):
            assert row[column.name] is None
            assert value is not None
        else:
            assert row[column.name] == value
    return 1
