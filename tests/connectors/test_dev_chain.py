from __future__ import annotations

import itertools
import json
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ceramic_connectors.chain import FileChain
from ceramic_connectors.dev_chain import DEV_CHAIN_ID, DevChain
from ceramic_protocol.cid import ETH_TX, Cid
from ceramic_protocol.errors import OutsideError, UsageError
from ceramic_protocol.ports import Transaction
from ceramic_protocol.reasons import Finding, Reason

START = 1_710_000_000
ROOTS = [Cid.of(b"%d" % number) for number in range(6)]


def ticking() -> Callable[[], float]:
    """A clock that is a second and a half later each time."""
    return (START + 1.5 * number for number in itertools.count()).__next__


def known(chain: DevChain, tx_hash: bytes) -> Transaction:
    found = chain.transaction(chain.chain_id, tx_hash)
    assert isinstance(found, Transaction)
    return found


def all_known(chain: DevChain) -> dict[bytes, Transaction]:
    found: FileChain = pickle.loads(pickle.dumps(chain))
    return dict(found.transactions[chain.chain_id])


def test_blocks_begin_where_the_contract_counts_and_follow_the_clock() -> None:
    chain = DevChain(clock=ticking())
    assert chain.height == 1
    found = [known(chain, chain.anchor(root)) for root in ROOTS[:3]]
    assert [each.block_number for each in found] == [2, 3, 4]
    assert [each.timestamp for each in found] == [START, START + 1, START + 3]
    chain.mine(10)
    assert known(chain, chain.anchor(ROOTS[3])).block_number == 15
    assert chain.height == 15


def test_time_never_goes_back() -> None:
    times = iter([5.9, 3.0, -7.0, 6.0])
    chain = DevChain(clock=lambda: next(times))
    assert [known(chain, chain.anchor(root)).timestamp for root in ROOTS[:4]] == [5, 5, 5, 6]


def test_the_same_roots_and_times_make_the_same_transactions() -> None:
    first, second, other = (DevChain(clock=ticking()) for _ in range(3))
    hashes = [first.anchor(root) for root in ROOTS]
    assert [second.anchor(root) for root in ROOTS] == hashes
    assert len(set(hashes)) == len(hashes)
    assert not {other.anchor(root) for root in reversed(ROOTS)} & set(hashes)
    assert DevChain(chain_id="eip155:5").anchor(ROOTS[0]) != hashes[0]
    assert all_known(first) == all_known(second)


def test_the_same_root_can_be_anchored_again() -> None:
    chain = DevChain(clock=lambda: START)
    first, second = chain.anchor(ROOTS[0]), chain.anchor(ROOTS[0])
    assert first != second
    assert known(chain, first).input == known(chain, second).input


def test_blocks_by_number() -> None:
    chain = DevChain(clock=ticking())
    chain.mine(3)
    tx_hash = chain.anchor(ROOTS[0])
    chain.mine(2)
    blocks = [chain.block(number) for number in range(chain.height + 1)]
    assert [block.number for block in blocks if block] == list(range(8))
    assert [block.timestamp for block in blocks if block] == [0] * 5 + [START] * 3
    assert [block.number for block in blocks if block and block.anchor] == [5]
    assert len({block.hash for block in blocks if block}) == 8
    assert chain.block(8) is chain.block(-1) is None
    full = chain.block(5)
    assert full is not None
    assert full.hash == known(chain, tx_hash).block_hash
    assert chain.block_by_hash(full.hash) == full
    assert chain.block_by_hash(bytes(32)) is None


def test_many_threads_anchor_at_the_same_time(tmp_path: Path) -> None:
    roots = [Cid.of(b"%d" % number) for number in range(200)]
    with DevChain(path=tmp_path / "chain.json") as chain, ThreadPoolExecutor(8) as pool:
        hashes = list(pool.map(chain.anchor, roots))
        for root, tx_hash in zip(roots, hashes, strict=True):
            assert known(chain, tx_hash).input[4:] == root.digest
        before = all_known(chain)
        assert sorted(each.block_number for each in before.values()) == list(range(2, 202))
    with DevChain(path=tmp_path / "chain.json") as again:
        assert all_known(again) == before


