"""A PostgreSQL server of one's own: Debian's, in a temporary folder, gone with the test."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

USER = "ceramic"
PASSWORD = "s3cret/päss@word"
_PLACES = ("/usr/lib/postgresql/*/bin", "/usr/local/pgsql/bin", "/opt/homebrew/bin")
_UNPRIVILEGED = "postgres"
_START_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: on its socket everybody is let in, on the loopback port with the password."""

    folder: Path
    port: int

    @property
    def url(self) -> str:
        """Through the socket."""
        return f"postgres://{USER}@/postgres?host={self.folder}&port={self.port}"

    @property
    def tcp_url(self) -> str:
        """Through the loopback port, without the password."""
        return f"postgres://{USER}@127.0.0.1:{self.port}/postgres"


def binaries() -> Path | None:
    """The folder of the newest server that is installed."""
    found = [path for place in _PLACES for path in Path("/").glob(f"{place[1:]}/initdb")]
    on_path = shutil.which("initdb")
    found += [Path(on_path)] if on_path else []
    return max(found, key=lambda path: _major(path.parent)).parent if found else None


@contextmanager
def running_server() -> Iterator[Server]:
    """Make and start a server; skip the test, with the reason, where that can't be done."""
    folder = binaries()
    if folder is None:
        pytest.skip("PostgreSQL's server is not installed (on Debian: apt-get install postgresql)")
    user = _user()
    # Not pytest's own folder, which only its user may enter; and names of sockets must be short.
    place = Path(tempfile.mkdtemp(prefix="ceramic-pg-"))
    try:
        if user is not None:
            shutil.chown(place, user)
        _run_initdb(folder, place, user)
        with _running(folder, place, user) as port:
            yield Server(place, port)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _major(folder: Path) -> int:
    return int(folder.parent.name) if folder.parent.name.isdigit() else 0


def _user() -> str | None:
    """Whom to run the server as: root can't."""
    if os.geteuid() != 0:
        return None
    for name in (_UNPRIVILEGED, "nobody"):
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return name
    pytest.skip("PostgreSQL's server can't run as root, and there is no other user")


def _run_initdb(folder: Path, place: Path, user: str | None) -> None:
    password = place / "password"
    password.write_text(PASSWORD, encoding="utf-8")
    if user is not None:
        shutil.chown(password, user)
    command = [str(folder / "initdb"), "-D", str(place / "data"), "-U", USER, "-E", "UTF8", "--locale=C"]
    # A language whose order isn't that of the bytes, so that comparing by bytes has to be asked for.
    if _major(folder) >= 15:
        command += ["--locale-provider=icu", "--icu-locale=en-US"]
    rights = ["--no-sync", "--auth-local=trust", "--auth-host=scram-sha-256", f"--pwfile={password}"]
    done = subprocess.run([*command, *rights], capture_output=True, check=False, cwd=place, **_as(user))
    assert done.returncode == 0, done.stderr.decode()


@contextmanager
def _running(folder: Path, place: Path, user: str | None) -> Iterator[int]:
    port = _free_port()
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": port,
        "unix_socket_directories": place,
        "fsync": "off",
        "max_connections": 20,
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    with (place / "log").open("wb") as log:
        server = subprocess.Popen(
            [folder / "postgres", "-D", place / "data", *options],
            stdout=log,
            stderr=log,
            cwd=place,
            start_new_session=True,
            **_as(user),
        )
    try:
        _wait(server, place, port)
        yield port
    finally:
        _stop(server)


def _stop(server: subprocess.Popen[bytes]) -> None:
    """Ask it to end, then tell it to; its own processes, each with a group of its own, end with it."""
    for way in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        os.killpg(server.pid, way)
        try:
            server.wait(_START_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        return


def _wait(server: subprocess.Popen[bytes], place: Path, port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            psycopg.connect(host=str(place), port=port, user=USER, dbname="postgres").close()
        except psycopg.OperationalError:
            words = (place / "log").read_text(errors="replace")
            assert server.poll() is None, words
            assert time.monotonic() < deadline, words
            time.sleep(0.05)
        else:
            return


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _as(user: str | None) -> dict[str, Any]:
    """Arguments for `subprocess`."""
    return {} if user is None else {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}
