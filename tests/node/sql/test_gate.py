"""Who may ask: tokens and TLS."""

from __future__ import annotations

from pathlib import Path

import adbc_driver_flightsql.dbapi as adbc
import pytest
from adbc_driver_flightsql import DatabaseOptions

from ceramic_connectors.config.values import Address
from ceramic_node.http.guard import Scope, TokenFile, new_token
from ceramic_node.sql.service import SqlService, SqlSettings
from tests.support import tls
from tests.support.node import running_node


def _asks(url: str, token: str | None = None, **options: str) -> str:
    """The answer to a query, or the error."""
    settings = dict(options)
    if token is not None:
        settings[DatabaseOptions.AUTHORIZATION_HEADER.value] = token
    try:
        with (
            adbc.connect(url, db_kwargs=settings, autocommit=True) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute("SELECT 'answered'")
            return str(cursor.fetchall()[0][0])
    except adbc.Error as error:
        return str(error)


def test_only_tokens_for_reading_count(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    reading, line = new_token("reader", [Scope.READ])
    writing, other = new_token("writer", [Scope.WRITE])
    admin, third = new_token("admin", [Scope.ADMIN])
    old, expired = new_token("old", [Scope.READ], expires=1.0)
    path.write_text("\n".join(token.line for token in (line, other, third, expired)))
    path.chmod(0o600)
    tokens = TokenFile(path)
    with running_node() as running:
        service = SqlService(running.node, SqlSettings(Address("127.0.0.1", 0), tokens=tokens))
        running.call(service.start())
        try:
            url = f"grpc://127.0.0.1:{service.port}"
            assert _asks(url, f"Bearer {reading}") == "answered"
            assert _asks(url, f"bearer {admin}") == "answered"
            assert "token_missing" in _asks(url)
            assert "token_invalid" in _asks(url, "Bearer cst_wrong")
            assert "token_invalid" in _asks(url, f"Bearer {old}")
            assert "token_invalid" in _asks(url, f"Basic {reading}")
            assert "token_invalid" in _asks(url, reading)
            assert "token_invalid" in _asks(url, "Bearer " + "x" * 1_000)
            assert "scope_missing" in _asks(url, f"Bearer {writing}")
            path.write_text(third.line)
            tokens.reload()
            assert "token_invalid" in _asks(url, f"Bearer {reading}")
        finally:
            running.call(service.stop())


def test_tls(tmp_path: Path) -> None:
    certificate, _context = tls.server(tmp_path)
    settings = SqlSettings(Address("127.0.0.1", 0), certificate=(certificate, tmp_path / "key.pem"))
    with running_node() as running:
        service = SqlService(running.node, settings)
        running.call(service.start())
        try:
            url = f"grpc+tls://127.0.0.1:{service.port}"
            trusted = {DatabaseOptions.TLS_ROOT_CERTS.value: certificate.read_text()}
            assert _asks(url, **trusted) == "answered"
            assert "certificate" in _asks(url)
            assert _asks(f"grpc://127.0.0.1:{service.port}") != "answered"
        finally:
            running.call(service.stop())


def test_an_address_that_is_taken(tmp_path: Path) -> None:
    with running_node() as running:
        first = SqlService(running.node, SqlSettings(Address("127.0.0.1", 0)))
        running.call(first.start())
        try:
            second = SqlService(running.node, SqlSettings(Address("127.0.0.1", first.port), tmp_path))
            with pytest.raises(Exception, match="listen"):
                running.call(second.start())
        finally:
            running.call(first.stop())
