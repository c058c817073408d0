"""What a registry says, and what becomes of it where it says something else than it should."""

from __future__ import annotations

import base64
import json
import pickle
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ceramic_connectors.records.errors import (
    SchemaIncompatibleError,
    SchemaInvalidError,
    SchemasError,
    SchemasRefusedError,
    SchemasUnreachableError,
    SchemaUnknownError,
)
from ceramic_connectors.records.registry import Registry
from ceramic_protocol.errors import UsageError
from ceramic_protocol.limits import MAX_AVRO_SCHEMA_BYTES, MAX_REGISTRY_ANSWER_BYTES, RPC_ATTEMPTS
from infra.services.process import free_ports
from tests.support.web import Exchange, serving

SCHEMA = '{"type":"string"}'


def saying(status: int, members: Any) -> Callable[[Exchange], None]:
    return lambda exchange: exchange.reply(status, json.dumps(members).encode())


def test_the_same_is_asked_once() -> None:
    with serving(saying(200, {"id": 5, "schema": SCHEMA})) as web:
        registry = Registry(web.url)
        for _ in range(3):
            assert registry.id_of("a/b-value", SCHEMA) == 5
            assert registry.schema_of(7) == SCHEMA
        assert registry.id_of("c-value", SCHEMA) == 5
        assert web.paths == ["/subjects/a%2Fb-value", "/schemas/ids/7", "/subjects/c-value"]
        assert [json.loads(body) for body in web.bodies if body] == [{"schema": SCHEMA}] * 2
        assert web.headers[0]["Content-Type"] == "application/vnd.schemaregistry.v1+json"


def test_threads_that_ask_for_the_same() -> None:
    with serving(saying(200, {"id": 5})) as web, ThreadPoolExecutor(8) as threads:
        registry = Registry(web.url)
        assert set(threads.map(lambda _: registry.id_of("t-value", SCHEMA), range(40))) == {5}
        assert web.paths == ["/subjects/t-value"]


def test_a_level_that_may_not_be_seen() -> None:
    answers = {
        "/subjects/t-value": saying(404, {"error_code": 40401}),
        "/config/t-value?defaultToGlobal=true": saying(403, {}),
        "/subjects/t-value/versions": saying(200, {"id": 3}),
    }
    with serving(lambda exchange: answers[exchange.path](exchange)) as web:
        assert Registry(web.url).id_of("t-value", SCHEMA) == 3
        assert web.paths == list(answers)


def test_a_schema_that_is_there_needs_no_right_to_write() -> None:
    with serving(saying(200, {"id": 5, "version": 2, "subject": "t-value"})) as web:
        assert Registry(web.url).id_of("t-value", SCHEMA) == 5
        assert web.paths == ["/subjects/t-value"]


def test_a_path_before_the_api() -> None:
    with serving(saying(200, {"schema": SCHEMA})) as web:
        assert Registry(f"{web.url}/apis/ccompat/v7/").schema_of(1) == SCHEMA
        assert web.paths == ["/apis/ccompat/v7/schemas/ids/1"]


def test_user_and_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "password"
    place.touch(0o600)
    place.write_text("gehe:im\n", encoding="utf-8")
    monkeypatch.setenv("TEST_TOKEN", "token-1")
    with serving(saying(200, {"schema": SCHEMA})) as web:
        with_password = Registry(web.url, "me", f"file:{place}")
        with_password.schema_of(1)
        with_token = Registry(web.url, secret="env:TEST_TOKEN")
        with_token.schema_of(1)
        monkeypatch.setenv("TEST_TOKEN", "token-2")
        pickle.loads(pickle.dumps(with_token)).schema_of(1)
        assert [headers["Authorization"] for headers in web.headers] == [
            "Basic " + base64.b64encode(b"me:gehe:im").decode(),
            "Bearer token-1",
            "Bearer token-2",
        ]
    for one in (with_password, with_token):
        assert "gehe" not in repr(one)
        assert "token-1" not in repr(one)


def test_settings_that_make_no_sense() -> None:
    for arguments in (("nowhere",), ("http://h/?a=b",), ("http://h", "me"), ("http://h", "me", "hunter2")):
        with pytest.raises(UsageError) as raised:
            Registry(*arguments)
        assert "hunter2" not in str(raised.value)


REFUSALS: dict[str, tuple[int, type[SchemasError], str]] = {
    "no login": (401, SchemasRefusedError, "check the user, the place of the password"),
    "no permission": (403, SchemasRefusedError, "what they are allowed to do"),
    "incompatible": (409, SchemaIncompatibleError, "write to other topics"),
    "invalid": (422, SchemaInvalidError, "rules of its own"),
    "odd": (400, SchemasError, "check the address"),
    "elsewhere": (302, SchemasError, "check the address"),
    "broken": (500, SchemasUnreachableError, "try again later"),
    "busy": (429, SchemasUnreachableError, "try again later"),
}


