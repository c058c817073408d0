"""The commands on the Kafka source, as a user meets them; what is checked is shown in `test_checking`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from ceramic_connectors.kafka.errors import KafkaAuthenticationError
from ceramic_connectors.source.checks import SOURCE
from ceramic_node.config import NODE
from ceramic_pipelines.cli.exit_codes import exit_code
from ceramic_protocol.errors import CeramicError, IdentifierError, OutsideError, UsageError
from infra.services.process import free_ports
from tests.connectors.kafka.conftest import FORGOTTEN
from tests.node.operation.running import running
from tests.support.cli import lines, run
from tests.support.services import shared_broker
from tests.support.waiting import wait_until

pytest.importorskip("kafka", reason="kafka-python is not installed")
pytestmark = pytest.mark.filterwarnings(FORGOTTEN)

SECRET = "not-this-one-9Qz"
VARIABLE = "CERAMIC_TEST_SOURCE_SECRET"
URL = "http://127.0.0.1:5101"
SECONDS = 60


def nowhere() -> str:
    """An address where nobody listens."""
    return f"127.0.0.1:{free_ports(1)[0]}"


def test_the_configuration_is_printed_with_where_it_comes_from(tmp_path: Path) -> None:
    file = tmp_path / "source.toml"
    file.write_text(f'source = "{URL}"\nwrite = "states"\n')
    result = run("source", "run", "--config", str(file), "--no-dead-letters", "--print-config")
    assert result.exit_code == 0, result.output
    found = tomllib.loads(result.stdout)
    assert (found["source"], found["write"], found["dead_letters"]) == (URL, "states", False)
    assert f'write = "states"  # file {file}' in result.stdout
    assert "dead_letters = false  # flag --dead-letters" in result.stdout
    assert "`source run --help`" in result.stdout


def test_all_settings_are_options_of_both_commands() -> None:
    for command in ("run", "check"):
        text = run("source", command, "--help").stdout
        for setting in SOURCE.settings:
            assert f"{setting.flag}" in text, setting.name
    assert "[required]" in text


def test_what_has_to_be_given_is_asked_for() -> None:
    result = run("source", "run")
    assert result.exit_code == 2
    assert "--source (or CERAMIC_STREAMS_SOURCE) is missing" in result.stderr


def test_settings_of_a_node_are_no_slips_of_a_source_nor_the_other_way_round(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for setting in (*NODE.settings, *SOURCE.settings):
        monkeypatch.delenv(setting.variable, raising=False)
    monkeypatch.setenv("CERAMIC_STREAMS_NODE_KEY", "x")  # close to NODE_TOKEN
    monkeypatch.setenv("CERAMIC_STREAMS_SUORCE", "x")
    result = run("source", "check", "--source", f"http://{nowhere()}", "--kafka", nowhere())
    (warning,) = (line for line in result.stderr.splitlines() if line.startswith("warning:"))
    assert "CERAMIC_STREAMS_SUORCE" in warning


@pytest.mark.parametrize("form", ["table", "json", "ndjson"])
def test_a_check_that_ends_well(form: str) -> None:
    broker = shared_broker()
    with running() as node:
        flags = ("--source", node.url, "--kafka", broker.plain, "--prefix", f"cli.{uuid4().hex[:8]}")
        result = run("source", "check", *flags, "--format", form)
    assert result.exit_code == 0, result.output
    assert "FAIL" not in result.stdout
    if form == "table":
        assert result.stdout.splitlines()[0].split() == ["side", "check", "outcome", "detail"]
        assert result.stdout.count("OK") == 8
        return
    found = json.loads(result.stdout) if form == "json" else lines(result)
    assert [list(each) for each in found] == [["side", "check", "outcome", "code", "detail"]] * 8


def test_a_check_that_fails_says_why_with_exit_code_3(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, SECRET)
    address = nowhere()
    result = run("source", "check", "--source", URL, "--kafka", address, "--format", "ndjson")
    assert result.exit_code == 3
    found = {line["check"]: line for line in lines(result) if line["side"] == "kafka"}
    assert found["reachable"]["outcome"] == "FAIL"
    assert found["reachable"]["code"] == "kafka_unreachable"
    assert address in found["reachable"]["detail"]


def test_a_check_that_only_a_setting_fails_has_exit_code_2() -> None:
    broker = shared_broker()
    with running() as node:
        flags = ("--source", node.url, "--kafka", broker.plain, "--prefix", f"cli.{uuid4().hex[:8]}")
        result = run("source", "check", *flags, "--node-token", "env:CERAMIC_TEST_NOT_THERE")
    assert result.exit_code == 2, result.output
    assert "FAIL" in result.stdout


@pytest.mark.parametrize("library", ["kafka-python", "confluent-kafka"])
def test_a_wrong_password_shows_nowhere_and_libraries_are_quiet(library: str) -> None:
    """In a process of its own, as libraries write to the standard error by themselves."""
    pytest.importorskip(library.replace("-", "_").removesuffix("_python"))
    broker = shared_broker()
    command = [sys.executable, "-m", "ceramic_pipelines", "source", "check", "--format", "ndjson"]
    flags = ["--source", f"http://{nowhere()}", "--kafka", broker.secure, "--kafka-library", library]
    way = ["--kafka-tls", "--kafka-ca", str(broker.certificates.authority), "--kafka-sasl", "SCRAM-SHA-256"]
    user = ["--kafka-user", broker.user, "--kafka-password", f"env:{VARIABLE}"]
    done = subprocess.run(
        [*command, *flags, *way, *user],
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
        env=os.environ | {VARIABLE: SECRET},
    )
    assert done.returncode == 3, done.stderr
    assert SECRET not in done.stdout + done.stderr
    assert done.stderr == ""
    found = [json.loads(line) for line in done.stdout.splitlines()]
    codes = {f"{line['side']} {line['check']}": line["code"] for line in found}
    assert codes == {
        "node reachable": "service_unreachable",
        "kafka certificates": None,
        "kafka reachable": "kafka_authentication",
    }


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("x"), 2),
        (IdentifierError("x"), 2),
        (OutsideError("x"), 3),
        (KafkaAuthenticationError("x"), 3),
        (CeramicError("x"), 1),
    ],
)
def test_exit_codes(error: CeramicError, code: int) -> None:
    assert exit_code(error) == code


@contextmanager
def source_run(log: Path, *flags: str) -> Iterator[subprocess.Popen[bytes]]:
    """The command in a process of its own; all that it says goes to the log."""
    command = [sys.executable, "-m", "ceramic_pipelines", "source", "run", *flags]
    with log.open("wb") as file, subprocess.Popen(command, stdout=file, stderr=file) as process:
        try:
            yield process
        finally:
            process.kill()


def test_a_source_runs_logs_as_it_is_told_and_is_seen_by_a_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker, log, prefix = shared_broker(), tmp_path / "log", f"cli.{uuid4().hex[:8]}"
    monkeypatch.setenv(VARIABLE, broker.password)
    with running() as node:
        flags = ["--source", node.url, "--kafka", broker.secure, "--kafka-tls", "--prefix", prefix]
        flags += ["--kafka-ca", str(broker.certificates.authority), "--kafka-sasl", "SCRAM-SHA-512"]
        flags += ["--kafka-user", broker.user, "--kafka-password", f"env:{VARIABLE}"]
        flags += ["--heartbeat", "0.2", "--name", prefix]
        with source_run(log, *flags, "--log-format", "json", "--log-level", "debug") as process:
            wait_until(lambda: b"reading" in log.read_bytes() or process.poll() is not None)
            wait_until(lambda: "s ago" in "".join(running_of(flags)) or process.poll() is not None)
            process.send_signal(signal.SIGTERM)
            assert process.wait(SECONDS) == 0, log.read_text()
    said = log.read_text()
    assert broker.password not in said
    found = [json.loads(line) for line in said.splitlines()]
    assert {"time", "level", "logger", "message"} <= found[0].keys()
    assert found[-1]["message"] == "stopped"


def running_of(flags: list[str]) -> Iterator[str]:
    """What a check says of a source that runs."""
    result = run("source", "check", *flags, "--read-only", "--format", "ndjson")
    assert result.exit_code == 0, result.output
    yield from (line["detail"] for line in lines(result) if line["check"] == "running")
