"""Services start, answer and stop; what keeps them from it is said."""

from __future__ import annotations

import hashlib
import os
import socket
from pathlib import Path

import pytest

from infra.services import jars, java, metadata
from infra.services.jars import CACHE, FetchError, fetched
from infra.services.process import Process, ServiceError, free_ports
from tests.support.services import own_broker, shared_broker


def test_the_shared_broker_answers() -> None:
    port = int(shared_broker().plain.rpartition(":")[2])
    assert metadata.has_brokers(port)
    assert shared_broker() == shared_broker()


def test_no_password_shows() -> None:
    addresses = shared_broker()
    assert addresses.password not in repr(addresses)


def test_a_broker_comes_back_at_the_same_address_and_then_ends(tmp_path: Path) -> None:
    with own_broker(tmp_path) as broker:
        port = int(broker.addresses.plain.rpartition(":")[2])
        broker.kill()
        assert not metadata.has_brokers(port)
        broker.start()
        assert metadata.has_brokers(port)
        pid = broker.pid
    with pytest.raises(ProcessLookupError):
        os.killpg(pid, 0)


def test_an_open_port_is_no_broker() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        server.listen()
        server.settimeout(0)
        assert not metadata.has_brokers(port)
    assert not metadata.has_brokers(free_ports(1)[0])


def test_a_service_that_ends_says_why(tmp_path: Path) -> None:
    process = Process("odd", ["sh", "-c", "echo no such thing; exit 3"], tmp_path)
    with pytest.raises(ServiceError, match="odd didn't start: no such thing"):
        process.start(lambda: False)


def test_a_service_that_never_answers_is_ended(tmp_path: Path) -> None:
    process = Process("slow", ["sleep", "60"], tmp_path)
    with pytest.raises(ServiceError, match="no answer within"):
        process.start(lambda: False, 0.2)
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and a service of one file."""
    monkeypatch.setenv(CACHE, str(tmp_path / "cache"))
    monkeypatch.setattr(jars, "_HERE", tmp_path)
    (tmp_path / "one").mkdir()
    digest = hashlib.sha256(b"good").hexdigest()
    (tmp_path / "one" / "SHA256SUMS").write_text(f"{digest}  one.jar\n")
    return tmp_path / "cache"


@pytest.mark.parametrize("said", [b"good", b"bad"])
def test_only_what_was_expected_is_used(cache: Path, monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    fetches = []

    def fetch(service: str, folder: Path) -> None:
        fetches.append(service)
        (folder / "one.jar").write_bytes(said)

    monkeypatch.setattr(jars, "_fetch", fetch)
    if said == b"good":
        assert (fetched("one"), fetched("one")) == (fetched("one"),) * 2
        assert fetched("one").is_relative_to(cache)
        assert fetches == ["one"]
    else:
        with pytest.raises(FetchError, match="not what was expected"):
            fetched("one")


def test_a_file_too_many_is_told(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not cache.exists()
    monkeypatch.setattr(jars, "_fetch", lambda _, folder: (folder / "two.jar").touch())
    with pytest.raises(FetchError, match=r"'one\.jar', 'two\.jar'"):
        fetched("one")


@pytest.mark.usefixtures("cache")
def test_without_maven(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(FetchError, match="Maven is not installed"):
        fetched("one")


def test_without_java(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    java.missing.cache_clear()
    try:
        assert "Java is not installed" in (java.missing() or "")
    finally:
        java.missing.cache_clear()
