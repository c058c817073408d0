"""The order of changes leaves no trace: late anchors, late models, duplicates, states that come too late."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ceramic_connectors.apps import StreamState, events_version
from tests.connectors.apps.conftest import MakeStore
from tests.support import corpus, pipeline
from tests.support.apps import contents, definition, document, expected_rows, gone, model, model_id
from tests.support.late_set import LateSet
from tests.support.replay import Arrivals, apply_in_parts, check_against_states
from tests.support.replay_tables import LATE, exported_states

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
def arrivals() -> Arrivals:
    """The sample's events after their own checks."""
    return Arrivals.of(corpus.cars(), corpus.chain())


@cache
def replayed_states(seed: int) -> tuple[StreamState, ...]:
    """The states that a reader goes through who gets the sample's events in a random order."""
    return tuple(arrivals().replay(seed).states)


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
    assert len(replayed_states(seed)) > 2 * len(final_states)
    apply_in_parts(replayed, replayed_states(seed))
    direct.apply(final_states)
    assert contents(replayed) == contents(direct)
    assert check_against_states(replayed, final_states) > 100


def test_a_generated_set_with_late_anchors_and_models(make_store: MakeStore) -> None:
    made = LateSet(1, models=4, documents=8)
    replay = Arrivals.of(made.cars, made.chain).replay(1, late=LATE)
    assert replay.undone_tips
    store = make_store()
    apply_in_parts(store, replay.states)
    assert check_against_states(store, exported_states(made.cars, made.chain)) > 20


def test_a_difference_shows(make_store: MakeStore, final_states: list[StreamState]) -> None:
    store = make_store()
    store.apply(final_states)
    check_against_states(store, final_states)
    is_row = [state.tip is not None and not state.is_model for state in final_states]
    changed = final_states[is_row.index(True)]
    for other in (replace(changed, content={"other": 1}), replace(changed, tip="bafy"), None):
        states = [state for state in final_states if state is not changed]
        with pytest.raises(AssertionError):
            check_against_states(store, states if other is None else [*states, other])