@pytest.mark.parametrize(("status", "kind", "way_out"), REFUSALS.values(), ids=REFUSALS)
def test_refusals(status: int, kind: type[SchemasError], way_out: str) -> None:
    said = {"error_code": status, "message": "words of the registry"}
    with serving(saying(status, said)) as web:
        registry = Registry(web.url, backoff=0.01)
        with pytest.raises(kind, match=way_out) as raised:
            registry.id_of("t-value", SCHEMA)
        assert len(web.paths) == (RPC_ATTEMPTS if status in (429, 500) else 1)
    message = str(raised.value)
    assert web.url in message
    if kind is not SchemasError and status < 429:
        assert "t-value" in message
    if status not in (401, 403):
        assert "words of the registry" in message
    assert raised.value.code == kind.code


@pytest.mark.parametrize("status", [400, 404, 409, 422, 500])
@pytest.mark.parametrize("user", ["", "me"])
def test_secrets_that_it_repeats(status: int, user: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_TOKEN", "hunter2")

    def answer(exchange: Exchange) -> None:
        said = f"{exchange.headers['Authorization']} hunter2 in-the-url"
        exchange.reply(status, json.dumps({"error_code": status, "message": said}).encode())

    with serving(answer) as web:
        registry = Registry(web.url.replace("//", "//who:in-the-url@"), user, "env:TEST_TOKEN", backoff=0.01)
        for ask in (lambda: registry.id_of("t-value", SCHEMA), lambda: registry.schema_of(1)):
            with pytest.raises(SchemasError) as raised:
                ask()
            message = str(raised.value)
            assert "***" in message
            for secret in ("hunter2", "in-the-url", base64.b64encode(b"me:hunter2").decode()):
                assert secret not in message


CODES = [
    *(SchemasError, SchemasUnreachableError, SchemasRefusedError),
    *(SchemaIncompatibleError, SchemaInvalidError, SchemaUnknownError),
]


def test_each_has_a_code_of_its_own() -> None:
    assert len({kind.code for kind in CODES}) == len(CODES)


def test_where_nobody_listens() -> None:
    registry = Registry(f"http://127.0.0.1:{free_ports(1)[0]}", backoff=0.01)
    with pytest.raises(SchemasUnreachableError, match="check the address"):
        registry.schema_of(1)


def test_one_that_is_silent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        registry = Registry(f"http://127.0.0.1:{server.getsockname()[1]}", timeout=0.2)
        with pytest.raises(SchemasUnreachableError, match=r"within 0\.2 s"):
            registry.id_of("t-value", SCHEMA)


def test_one_that_breaks_off_is_asked_again() -> None:
    answers = [lambda exchange: exchange.raw(b""), saying(503, {}), saying(200, {"id": 1})]

    def answer(exchange: Exchange) -> None:
        answers.pop(0)(exchange)

    with serving(answer) as web:
        assert Registry(web.url, backoff=0.01).id_of("t-value", SCHEMA) == 1
        assert len(web.paths) == 3


NONSENSE: dict[str, tuple[Callable[[Exchange], None], str]] = {
    "HTML": (lambda exchange: exchange.reply(200, b"<html>hello</html>"), "check the address"),
    "not found, in HTML": (lambda exchange: exchange.reply(404, b"<html>"), "check the address"),
    "a list": (saying(200, []), "check the address"),
    "not HTTP": (lambda exchange: exchange.raw(b"hello\r\n\r\n"), "doesn't speak HTTP"),
    "too much": (
        lambda exchange: exchange.reply(200, b" " * (MAX_REGISTRY_ANSWER_BYTES + 1)),
        "answers with more than",
    ),
}


@pytest.mark.parametrize(("answer", "said"), NONSENSE.values(), ids=NONSENSE)
def test_nonsense(answer: Callable[[Exchange], None], said: str) -> None:
    with serving(answer) as web:
        registry = Registry(web.url, backoff=0.01)
        for ask in (lambda: registry.id_of("t-value", SCHEMA), lambda: registry.schema_of(1)):
            with pytest.raises(SchemasError, match=said):
                ask()


@pytest.mark.parametrize("number", [None, "1", -1, 1 << 32, True, 1.5, []])
def test_an_id_that_is_none(number: object) -> None:
    with (
        serving(saying(200, {"id": number})) as web,
        pytest.raises(SchemasError, match="gives no id for the schema of t-value"),
    ):
        Registry(web.url).id_of("t-value", SCHEMA)


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"schema": 5},
        {"schema": SCHEMA, "schemaType": "PROTOBUF"},
        {"schema": SCHEMA, "references": [{"name": "a"}]},
        {"schema": "x" * (MAX_AVRO_SCHEMA_BYTES + 1)},
    ],
)
def test_a_schema_that_can_t_be_read_with(members: dict[str, Any]) -> None:
    with serving(saying(200, members)) as web, pytest.raises(SchemaUnknownError, match="schema 1"):
        Registry(web.url).schema_of(1)


def test_what_is_not_there() -> None:
    with serving(saying(404, {"error_code": 40403, "message": "Schema 9 not found"})) as web:
        registry = Registry(web.url)
        with pytest.raises(SchemaUnknownError, match="has no schema 9: Schema 9 not found"):
            registry.schema_of(9)
        with pytest.raises(SchemasError, match="gives no id for the schema of t-value"):
            registry.id_of("t-value", SCHEMA)
