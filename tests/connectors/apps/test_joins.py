"""Relations as joins: to a document, from documents, and by account; and ComposeDB's words for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from ceramic_connectors.apps import AppStore, Join, Order, Query, field
from ceramic_connectors.apps.composedb import join_of_view, parse_filters
from ceramic_protocol.errors import UsageError
from tests.support.apps import ALICE, BOB, definition, document, model, model_id, stream_id

CAROL = "did:key:zCarol"
TEXT = {"type": "string"}
POST = definition(
    "Post",
    {"body": TEXT},
    views={
        "comments": {"type": "relationFrom", "model": model_id("comment"), "property": "post"},
        "author": {"type": "documentAccount"},
        "strange": {"type": "relationElse"},
        "list": {"type": []},
    },
)
COMMENT = definition(
    "Comment",
    {"text": TEXT, "post": TEXT, "about": TEXT, "mentions": TEXT, "likes": {"type": "integer"}},
    relations={
        "post": {"type": "document", "model": model_id("post")},
        "about": {"type": "document", "model": None},
        "mentions": {"type": "account"},
    },
    views={"subject": {"type": "relationDocument", "model": model_id("post"), "property": "post"}},
)
PROFILE = definition("Profile", {"name": TEXT})


@pytest.fixture
def blog(store: AppStore) -> AppStore:
    comments = [
        document(
            f"c{number}",
            "comment",
            {
                "text": f"text {number}",
                "post": stream_id(post),
                "mentions": BOB,
                "about": stream_id("p1"),
                "likes": 1,
            },
            controller=writer,
        )
        for number, (post, writer) in enumerate([("p1", ALICE), ("p1", BOB), ("p2", ALICE), ("lost", CAROL)])
    ]
    store.apply(
        [
            *(model(name.lower(), content) for name, content in [("POST", POST), ("COMMENT", COMMENT)]),
            model("profile", PROFILE),
            document("p1", "post", {"body": "one"}, controller=ALICE),
            document("p2", "post", {"body": "two"}, controller=BOB),
            document("p3", "post", {"body": "three"}, controller=CAROL),
            document("alice", "profile", {"name": "Alice"}, controller=ALICE),
            document("bob", "profile", {"name": "Bob"}, controller=BOB),
            *comments,
        ]
    )
    return store


def pairs(store: AppStore, query: Query, left: str, right: str) -> set[tuple[Any, Any]]:
    return {(row[left], row[right]) for row in store.find(query).rows}


def test_following_a_relation(blog: AppStore) -> None:
    query = Query("Comment", joins=(Join.follow("post", name="on"),))
    assert pairs(blog, query, "text", "on.body") == {
        ("text 0", "one"),
        ("text 1", "one"),
        ("text 2", "two"),
        ("text 3", None),
    }
    known = Query("Comment", joins=(Join.follow("post", name="on", required=True),))
    assert pairs(blog, known, "text", "on.body") == {("text 0", "one"), ("text 1", "one"), ("text 2", "two")}
    about = Query("Comment", joins=(Join.follow("post", name="on"),), where=field("on.body").eq("two"))
    assert pairs(blog, about, "text", "on.body") == {("text 2", "two")}


def test_documents_that_refer_to_one(blog: AppStore) -> None:
    query = Query(
        "Post", joins=(Join.referring("Comment", "post", name="comment"),), columns=("body", "comment.text")
    )
    assert pairs(blog, query, "body", "comment.text") == {
        ("one", "text 0"),
        ("one", "text 1"),
        ("two", "text 2"),
        ("three", None),
    }
    assert blog.count(query) == 4


def test_documents_of_an_account(blog: AppStore) -> None:
    writer = Query("Comment", joins=(Join.account("Profile", name="writer"),))
    assert pairs(blog, writer, "text", "writer.name") == {
        ("text 0", "Alice"),
        ("text 1", "Bob"),
        ("text 2", "Alice"),
        ("text 3", None),
    }
    mentioned = Query("Comment", joins=(Join.account("Profile", name="who", left="mentions"),))
    assert {right for _left, right in pairs(blog, mentioned, "text", "who.name")} == {"Bob"}


def test_joins_of_joins(blog: AppStore) -> None:
    joins = (Join.follow("post", name="on"), Join.account("Profile", name="poster", left="on.controller"))
    assert pairs(blog, Query("Comment", joins=joins), "text", "poster.name") == {
        ("text 0", "Alice"),
        ("text 1", "Alice"),
        ("text 2", "Bob"),
        ("text 3", None),
    }


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("size", [1, 2, 3])
def test_pages_of_joined_rows_leave_nothing_out(blog: AppStore, size: int, descending: bool) -> None:
    joins = (Join.referring("Comment", "post", name="c"), Join.account("Profile", name="by"))
    query = Query("Post", joins=joins, order_by=(Order("c.likes", descending), Order("by.name")))
    whole = blog.find(query).rows
    assert len(whole) == 4

    def walk(query: Query) -> Iterator[dict[str, Any]]:
        while True:
            page = blog.find(query)
            yield from page.rows
            if not page.has_next:
                return
            query = replace(query, after=page.end)

    assert list(walk(replace(query, first=size))) == whole
    last = blog.find(replace(query, last=size))
    assert last.rows == whole[-size:]
    assert blog.find(replace(query, last=4, before=last.start)).rows == whole[:-size]


def test_views_are_joins(blog: AppStore) -> None:
    comments = join_of_view(blog.table("Post"), "comments")
    assert comments == Join.referring(model_id("comment"), "post", name="comments")
    assert ("one", "text 1") in pairs(blog, Query("Post", joins=(comments,)), "body", "comments.text")
    subject = join_of_view(blog.table("Comment"), "subject")
    assert ("text 2", "two") in pairs(blog, Query("Comment", joins=(subject,)), "text", "subject.body")


@pytest.mark.parametrize(
    ("view", "words"),
    [
        ("comment", "did you mean 'comments'"),
        ("author", "column 'controller'"),
        ("strange", "'relationElse'"),
        ("list", "kind"),
    ],
)
def test_a_view_that_is_no_join(blog: AppStore, view: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        join_of_view(blog.table("Post"), view)


@pytest.mark.parametrize(
    ("join", "words"),
    [
        (Join.follow("about", name="x"), "say which model to join"),
        (Join.follow("mentions", name="x"), "say which model to join"),
        (Join.follow("text", name="x"), "say which model to join"),
        (Join.follow("pst", name="x"), "did you mean 'post'"),
        (Join("x", "likes", "stream_id", "Post"), "both must be text"),
        (Join("x", "post", "stream", "Post"), "did you mean 'x.stream_id'"),
        (Join.follow("post", model="Pst", name="x"), "did you mean 'Post'"),
    ],
)
def test_a_join_that_makes_no_sense(blog: AppStore, join: Join, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        blog.find(Query("Comment", joins=(join,)))


def test_two_joins_need_two_names(blog: AppStore) -> None:
    with pytest.raises(UsageError, match=r"two columns 'post\.stream_id'"):
        blog.find(Query("Comment", joins=(Join.follow("post"), Join.follow("post"))))


def test_a_relation_to_anything_is_followed_to_the_model_that_is_named(blog: AppStore) -> None:
    query = Query("Comment", joins=(Join.follow("about", model="Post", name="x"),))
    assert {right for _left, right in pairs(blog, query, "text", "x.body")} == {"one"}


def test_filters_of_composedb(blog: AppStore) -> None:
    def texts(filters: dict[str, Any]) -> set[Any]:
        return {row["text"][-1] for row in blog.find(Query("Comment", where=parse_filters(filters))).rows}

    assert texts({"where": {"text": {"equalTo": "text 1"}}}) == {"1"}
    assert texts({"where": {"text": {"in": ["text 1", "text 2"]}}}) == {"1", "2"}
    assert texts({"where": {"text": {"notIn": ["text 1", "text 2"]}}}) == {"0", "3"}
    assert texts({"where": {"text": {"greaterThan": "text 0", "lessThanOrEqualTo": "text 2"}}}) == {"1", "2"}
    assert texts({"not": {"where": {"text": {"notEqualTo": "text 3"}}}}) == {"3"}
    one, three = ({"where": {"text": {"equalTo": f"text {number}"}}} for number in (1, 3))
    assert texts({"or": [one, three]}) == {"1", "3"}
    assert texts({"and": [one, three]}) == set()
    assert texts({"where": {"likes": {"isNull": False, "greaterThanOrEqualTo": 1, "lessThan": 2}}}) == set(
        "0123"
    )
    assert texts({"where": {"likes": {"isNull": True}}}) == set()
    assert texts({}) == set("0123")


@pytest.mark.parametrize(
    "filters",
    [
        {"where": []},
        {"where": {"text": 1}},
        {"where": {"text": {"equal": 1}}},
        {"where": {"text": {"in": 1}}},
        {"and": {}},
        {"whre": {}},
        {"not": []},
        [],
    ],
)
def test_filters_of_another_form(filters: Any) -> None:
    with pytest.raises(UsageError):
        parse_filters(filters)


def test_filters_nested_too_deeply() -> None:
    filters: dict[str, Any] = {}
    for _ in range(100):
        filters = {"not": filters}
    with pytest.raises(UsageError):
        parse_filters(filters)
