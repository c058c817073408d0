"""Which anchors count: options for networks and contracts, in this process and in Beam's."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest

from ceramic_protocol.anchors import ANCHOR_CONTRACT
from tests.support import corpus
from tests.support.cli import CHAIN, SOURCES, check_verify, lines, run

GNOSIS, MINE = "eip155:100", "0x" + "ab" * 20
REFUSED = "anchor_chain_refused"


@pytest.fixture
def moved(tmp_path: Path) -> Path:
    """The sample's transactions, but those on Gnosis went to a contract of our own."""
    listed: list[dict[str, Any]] = orjson.loads(corpus.CHAIN.read_bytes())
    for entry in listed:
        if entry["chainId"] == GNOSIS and entry["to"].lower() == ANCHOR_CONTRACT:
            entry["to"] = MINE
    path = tmp_path / "moved.json"
    path.write_bytes(orjson.dumps(listed))
    return path


def reasons(*options: str) -> Counter[str | None]:
    return Counter(line["reason"] for line in lines(run("verify", SOURCES["ndjson"], *options)))


def exported(output: Path, *options: str) -> Counter[str | None]:
    """The reasons in what export writes."""
    result = run("export", SOURCES["ndjson"], *options, "--output", str(output))
    assert result.exit_code == 0, result.stderr
    return Counter(pq.read_table(output / "rejected").column("reason").to_pylist())


def test_contracts_by_chain(moved: Path) -> None:
    options = ("--chain", str(moved), "--anchor-contract", f"{GNOSIS}={MINE.upper().replace('X', 'x')}")
    check_verify("ndjson", options)
    assert reasons("--chain", str(moved))["anchor_wrong_contract"] > 40


def test_a_network_refuses_the_chains_of_others() -> None:
    usual = reasons(*CHAIN)
    assert REFUSED not in usual
    assert reasons(*CHAIN, "--network", "local-3") == usual
    clay, memory = (reasons(*CHAIN, "--network", name)[REFUSED] for name in ("testnet-clay", "inmemory"))
    assert reasons(*CHAIN, "--network", "mainnet")[REFUSED] >= clay + memory - 2
    assert min(clay, memory) > 30


def test_export_goes_by_the_same_options(tmp_path: Path, moved: Path) -> None:
    options = ("--chain", str(moved), "--anchor-contract", f"{GNOSIS}={MINE}", "--network", "testnet-clay")
    found = exported(tmp_path / "out", *options)
    assert found[REFUSED] > 400
    assert found == reasons(*options) - Counter({None: len(corpus.cars())})
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert (manifest["network"], manifest["anchor_contracts"]) == ("testnet-clay", {GNOSIS: MINE})


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--network", "nowhere"), "'nowhere' is no network"),
        (("--anchor-contract", MINE), "give CHAIN=ADDRESS"),
        (("--anchor-contract", f"eip155:01={MINE}"), "give CHAIN=ADDRESS"),
        (("--anchor-contract", f"{GNOSIS}={MINE}00"), "give CHAIN=ADDRESS"),
        (
            ("--anchor-contract", f"{GNOSIS}={MINE}", "--anchor-contract", f"{GNOSIS}={ANCHOR_CONTRACT}"),
            "eip155:100 has two contracts",
        ),
    ],
)
def test_what_makes_no_sense(options: tuple[str, ...], said: str) -> None:
    result = run("verify", SOURCES["ndjson"], *options)
    assert result.exit_code == 2
    assert said in result.stderr
