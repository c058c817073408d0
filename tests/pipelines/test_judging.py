"""The options under which commands judge, as a user meets them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ceramic_protocol.cid import Cid
from tests.support import capabilities, corpus, signing
from tests.support.capabilities import Wallet, iso
from tests.support.cli import SOURCES, lines, run
from tests.support.export import write_ndjson
from tests.support.models import NOTE, NOTES
from tests.support.signing import Made, ed25519

WALLET, SESSION = Wallet(), ed25519(3)
START, END = 1_710_000_000, 1_710_001_000
PAYLOAD = signing.init_payload(SESSION, {}, model=NOTE, controllers=[WALLET.did], unique=b"u")
INIT = capabilities.under(PAYLOAD, SESSION, WALLET.grant(SESSION))
SHORT = WALLET.grant(SESSION, issued_at=iso(START), expires_at=iso(END))
USED = capabilities.data(SESSION, SHORT, INIT, INIT, [])
CHAIN = ("--chain", str(corpus.CHAIN))


def source(folder: Path, *events: Made) -> str:
    write_ndjson(folder / "events.ndjson", [(str(event.cid), event.car) for event in (NOTES, *events)])
    return f"ndjson:{folder}/events.ndjson"


def used(uri: str, *options: str) -> dict[str, object]:
    return next(line for line in lines(run("verify", uri, *options)) if line["cid"] == str(USED.cid))


def test_grace_and_skew(tmp_path: Path) -> None:
    uri = source(tmp_path, INIT, USED)
    assert used(uri, "--at", str(END + 86_400))["verdict"] == "valid"
    assert used(uri, "--at", str(END + 86_401))["reason"] == "cacao_expired"
    assert used(uri, "--at", str(END + 1), "--grace", "0")["reason"] == "cacao_expired"
    assert used(uri, "--at", str(END + 1), "--profile", "ceramic-one")["verdict"] == "valid"
    assert used(uri, "--at", str(END + 301), "--profile", "ceramic-one")["reason"] == "cacao_expired"
    assert used(uri, "--at", str(START - 301))["reason"] == "cacao_not_yet_valid"
    assert used(uri, "--at", str(START - 301), "--skew", "301")["verdict"] == "valid"


def test_what_runs_out_is_told_beforehand(tmp_path: Path) -> None:
    uri = source(tmp_path, INIT, USED)
    assert used(uri, "--at", str(END))["expires_in"] == 86_400
    result = run("verify", uri, "--at", str(END))
    assert "1  without anchor under a capability that runs out, 1 within a week" in result.stderr


@pytest.mark.parametrize("option", ["--grace", "--skew"])
def test_seconds_have_bounds(option: str) -> None:
    for value in ("-1", str(1 << 63)):
        result = run("verify", SOURCES["ndjson"], option, value)
        assert result.exit_code == 2
        assert option in result.stderr


def test_comparing_with_itself_finds_nothing(tmp_path: Path) -> None:
    uri = source(tmp_path, INIT, USED)
    for profile in ("strict", "js", "ceramic-one"):
        rules = ("--profile", profile, "--grace", "0", "--at", str(END + 400))
        assert run("verify", uri, *rules, "--compare", profile).exit_code == 0


def test_comparing_prints_what_the_other_says() -> None:
    result = run("verify", SOURCES["ndjson"], *CHAIN, "--compare", "ceramic-one")
    assert result.exit_code == 1
    found = lines(result)
    assert {"cacao_expired", "cacao_model_not_covered"} <= {line["compared_reason"] for line in found}
    assert f"{len(found):,}  judged otherwise by the profile ceramic-one" in result.stderr


def test_an_endpoint_that_does_not_answer_is_named(tmp_path: Path) -> None:
    capability = WALLET.grant(SESSION, signature_type="eip1271", signature="0x00")
    event = capabilities.data(SESSION, capability, INIT, INIT, [])
    uri = source(tmp_path, INIT, event)
    for options, words in ((("--rpc", "http://127.0.0.1:1"), "http://127.0.0.1:1"), ((), "no endpoint")):
        (line,) = [line for line in lines(run("verify", uri, *options)) if line["cid"] == str(event.cid)]
        assert line["reason"] == "cacao_contract_unknown"
        assert words in line["detail"]


def test_words_of_strangers_do_not_reach_the_terminal(tmp_path: Path) -> None:
    capability = WALLET.grant(SESSION, domain="x\x1b[2J\ncapability  good", resources=("\x1b[31m",))
    (tmp_path / "block").write_bytes(capability.encode())
    result = run("inspect", str(tmp_path / "block"))
    assert "\x1b" not in result.stdout
    assert "\\x1b[2J\\ncapability" in result.stdout
    event = capabilities.data(SESSION, capability, INIT, INIT, [])
    table = run("verify", source(tmp_path, INIT, event), "--format", "table")
    assert "\x1b" not in table.stdout


def test_a_capability_without_times_is_explained(tmp_path: Path) -> None:
    capability = WALLET.grant(SESSION, issued_at="")
    (tmp_path / "block").write_bytes(capability.encode())
    found = json.loads(run("inspect", str(tmp_path / "block"), "--format", "json").stdout)
    assert found["cid"] == str(Cid.of(capability.encode()))
    assert "cacao_malformed" in found["capability"]
