"""The process: ready, stopped in order, and ended with the right code."""

from __future__ import annotations

import json
import signal
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from ceramic_protocol.limits import BODY_SECONDS
from tests.node.operation.posting import body, init
from tests.node.operation.process import SECONDS, Process, node_run, run
from tests.support.waiting import wait_until

STOPPING = "stopping: "


def slow_post(url: str, data: bytes) -> socket.socket:
    """A request of which all but the last byte has been sent."""
    parts = urlsplit(url)
    sock = socket.create_connection((parts.hostname or "", parts.port or 0), timeout=SECONDS)
    head = f"POST /ceramic/events HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(data)}\r\n\r\n"
    sock.sendall(head.encode() + data[:-1])
    return sock


def begun(node: Process) -> None:
    """Wait until a request has come in."""
    wait_until(lambda: node.ask("/status.json").value["requests_under_way"] > 1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_when_what_was_begun_is_kept(tmp_path: Path, number: int) -> None:
    store, data = tmp_path / "store", body(init(1))
    with node_run(tmp_path, "--store", str(store)) as node:
        assert node.ask("/ceramic/events", "POST", body(init(0))).status == 204
        with slow_post(node.url, data) as sock:
            begun(node)
            node.popen.send_signal(number)
            wait_until(lambda: STOPPING in node.log.read_text())
            assert node.popen.poll() is None
            sock.sendall(data[-1:])
            assert sock.recv(4096).startswith(b"HTTP/1.1 204")
        assert node.popen.wait(SECONDS) == 0
        assert "stopped" in node.log.read_text()
    with node_run(tmp_path, "--store", str(store)) as node:
        feed = node.ask("/ceramic/feed/events").value
        assert [event["id"] for event in feed["events"]] == [str(init(0).cid), str(init(1).cid)]
        assert node.end() == 0


def test_it_takes_no_more_while_it_stops_and_waits_no_longer_than_it_may(tmp_path: Path) -> None:
    data = body(init(1))
    flags = ("--store", "memory:", "--stop-seconds", "2")
    with node_run(tmp_path, *flags) as node, slow_post(node.url, data):
        begun(node)
        start = time.monotonic()
        node.popen.send_signal(signal.SIGTERM)
        with pytest.raises(OSError, match="refused"):
            wait_until(lambda: slow_post(node.url, data).close())
        assert node.popen.poll() is None, "it waits, and takes no more"
        assert node.popen.wait(SECONDS) == 0
        assert 1 < time.monotonic() - start < BODY_SECONDS - 1


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    flags = ("--store", "memory:", "--stop-seconds", "60")
    with node_run(tmp_path, *flags) as node, slow_post(node.url, body(init(1))):
        begun(node)
        node.popen.send_signal(signal.SIGTERM)
        wait_until(lambda: STOPPING in node.log.read_text())
        assert node.end(signal.SIGTERM) == 128 + signal.SIGTERM


def test_sighup_reads_the_tokens_again(tmp_path: Path) -> None:
    tokens = tmp_path / "tokens"
    made = run("token", "new", "--scope", "read", "--append", str(tokens))
    assert made.returncode == 0
    first = made.stdout.strip()
    with node_run(tmp_path, "--store", "memory:", "--tokens", str(tokens)) as node:
        second = run("token", "new", "--scope", "admin", "--append", str(tokens)).stdout.strip()
        node.popen.send_signal(signal.SIGHUP)
        wait_until(lambda: node.ask("/ceramic/version", Authorization=f"Bearer {second}").status == 200)
        for secret, status in ((first, 200), (second, 200), ("x", 401)):
            assert node.ask("/ceramic/version", Authorization=f"Bearer {secret}").status == status
        status_of = run("node_is_no_command")
        assert status_of.returncode == 2
        asked = run("status", node.url, "--format", "ndjson", environ={"CERAMIC_STREAMS_TOKEN": first})
        assert asked.returncode == 0, asked.stderr
        assert json.loads(asked.stdout)["ready"] is True
        assert run("status", node.url).returncode == 3
        assert node.end() == 0
        assert first not in node.log.read_text() + second


def test_errors_are_a_sentence_and_a_code(tmp_path: Path) -> None:
    taken = socket.create_server(("127.0.0.1", 0))
    port = taken.getsockname()[1]
    other = tmp_path / "other"
    other.mkdir()
    (other / "store.sqlite").write_bytes(b"no database at all, but a file of many bytes" * 100)
    secret_key = "https://rpc.example/0123456789abcdefghij"  # made up
    try:
        for flags, code, words in (
            (("--bind", "0.0.0.0:1"), 2, "--tokens"),
            (("--network", "nowhere"), 2, "flag --network: 'nowhere' is no network"),
            (("--tokens", str(tmp_path / "none")), 3, "can't read"),
            (("--config", str(tmp_path / "none")), 3, "can't read"),
            (("--bind", f"127.0.0.1:{port}", "--store", "memory:"), 3, "can't listen at 127.0.0.1"),
            (("--bind", "no.such.host.invalid:1", "--allow-open", "--store", "memory:"), 3, "can't listen"),
            (("--store", str(other)), 1, "store.sqlite"),
            (("--rpc", "env:NO_SUCH_VARIABLE_HERE"), 2, "variable"),
            (("--rpc", f"x{secret_key}"), 2, "an endpoint is an address"),
            (("--tls-cert", "a", "--tls-key", "b", "--store", "memory:"), 3, "can't read b"),
            (("--no-such-flag",), 2, "No such option"),
        ):
            ended = run("run", *flags)
            assert ended.returncode == code, (flags, ended.stderr)
            assert words in ended.stderr, (flags, ended.stderr)
            assert "Traceback" not in ended.stderr
            assert "0123456789abcdefghij" not in ended.stderr
            assert ended.stdout == ""
    finally:
        taken.close()


def test_a_store_is_for_one_process(tmp_path: Path) -> None:
    store = str(tmp_path / "store")
    with node_run(tmp_path, "--store", store) as node:
        ended = run("run", "--network", "local-7", "--bind", "127.0.0.1:0", "--store", store)
        assert ended.returncode == 3
        assert f"process {node.popen.pid} has the store" in ended.stderr
        assert node.end() == 0
    ended = run("run", "--network", "local-8", "--bind", "127.0.0.1:0", "--store", store)
    assert (ended.returncode, "local-7" in ended.stderr) == (2, True)


def test_the_configuration_is_printed_and_taken_again(tmp_path: Path) -> None:
    environ = {"CERAMIC_STREAMS_SKEW": "7", "MY_RPC": "https://rpc.example/secretsecret"}
    printed = run("run", "--print-config", "--network", "local-7", "--rpc", "env:MY_RPC", environ=environ)
    assert printed.returncode == 0
    assert 'network = "local-7"  # flag --network' in printed.stdout
    assert "skew = 7  # environment CERAMIC_STREAMS_SKEW" in printed.stdout
    assert "secretsecret" not in printed.stdout
    file = tmp_path / "node.toml"
    file.write_text(printed.stdout)
    again = run("run", "--print-config", "--config", str(file))
    assert again.returncode == 0
    assert 'rpc = ["env:MY_RPC"]' in again.stdout
    assert "skew = 7" in again.stdout


def test_help_has_examples() -> None:
    for command in ((), ("run",), ("status",), ("backup",), ("restore",), ("check",), ("token", "new")):
        helped = run(*command, "--help")
        assert helped.returncode == 0
        assert not command or "Example" in helped.stdout
