"""What only PostgreSQL has: several writers, languages, roles, its own types and limits."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from ceramic_connectors.apps import Query, StreamState, field, open_store
from ceramic_connectors.apps.postgres_url import connection_settings
from ceramic_protocol.errors import OutsideError, UsageError
from tests.support.apps import contents, definition, document, model, model_id
from tests.support.postgres import Server

POST = definition(
    "Post",
    {
        "title": {"type": "string"},
        "n": {"type": "integer"},
        "tags": {"type": "array"},
        "to": {"type": "string"},
    },
    relations={"to": {"type": "account"}},
)


def sql(server: Server, schema: str, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f'SET search_path = "{schema}"'.encode())
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def test_several_writers_take_turns(postgres: Server) -> None:
    states = [
        document(f"d{number}", "post", {"n": version}, version)
        for number in range(30)
        for version in range(1, 6)
    ]
    states += [model("post", POST, version) for version in range(1, 4)]

    def write(seed: int) -> None:
        own = list(states)
        random.Random(seed).shuffle(own)
        with open_store(postgres.url, schema="several") as store:
            for start in range(0, len(own), 10):
                store.apply(own[start : start + 10])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    with (
        open_store(postgres.url, schema="several") as store,
        open_store(postgres.url, schema="alone") as alone,
    ):
        alone.apply(states)
        assert contents(store) == contents(alone)
        assert [row["n"] for row in store.rows("Post")] == [5] * 30


def test_types_and_indexes(postgres: Server) -> None:
    with open_store(postgres.url, schema="types") as store:
        store.apply([model("post", POST), document("a", "post", {"tags": ["x", "y"], "title": "t"})])
        name = store.table("Post").name
    kinds = dict(
        sql(
            postgres,
            "types",
            f"SELECT column_name, data_type FROM information_schema.columns WHERE table_name = '{name}'",
        )
    )
    assert (kinds["title"], kinds["n"], kinds["tags"]) == ("text", "bigint", "jsonb")
    assert (kinds["content"], kinds["created_at"]) == ("json", "timestamp with time zone")
    assert sql(postgres, "types", f"SELECT count(*) FROM {name} WHERE tags @> '[\"y\"]'") == [(1,)]
    found = sql(postgres, "types", "SELECT indexdef FROM pg_indexes WHERE schemaname = 'types'")
    indexes = {index for (index,) in found if name in index}
    assert len(indexes) == 4
    assert any("hash" in index and '"to"' in index for index in indexes)


def test_values_of_any_length_can_be_indexed(postgres: Server) -> None:
    long = "did:x:" + "é" * 50_000
    with open_store(postgres.url, schema="long") as store:
        store.apply(
            [model("post", POST), document("a", "post", {"to": long, "title": long}, controller=long)]
        )
        assert store.count(Query("Post", where=field("controller").eq(long) & field("to").eq(long))) == 1


def test_tables_that_others_build_on_are_not_dropped_behind_their_back(postgres: Server) -> None:
    with open_store(postgres.url, schema="built") as store:
        store.apply([model("post", POST), document("a", "post", {"n": 1})])
        name = store.table("Post").name
        sql(postgres, "built", f"CREATE VIEW mine AS SELECT n FROM {name}")
        store.apply([document("a", "post", {"n": 2}, 2)])
        with pytest.raises(OutsideError, match="PostgreSQL failed"):
            store.apply([StreamState(model_id("post"), 2)])
        assert sql(postgres, "built", "SELECT n FROM mine") == [(2,)]
        wider = definition("Post", {"n": {"type": "integer"}, "more": {"type": "string"}})
        store.apply([model("post", wider, 3)])
        assert sql(postgres, "built", "SELECT n FROM mine") == [(2,)]


def test_a_reader_writes_nothing_and_needs_no_rights_but_to_read(postgres: Server) -> None:
    with open_store(postgres.url, schema="read") as store:
        store.apply([model("post", POST), document("a", "post", {"n": 1})])
    sql(postgres, "read", "CREATE ROLE reader LOGIN")
    sql(postgres, "read", 'GRANT USAGE ON SCHEMA "read" TO reader')
    sql(postgres, "read", 'GRANT SELECT ON ALL TABLES IN SCHEMA "read" TO reader')
    url = postgres.url.replace("ceramic@", "reader@")
    with open_store(url, schema="read", read_only=True) as store:
        assert [row["n"] for row in store.rows("Post")] == [1]
        with pytest.raises(OutsideError, match="read-only"):
            store.apply([document("a", "post", {"n": 2}, 2)])


def test_a_schema_that_is_there_needs_no_right_to_make_one(postgres: Server) -> None:
    sql(postgres, "public", "CREATE ROLE writer LOGIN")
    sql(postgres, "public", "CREATE SCHEMA given AUTHORIZATION writer")
    with open_store(postgres.url.replace("ceramic@", "writer@"), schema="given") as store:
        assert store.apply([model("post", POST)]).models == 1
    with pytest.raises(OutsideError, match="permission denied"):
        open_store(postgres.url.replace("ceramic@", "writer@"), schema="not given")


def test_a_database_in_another_encoding_is_refused(postgres: Server) -> None:
    sql(
        postgres,
        "public",
        "CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0",
    )
    with pytest.raises(UsageError, match="in LATIN1"):
        open_store(postgres.url.replace("/postgres?", "/latin?"))


def test_a_server_that_is_not_there(postgres: Server) -> None:
    with pytest.raises(OutsideError, match="can't connect to PostgreSQL"):
        open_store(f"postgres://ceramic@/postgres?host={postgres.folder}/nowhere")


def test_settings_of_a_url() -> None:
    settings = connection_settings("postgresql://me@db.example:5433/app?sslmode=require")
    assert settings == {
        "user": "me",
        "host": "db.example",
        "port": "5433",
        "dbname": "app",
        "sslmode": "require",
        "connect_timeout": 10,
        "application_name": "ceramic-streams",
    }
    assert connection_settings("postgres:///app?connect_timeout=3")["connect_timeout"] == "3"