def test_what_is_pickled_is_known_elsewhere() -> None:
    empty: FileChain = pickle.loads(pickle.dumps(DevChain()))
    assert empty.transaction(DEV_CHAIN_ID, bytes(32)) == Finding(Reason.ANCHOR_TX_UNKNOWN, "")
    assert empty.transaction("eip155:1", bytes(32)) == Finding(Reason.ANCHOR_CHAIN_UNKNOWN, "")


def test_a_chain_goes_on_where_it_was(tmp_path: Path) -> None:
    path, clock = tmp_path / "chain.json", ticking()
    whole = DevChain(clock=ticking())
    hashes = [whole.anchor(root) for root in ROOTS]
    for number, root in enumerate(ROOTS):
        with DevChain(path=path, clock=clock) as chain:
            assert chain.height == number + 1
            assert chain.anchor(root) == hashes[number]
        assert FileChain.load(path).transactions[DEV_CHAIN_ID] == all_known(chain)
    assert all_known(whole) == FileChain.load(path).transactions[DEV_CHAIN_ID]


def test_a_file_is_open_once(tmp_path: Path) -> None:
    path = tmp_path / "chain.json"
    with DevChain(path=path) as chain:
        with pytest.raises(OutsideError, match="it is open elsewhere; close it there"):
            DevChain(path=path)
        chain.anchor(ROOTS[0])
    with pytest.raises(OutsideError, match="it is closed; open it again"):
        chain.anchor(ROOTS[1])
    chain.close()
    with DevChain(path=path) as again:
        assert again.height == 2


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "chain.json"
    chain = DevChain(path=path, clock=ticking())
    first = chain.anchor(ROOTS[0])
    real = os.pwrite

    def half(handle: int, data: bytes, position: int) -> int:
        real(handle, data[: len(data) // 2], position)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", half)
    with pytest.raises(OutsideError, match=r"No space left on device; free some space"):
        chain.anchor(ROOTS[1])
    monkeypatch.undo()
    assert list(all_known(chain)) == [first]
    with pytest.raises(OutsideError):
        chain.anchor(ROOTS[1])
    with DevChain(path=path, clock=ticking()) as again:
        assert list(all_known(again)) == [first]


def written(path: Path) -> Iterator[bytes]:
    """The file after each anchor."""
    with DevChain(path=path, clock=ticking()) as chain:
        yield path.read_bytes()
        for root in ROOTS[:3]:
            chain.anchor(root)
            yield path.read_bytes()


def test_a_crash_loses_no_anchor_that_was_told(tmp_path: Path) -> None:
    path = tmp_path / "chain.json"
    states = list(written(path))
    assert states[0] == b"[\n]\n"
    for old, new in itertools.pairwise(states):
        start = next(at for at in range(len(old)) if old[at] != new[at])
        begin, middle, end = (
            range(start, start + 20),
            range(start, len(new), 41),
            range(len(new) - 5, len(new) + 1),
        )
        for cut in {*begin, *middle, *end}:
            beside = max(cut, len(old))
            torn = {new[:cut] + old[cut:], new[:cut] + bytes(beside - cut), new[:cut] + bytes(len(new) - cut)}
            for data in torn:
                path.write_bytes(data)
                DevChain(path=path).close()
                assert path.read_bytes() in (old, new)
                assert json.loads(path.read_bytes()) is not None


@pytest.mark.parametrize("data", [b"", b"[", b"[\n", b"[\n]", b"\0\0\0\0"])
def test_a_crash_at_the_very_beginning(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "chain.json"
    path.write_bytes(data)
    with DevChain(path=path) as chain:
        assert chain.height == 1
        chain.anchor(ROOTS[0])
    assert len(json.loads(path.read_bytes())) == 1


ANCHORING = """
import sys
from pathlib import Path
from ceramic_connectors.dev_chain import DevChain
from ceramic_protocol.cid import Cid

chain = DevChain(path=Path(sys.argv[1]))
number = 0
while True:
    print(chain.anchor(Cid.of(b"%d" % number)).hex(), flush=True)
    number += 1
"""


def test_a_process_that_is_killed_has_kept_its_word(tmp_path: Path) -> None:
    path = tmp_path / "chain.json"
    told: list[str] = []
    for _ in range(3):
        command = [sys.executable, "-c", ANCHORING, str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            told += itertools.islice(process.stdout, 20)
            process.send_signal(signal.SIGKILL)
            told += process.stdout
        with DevChain(path=path) as chain:
            kept = [tx_hash.hex() for tx_hash in all_known(chain)]
        assert [line.strip() for line in told] == [tx_hash for tx_hash in kept if f"{tx_hash}\n" in told]


def others() -> dict[str, bytes]:
    """Files that are none of a development chain's, and must be left as they are."""
    chain = DevChain(clock=ticking())
    entry = next(iter(entries(chain)))
    return {
        "text": b"my notes",
        "an object": b"{}\n",
        "a list": b"[1, 2]\n",
        "a list over lines": b'[\n  {\n    "chainId": "eip155:1337"\n  }\n]\n',
        "numbers": b"[\n1\n]\n",
        "no entry": b'[\n{"chainId":"eip155:1337"}\n]\n',
        "another chain": b"[\n" + json_of(entry | {"chainId": "eip155:1"}) + b"\n]\n",
        "another root": b"[\n" + json_of(entry | {"input": entry["input"][:-2] + "00"}) + b"\n]\n",
        "another time": b"[\n" + json_of(entry | {"timestamp": 1}) + b"\n]\n",
        "a failure": b"[\n" + json_of(entry | {"status": 0}) + b"\n]\n",
        "a wrong order": b"[\n" + b",\n".join(map(json_of, reversed(list(entries(chain, 2))))) + b"\n]\n",
        "long": b"[\n" + b'{"chainId":' + b"x" * 5000,
    }


def entries(chain: DevChain, count: int = 1) -> Iterator[dict[str, Any]]:
    for root in ROOTS[:count]:
        found = chain.find(chain.anchor(root))
        assert found is not None
        yield found.entry()


def json_of(entry: dict[str, Any]) -> bytes:
    return json.dumps(entry, separators=(",", ":")).encode()


@pytest.mark.parametrize("kind", others())
def test_other_files_are_refused_and_left_alone(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "chain.json"
    path.write_bytes(others()[kind])
    with pytest.raises(UsageError, match=r"chain\.json"):
        DevChain(path=path)
    assert path.read_bytes() == others()[kind]
    path.unlink()
    DevChain(path=path).close()


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(OutsideError, match="can't write the chain's file"):
        DevChain(path=tmp_path)


@pytest.mark.parametrize(
    ("chain_id", "contract"),
    [("eip155", "0x" + "00" * 20), ("solana:1", "0x" + "00" * 20), (DEV_CHAIN_ID, "0x1")],
)
def test_settings_that_make_no_sense(chain_id: str, contract: str) -> None:
    with pytest.raises(UsageError, match=r"^no development chain can be "):
        DevChain(chain_id=chain_id, contract=contract)


def test_another_contract() -> None:
    chain = DevChain(contract="0x" + "Ab" * 20)
    assert known(chain, chain.anchor(ROOTS[0])).to == "0x" + "ab" * 20


def test_a_root_of_another_length() -> None:
    short = Cid(bytes([1, ETH_TX & 0x7F | 0x80, 1, 0x12, 4]) + b"abcd")
    with pytest.raises(UsageError, match="its hash has 4 bytes"):
        DevChain().anchor(short)


def test_the_next_transaction_is_known_before_it_is_made() -> None:
    chain = DevChain(clock=ticking())
    chain.anchor(ROOTS[0])
    nonce, tx_hash = chain.upcoming(ROOTS[1])
    assert (nonce, chain.find(tx_hash)) == (1, None)
    for _ in range(3):
        chain.anchor_as(ROOTS[1], nonce)
        assert known(chain, tx_hash).input.endswith(ROOTS[1].digest)
    assert chain.height == 3, "it was made once"
    chain.anchor_as(ROOTS[2], 0)
    chain.anchor_as(ROOTS[2], 7)
    assert chain.height == 3, "neither is the next one"
    with pytest.raises(UsageError):
        chain.upcoming(Cid(b"\x01\x71\x12\x02ab"))
    with pytest.raises(UsageError):
        chain.anchor_as(Cid(b"\x01\x71\x12\x02ab"), 2)
