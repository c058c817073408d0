from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from ceramic_connectors.chain import FileChain
from ceramic_protocol.errors import OutsideError, UsageError
from ceramic_protocol.ports import Transaction
from ceramic_protocol.reasons import Finding, Reason
from tests.support import corpus

ENTRY = {
    "chainId": "eip155:1337",
    "txHash": "0x" + "Ab" * 32,
    "to": "0x231055A0852D67C7107Ad0d0DFeab60278fE6AdC",
    "input": "0x97AD09eb",
    "blockNumber": 5,
    "timestamp": 1709273316,
    "raw": "whatever",
}
TRANSACTION = Transaction(
    "0x231055a0852d67c7107ad0d0dfeab60278fe6adc", bytes.fromhex("97ad09eb"), 5, 1709273316
)


def load(folder: Path, value: object) -> FileChain:
    (folder / "chain.json").write_text(json.dumps(value))
    return FileChain.load(folder / "chain.json")


def test_the_sample_chain() -> None:
    chain = FileChain.load(corpus.CHAIN)
    for entry in json.loads(corpus.CHAIN.read_bytes()):
        found = chain.transaction(entry["chainId"], bytes.fromhex(entry["txHash"][2:]))
        assert isinstance(found, Transaction)
        assert (found.timestamp, found.block_number) == (entry["timestamp"], entry["blockNumber"])
        assert f"0x{found.input.hex()}" == entry["input"]
    assert sorted(chain.transactions) == ["eip155:100", "eip155:1337"]
    assert chain.transaction("eip155:100", bytes(32)) == Finding(Reason.ANCHOR_TX_UNKNOWN, "")
    assert chain.transaction("eip155:1", bytes(32)) == Finding(Reason.ANCHOR_CHAIN_UNKNOWN, "")


def test_hashes_and_addresses_in_any_case(tmp_path: Path) -> None:
    chain = load(tmp_path, [ENTRY, {**ENTRY, "txHash": "0x" + "aB" * 32}])
    assert chain.transaction("eip155:1337", b"\xab" * 32) == TRANSACTION
    assert pickle.loads(pickle.dumps(chain)) == chain


def test_a_contract_creation_goes_to_nobody(tmp_path: Path) -> None:
    found = load(tmp_path, [{**ENTRY, "to": None}]).transaction("eip155:1337", b"\xab" * 32)
    assert isinstance(found, Transaction)
    assert found.to == ""


def test_members_that_not_every_file_has(tmp_path: Path) -> None:
    block_hash = "0x" + "cD" * 32
    for more, wanted in (
        ({}, (None, None)),
        ({"status": None, "blockHash": None}, (None, None)),
        ({"status": 1, "blockHash": block_hash}, (1, b"\xcd" * 32)),
        ({"status": 0}, (0, None)),
    ):
        found = load(tmp_path, [{**ENTRY, **more}]).transaction("eip155:1337", b"\xab" * 32)
        assert isinstance(found, Transaction)
        assert (found.status, found.block_hash) == wanted


def test_an_empty_list_knows_no_chain(tmp_path: Path) -> None:
    assert load(tmp_path, []).transaction("eip155:1", bytes(32)) == Finding(Reason.ANCHOR_CHAIN_UNKNOWN, "")


BAD: list[tuple[Any, str]] = [
    ({}, " is not a JSON list of transactions"),
    ([ENTRY, 7], ": transaction 2 is not a JSON object"),
    ([{**ENTRY, "chainId": 1}], ": transaction 1: chainId can't be '1'"),
    ([{**ENTRY, "chainId": "eip155"}], ": transaction 1: chainId can't be 'eip155'"),
    ([{**ENTRY, "txHash": "0x12"}], ": transaction 1: txHash can't be '0x12'"),
    ([{**ENTRY, "to": "me"}], ": transaction 1: to can't be 'me'"),
    ([{**ENTRY, "input": "0x123"}], ": transaction 1: input can't be '0x123'"),
    ([{**ENTRY, "blockNumber": "5"}], ": transaction 1: blockNumber can't be '5'"),
    ([{**ENTRY, "blockNumber": None}], ": transaction 1: blockNumber can't be 'None'"),
    ([{**ENTRY, "status": 2}], ": transaction 1: status can't be '2'"),
    ([{**ENTRY, "status": "0x1"}], ": transaction 1: status can't be '0x1'"),
    ([{**ENTRY, "blockHash": "0x1"}], ": transaction 1: blockHash can't be '0x1'"),
    ([{**ENTRY, "timestamp": -1}], ": transaction 1: timestamp can't be '-1'"),
    ([{**ENTRY, "timestamp": True}], ": transaction 1: timestamp can't be 'True'"),
    ([{**ENTRY, "timestamp": 1.5}], ": transaction 1: timestamp can't be '1.5'"),
    *(
        ([{key: ENTRY[key] for key in ENTRY if key != name}], f": transaction 1 has no member {name}")
        for name in ("chainId", "txHash", "to", "input", "blockNumber", "timestamp")
    ),
    (
        [ENTRY, {**ENTRY, "timestamp": 1}],
        f": transaction 2: txHash 0x{'ab' * 32} stands in the file twice, with other members",
    ),
]


@pytest.mark.parametrize(("value", "message"), BAD)
def test_a_file_that_is_no_chain_names_entry_and_member(tmp_path: Path, value: object, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        load(tmp_path, value)
    assert str(caught.value) == f"{tmp_path}/chain.json{message}"


def test_a_file_that_is_not_json(tmp_path: Path) -> None:
    (tmp_path / "chain.json").write_bytes(b"{")
    with pytest.raises(UsageError, match=r"chain\.json is not JSON: "):
        FileChain.load(tmp_path / "chain.json")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OutsideError) as caught:
        FileChain.load(tmp_path / "none.json")
    assert str(caught.value) == f"can't read {tmp_path}/none.json: No such file or directory; check the path"
