"""SQL beside HTTP, as the configuration says."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from pyarrow import flight

from ceramic_node.http.guard.tokens import Scope, new_token
from tests.node.operation.running import Running, running


def client(node: Running, secret: str | None = None) -> tuple[flight.FlightClient, flight.FlightCallOptions]:
    assert node.service.sql is not None
    until = time.monotonic() + 30
    while not node.service.sql.is_ready:
        assert time.monotonic() < until
        time.sleep(0.05)
    headers = [] if secret is None else [(b"authorization", f"Bearer {secret}".encode())]
    address = f"grpc://127.0.0.1:{node.service.sql.port}"
    return flight.FlightClient(address), flight.FlightCallOptions(headers=headers)


def test_there_is_none_unless_it_is_asked_for() -> None:
    with running() as node:
        assert node.service.sql is None


@pytest.mark.parametrize("public", [False, True])
def test_its_tokens_are_those_of_the_node(tmp_path: Path, public: bool) -> None:
    secret, token = new_token("reader", [Scope.READ])
    tokens = tmp_path / "tokens"
    tokens.write_text(token.line)
    tokens.chmod(0o600)
    flags = {"flight_sql": "127.0.0.1:0", "tokens": str(tokens), "public_read": str(public).lower()}
    with running(**flags) as node:
        for given, is_welcome in ((secret, True), (None, public), ("cst_wrong", public)):
            flights, options = client(node, given)
            with flights:
                if is_welcome:
                    assert list(flights.list_actions(options))
                else:
                    with pytest.raises(flight.FlightUnauthenticatedError):
                        list(flights.list_actions(options))
