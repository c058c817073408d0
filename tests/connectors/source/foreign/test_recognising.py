"""What a source is told to read."""

from __future__ import annotations

import socket

import pytest

from ceramic_connectors.endpoint import Endpoint
from ceramic_connectors.source.errors import NodeRefusedError, NodeUnreachableError
from ceramic_connectors.source.recognising import Kind, recognise
from tests.connectors.source.foreign.serving import as_ceramic_one, small_one
from tests.support.node import running_node


def test_a_node_of_ours() -> None:
    with running_node() as node:
        assert recognise(Endpoint.parse(node.url)) is Kind.OURS
        with pytest.raises(NodeRefusedError, match="refuses: it knows neither"):
            recognise(Endpoint.parse(f"{node.url}/nowhere"))


def test_a_ceramic_one() -> None:
    with running_node(middlewares=[as_ceramic_one]) as node:
        assert recognise(Endpoint.parse(node.url)) is Kind.CERAMIC_ONE


def test_something_else() -> None:
    with small_one() as one:
        endpoint = Endpoint.parse(one.url)
        assert recognise(endpoint) is Kind.CERAMIC_ONE
        for said in (b'{"version": 5}', b"{}"):
            one.answers = {"/ceramic/version": (200, said)}
            with pytest.raises(NodeRefusedError, match="neither"):
                recognise(endpoint)
        one.answers = {"/v1/info": (200, b'{"name": "x"}')}
        with pytest.raises(NodeRefusedError, match="neither"):
            recognise(endpoint)
        one.answers = {"/v1/info": (200, b"x" * 1_000_000)}
        with pytest.raises(NodeRefusedError, match="neither"):
            recognise(endpoint)
        one.answers = {"/v1/info": (401, b'{"title": "a token is needed"}')}
        with pytest.raises(NodeRefusedError, match="a token is needed"):
            recognise(endpoint)
        one.answers = {"/v1/info": (503, b"soon")}
        with pytest.raises(NodeUnreachableError, match="soon"):
            recognise(endpoint)


def test_nobody() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with pytest.raises(NodeUnreachableError, match="doesn't answer"):
            recognise(Endpoint.parse(f"http://127.0.0.1:{free.getsockname()[1]}"))
