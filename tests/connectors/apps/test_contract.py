"""What every store promises, shown on each of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ceramic_connectors.apps import AppStore, Column, Kind, StreamState
from ceramic_protocol.errors import IdentifierError, UsageError
from tests.connectors.apps.conftest import MakeStore
from tests.support.apps import ALICE, contents, definition, document, gone, model, model_id, stream_id, tip

POST = definition(
    "BlogPost",
    {
        "title": {"type": "string"},
        "likes": {"type": "integer"},
        "score": {"type": ["number", "null"]},
        "draft": {"type": "boolean"},
        "tags": {"type": "array", "items": {"type": "string"}},
    },
)
FULL = {"title": "Grüße 🦄", "likes": 3, "score": 0.1, "draft": False, "tags": ["a", "b"]}


def row(store: AppStore, name: str, of: str = "post") -> dict[str, object]:
    (found,) = [each for each in store.rows(model_id(of)) if each["stream_id"] == stream_id(name)]
    return found


def names(store: AppStore, of: str = "post") -> set[object]:
    return {each["stream_id"] for each in store.rows(model_id(of))}


def test_a_row_has_typed_columns_and_our_own(store: AppStore) -> None:
    times: dict[str, Any] = {
        "anchored_at": 1_700_000_200,
        "first_anchored_at": 1_700_000_000,
        "last_anchored_at": 1_700_000_200,
    }
    more: dict[str, Any] = {"context": "k2context", "unique_base64": "AQI=", "model_version": "bafyversion"}
    applied = store.apply([model("post", POST), document("a", "post", FULL, **times, **more)])
    assert (applied.written, applied.models, applied.waiting) == (1, 1, 0)
    assert row(store, "a") == {
        "stream_id": stream_id("a"),
        "controller": ALICE,
        **FULL,
        "unfit": None,
        "created_at": datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC),
        "updated_at": datetime(2023, 11, 14, 22, 16, 40, tzinfo=UTC),
        "anchored_at": datetime(2023, 11, 14, 22, 16, 40, tzinfo=UTC),
        "first_anchored_at": datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC),
        "last_anchored_at": datetime(2023, 11, 14, 22, 16, 40, tzinfo=UTC),
        "tip": tip("a", 1),
        "height": 1,
        **more,
        "content": FULL,
    }


def test_the_catalogue_tells_tables_by_id_and_by_name(store: AppStore) -> None:
    store.apply([model("post", POST), model("other", definition("Other", {}))])
    table = store.table(model_id("post"))
    assert table.name == f"blog_post_{model_id('post')[-10:]}"
    assert table == store.table("BlogPost") == store.table(table.name) == store.tables()[model_id("post")]
    assert set(table.fields) == {
        Column("title", Kind.TEXT, "title"),
        Column("likes", Kind.BIGINT, "likes"),
        Column("score", Kind.DOUBLE, "score"),
        Column("draft", Kind.BOOLEAN, "draft"),
        Column("tags", Kind.JSON, "tags"),
    }
    assert len(store.tables()) == 2


def test_models_of_one_name_have_tables_of_their_own(store: AppStore) -> None:
    store.apply([model("one", POST), model("two", POST)])
    assert len({table.name for table in store.tables().values()}) == 2
    with pytest.raises(UsageError, match="several models 'BlogPost'"):
        store.table("BlogPost")


def test_an_update_replaces_the_row_and_an_old_state_that_comes_late_does_not(store: AppStore) -> None:
    store.apply([model("post", POST), document("a", "post", {"title": "new"}, 2)])
    applied = store.apply([document("a", "post", {"title": "old"}, 1)])
    assert (applied.stale, applied.written) == (1, 0)
    assert row(store, "a")["title"] == "new"
    store.apply([document("a", "post", {"title": "newest"}, 3)])
    assert row(store, "a")["title"] == "newest"
    assert row(store, "a")["likes"] is None


def test_of_several_states_in_one_call_the_newest_counts(store: AppStore) -> None:
    states = [document("a", "post", {"title": str(version)}, version) for version in (2, 3, 1)]
    store.apply([*states, model("post", POST)])
    assert row(store, "a")["title"] == "3"


def test_a_correction_may_go_back_to_an_earlier_state(store: AppStore) -> None:
    """A late anchor makes another branch win, which is shorter."""
    store.apply([model("post", POST), document("a", "post", {"title": "long"}, 5, height=4)])
    store.apply([document("a", "post", {"title": "short"}, 6, height=2)])
    assert (row(store, "a")["title"], row(store, "a")["height"]) == ("short", 2)


def test_documents_wait_for_their_model(store: AppStore) -> None:
    applied = store.apply(
        [document("a", "post", FULL), document("b", "post", FULL), document("c", "x", FULL)]
    )
    assert (applied.waiting, applied.written) == (3, 0)
    assert store.waiting() == {model_id("post"): 2, model_id("x"): 1}
    store.apply([document("b", "post", {"title": "newer"}, 2)])
    store.apply([gone("c", 2)])
    store.apply([model("post", POST)])
    assert names(store) == {stream_id("a"), stream_id("b")}
    assert row(store, "b")["title"] == "newer"
    assert store.waiting() == {}


@pytest.mark.parametrize("known", [True, False])
def test_what_does_not_want_to_be_indexed_or_lost_its_tip_is_removed(store: AppStore, known: bool) -> None:
    first = [document(name, "post", FULL) for name in "abc"]
    last = [document("a", "post", FULL, 2, should_index=False), gone("b", 2)]
    store.apply([model("post", POST), *first] if known else first)
    assert store.apply(last).removed == 2
    assert store.apply(first).stale == 2
    store.apply([model("post", POST)])
    assert names(store) == {stream_id("c")}
    assert store.waiting() == {}
    store.apply([document("a", "post", FULL, 3), document("b", "post", FULL, 3)])
    assert names(store) == {stream_id("a"), stream_id("b"), stream_id("c")}


def test_what_is_removed_before_it_was_there_does_not_come_back(store: AppStore) -> None:
    store.apply([model("post", POST), gone("a", 2), document("b", "post", None, 2, should_index=False)])
    store.apply([document("a", "post", FULL, 1), document("b", "post", FULL, 1)])
    assert names(store) == set()


def test_a_model_that_changes_alters_its_table_and_fills_it_anew(store: AppStore) -> None:
    rows = [document("a", "post", {"title": "t", "likes": 5, "extra": {"x": 1}}), document("b", "post", {})]
    store.apply([model("post", POST), *rows])
    properties = {"title": {"type": "string"}, "likes": {"type": "string"}, "extra": {"type": "object"}}
    applied = store.apply([model("post", definition("Renamed", properties), 2)])
    table = store.table("Renamed")
    assert applied.changed_tables == [table.name]
    assert {column.name for column in table.fields} == {"title", "likes", "extra"}
    found = row(store, "a")
    assert (found["title"], found["likes"], found["extra"]) == ("t", None, {"x": 1})
    assert found["unfit"] == ["likes"]
    assert "score" not in found
    store.apply([model("post", POST, 3)])
    assert row(store, "a")["likes"] == 5
    assert row(store, "a")["unfit"] is None
    with pytest.raises(UsageError):
        store.table("Renamed")


def test_a_model_that_is_taken_back_leaves_its_documents_waiting(store: AppStore) -> None:
    store.apply([model("post", POST), document("a", "post", FULL)])
    store.apply([StreamState(model_id("post"), 2)])
    assert store.waiting() == {model_id("post"): 1}
    with pytest.raises(UsageError, match="no model"):
        store.table("BlogPost")
    assert store.apply([model("post", POST, 1)]).stale == 1
    store.apply([model("post", POST, 3)])
    assert row(store, "a")["title"] == FULL["title"]


def test_models_may_come_from_elsewhere_until_their_stream_does(store: AppStore) -> None:
    store.apply([document("a", "post", FULL)])
    store.put_models({model_id("post"): definition("Early", {"title": {"type": "string"}})})
    assert store.table("Early").model == model_id("post")
    assert row(store, "a")["title"] == FULL["title"]
    store.apply([model("post", POST)])
    assert store.put_models({model_id("post"): definition("Early", {})}).stale == 1
    assert store.table("BlogPost").model == model_id("post")
    with pytest.raises(UsageError, match="no model"):
        store.put_models({stream_id("a"): POST})
    with pytest.raises(IdentifierError):
        store.put_models({"post": POST})


def test_streams_without_a_model_are_left_out(store: AppStore) -> None:
    tile = StreamState(stream_id("tile"), 1, tip=tip("tile", 1), controller=ALICE, height=0)
    assert store.apply([tile]).other == 1
    assert store.waiting() == {}


def test_a_failure_leaves_everything_as_it_was(store: AppStore) -> None:
    store.apply([model("post", POST), document("a", "post", FULL)])
    before = contents(store)
    broken = document("b", "post", {"title": object()})
    with pytest.raises(Exception, match="object"):
        store.apply([model("new", POST), document("a", "post", {}, 2), broken])
    assert contents(store) == before
    store.apply([document("a", "post", {}, 2)])
    assert row(store, "a")["title"] is None


def test_applying_twice_changes_nothing(store: AppStore) -> None:
    states = [model("post", POST), document("a", "post", FULL), document("b", "none", FULL), gone("c", 1)]
    store.apply(states)
    before = contents(store)
    store.apply(states)
    assert contents(store) == before


def test_nothing_to_apply(store: AppStore) -> None:
    applied = store.apply([])
    assert (applied.written, applied.stale, applied.changed_tables) == (0, 0, [])


def test_more_rows_than_a_batch_takes(make_store: MakeStore) -> None:
    store = make_store()
    states = [document(str(number), "post", {"likes": number}) for number in range(2500)]
    store.apply(states)
    store.apply([model("post", POST)])
    assert sorted(each["likes"] for each in store.rows("BlogPost")) == list(range(2500))
    store.apply([model("post", definition("BlogPost", {"likes": {"type": "number"}}), 2)])
    assert sum(each["likes"] for each in store.rows("BlogPost")) == sum(range(2500))
    store.apply([StreamState(model_id("post"), 3)])
    assert store.waiting() == {model_id("post"): 2500}
