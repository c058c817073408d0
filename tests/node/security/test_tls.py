"""HTTPS: that it is spoken, and what is refused."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

import pytest

from ceramic_node.operation import doors
from ceramic_protocol.errors import CeramicError, OutsideError, UsageError
from ceramic_protocol.limits import TLS_SECONDS
from tests.node.operation.running import Running, running
from tests.support import tls


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    tls.server(tmp_path)
    (tmp_path / "key.pem").chmod(0o600)
    return {"tls_cert": str(tmp_path / "certificate.pem"), "tls_key": str(tmp_path / "key.pem")}


def connect(node: Running, context: ssl.SSLContext) -> ssl.SSLSocket:
    return context.wrap_socket(socket.create_connection(node.address, 10), server_hostname="127.0.0.1")


def ready(node: Running, files: dict[str, str]) -> str | None:
    """Ask whether it is ready; gives the version that was spoken."""
    with connect(node, ssl.create_default_context(cafile=files["tls_cert"])) as sock:
        sock.sendall(b"GET /ready HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        assert sock.recv(4096).startswith(b"HTTP/1.1 200")
        return sock.version()


def test_it_speaks_https_alone(files: dict[str, str]) -> None:
    with running(**files) as node:
        assert node.url.startswith("https://")
        assert ready(node, files) in {"TLSv1.2", "TLSv1.3"}
        assert node.tell(b"GET /ready HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n") == b""


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_old_versions_are_refused(files: dict[str, str]) -> None:
    context = ssl.create_default_context(cafile=files["tls_cert"])
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with running(**files) as node:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            connect(node, context)
        ready(node, files)


def test_half_a_handshake_is_not_waited_for(files: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "TLS_SECONDS", 1.0)
    with running(**files) as node, node.wire() as wire:
        wire.send(b"\x16\x03\x01\x02\x00")
        assert wire.is_closed_within(TLS_SECONDS - 1)
        ready(node, files)


@pytest.mark.parametrize("damage", ["open", "junk", "other", "missing", "missing_cert"])
def test_keys_that_can_not_be_used(files: dict[str, str], tmp_path: Path, damage: str) -> None:
    cert, key = Path(files["tls_cert"]), Path(files["tls_key"])
    kind: type[CeramicError] = UsageError
    if damage == "open":
        key.chmod(0o640)
    elif damage == "junk":
        key.write_text("-----BEGIN PRIVATE KEY-----\nMIGHAgEAsecret\n-----END PRIVATE KEY-----\n")
    elif damage == "other":
        (tmp_path / "b").mkdir()
        tls.server(tmp_path / "b")
        key.write_bytes((tmp_path / "b" / "key.pem").read_bytes())
    else:
        (key if damage == "missing" else cert).unlink()
        kind = OutsideError
    with pytest.raises(kind) as caught, running(**files):
        pass
    assert "MIGH" not in str(caught.value)
