"""The keys of Recon: the tree says what a plain sum says, and its keys are those of the events."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_node.clock import SystemClock
from ceramic_node.store.memory import MemoryStore
from ceramic_node.store.memory_recon import MemoryReconKeys
from ceramic_node.store.sqlite import SqliteStore, open_store, recon_tree
from ceramic_node.store.sqlite.check_recon import check_tree
from ceramic_node.store.sqlite.recon_keys import between, nth
from ceramic_node.store.sqlite.recon_schema import TABLES
from ceramic_node.store.sqlite.recon_tree import ReconTree, height
from ceramic_protocol.errors import StoreCorruption, UsageError
from ceramic_protocol.event_ids import EventId, EventRange
from ceramic_protocol.networks import IN_MEMORY, MAINNET
from ceramic_protocol.reasons import Reason
from ceramic_protocol.recon_port import NO_KEYS, RangeHash, cuts, lanes_of
from ceramic_protocol.sha256a import Sha256a
from tests.node.store.making import ALICE, BOB, NOTE, POST, chain_of, data, init, known_as, time
from tests.node.store.reading import all_keys, feed_of

A, B, TILE = init("a"), init("b", BOB, POST), init("tile", BOB, None)
A1, A2 = chain_of(A, 2)
END = b"\xff"


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MemoryStore | SqliteStore]:
    if request.param == "memory":
        yield MemoryStore(network=MAINNET)
        return
    with open_store(tmp_path, clock=SystemClock(), network=MAINNET) as made:
        yield made
        assert made.check() == []


def test_every_delivered_event_has_its_key(store: MemoryStore | SqliteStore) -> None:
    store.put([A, A2, B, TILE, data(TILE, TILE, 1)])
    assert len(all_keys(store.recon)) == 2
    store.put([A1])
    wanted = sorted(
        entry.facts.event_id(entry.checked.cid, MAINNET)
        for entry in feed_of(store)
        if entry.facts.model is not None
    )
    assert all_keys(store.recon) == wanted
    assert len(wanted) == 4
    assert store.recon.keys(b"", END, 2) == wanted[:2]
    of_model = EventRange.of(MAINNET, NOTE)
    found = store.recon.range_hash(of_model.start, of_model.end)
    assert (found.count, found.hash) == (3, Sha256a.of_all(key for key in wanted if of_model.covers(key)))
    of_bob = EventRange.of(MAINNET, POST, BOB)
    assert store.recon.range_hash(of_bob.start, of_bob.end).count == 1
    of_stream = EventRange.of(MAINNET, NOTE, ALICE, A.checked.cid)
    assert store.recon.range_hash(of_stream.start, of_stream.end).count == 3
    assert store.recon.range_hash(of_bob.end, of_bob.start) == NO_KEYS
    assert store.recon.range_hash(*EventRange.of(IN_MEMORY, NOTE)) == NO_KEYS


def test_what_is_refused_is_not_offered(store: MemoryStore | SqliteStore) -> None:
    refused = known_as(A1, reason=Reason.SIGNATURE_INVALID, detail="no")
    unknown = time(A, A)
    store.put([A, refused, A2, unknown])
    assert {key.cid for key in all_keys(store.recon)} == {A.checked.cid, A2.checked.cid, unknown.checked.cid}
    store.put([A1])
    assert A1.checked.cid in {key.cid for key in all_keys(store.recon)}
    store.put([known_as(unknown, reason=Reason.ANCHOR_TX_UNKNOWN), known_as(unknown)])
    offered = {key.cid for key in all_keys(store.recon)}
    assert (unknown.checked.cid in offered) is (len(offered) == 4)
    report = store.snapshot(A.checked.cid).events[unknown.checked.cid]
    assert (unknown.checked.cid in offered) is (report.outcome.value != "rejected")


def test_splitting(store: MemoryStore | SqliteStore) -> None:
    store.put([A, *chain_of(A, 40), B])
    keys = all_keys(store.recon)
    for index in (0, 1, 20, 40, 41):
        assert store.recon.key_at(b"", END, index) == keys[index]
        assert store.recon.key_at(keys[1], keys[-1], index) == (keys[1 + index] if index < 40 else None)
    assert store.recon.key_at(b"", END, 42) is store.recon.key_at(b"", END, -1) is None
    for parts in (1, 2, 5, 42, 100):
        found = store.recon.split(b"", END, parts)
        assert found == [keys[index] for index in cuts(42, parts)]
        bounds = [b"", *found, END]
        sizes = [store.recon.range_hash(low, high).count for low, high in pairwise(bounds)]
        assert sum(sizes) == 42
        assert max(sizes) - min(sizes) <= 1
    for limit in (0, 10_001):
        with pytest.raises(UsageError):
            store.recon.keys(b"", END, limit)
        with pytest.raises(UsageError):
            store.recon.split(b"", END, limit)


def test_a_store_is_of_one_network(tmp_path: Path) -> None:
    with open_store(tmp_path, clock=SystemClock(), network=MAINNET):
        pass
    with open_store(tmp_path, clock=SystemClock()) as store:
        assert store.network == MAINNET
    with pytest.raises(UsageError, match="mainnet"):
        open_store(tmp_path, clock=SystemClock(), network=IN_MEMORY)
    with open_store(tmp_path, clock=SystemClock(), network=MAINNET):
        pass


def test_lanes_are_those_of_the_set_hash() -> None:
    key = b"hello"
    assert RangeHash(1, lanes_of(key)).hash == Sha256a.of(key)
    assert NO_KEYS.hash.is_zero
    # As in ceramic-one, which adds in doubles: 2^53 + 1 is none.
    huge = RangeHash(2**22, ((1 << 53) + 1,) * 8)
    assert (huge.hash.lanes, huge.rounded.lanes) == ((1,) * 8, (0,) * 8)


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as made:
        for statement in TABLES:
            made.execute(statement)
        yield made


def key_of(number: int) -> bytes:
    return sha256(b"%d" % number).digest()[: 2 + number % 3]


NUMBERS = st.integers(0, 400)


@given(
    batches=st.lists(
        st.tuples(st.sets(NUMBERS, max_size=60), st.sets(NUMBERS, max_size=20), st.booleans()), max_size=6
    ),
    bounds=st.lists(NUMBERS, max_size=6),
    sizes=st.sampled_from([(3, 2), (4, 2), (5, 3), (64, 32)]),
)
def test_the_tree_says_what_a_plain_sum_says(
    batches: list[tuple[set[int], set[int], bool]], bounds: list[int], sizes: tuple[int, int]
) -> None:
    with pytest.MonkeyPatch.context() as patch, closing(sqlite3.connect(":memory:")) as db:
        patch.setattr(recon_tree, "MOST_CHILDREN", sizes[0])
        patch.setattr(recon_tree, "_PIECE", sizes[1])
        patch.setattr("ceramic_node.store.sqlite.check_recon.MOST_CHILDREN", sizes[0])
        for statement in TABLES:
            db.execute(statement)
        tree, memory = ReconTree(), MemoryReconKeys()
        kept: set[bytes] = set()
        for new, old, forget in batches:
            added = {key_of(number) for number in new} - kept
            removed = {key_of(number) for number in old} & kept - added
            tree.change(db, list(added), list(removed))
            kept = (kept | added) - removed
            for key in added:
                memory.add(EventId(key))
            for key in removed:
                memory.discard(EventId(key))
            if forget:
                tree.clear()
        assert list(check_tree(db)) == []
        assert list(kept) == [] or height(db) >= 1
        ends = sorted([b"", END * 5, *(key_of(number) for number in bounds)])
        for start in ends:
            for end in ends:
                within = [key for key in kept if start <= key < end]
                found = between(db, start, end)
                assert (found.count, found.hash) == (len(within), Sha256a.of_all(within))
                assert found == memory.range_hash(start, end)
        assert [nth(db, index) for index in range(len(kept))] == sorted(kept)


def test_many_keys(db: sqlite3.Connection) -> None:
    random, tree, keys = Random(3), ReconTree(), list[bytes]()
    while len(keys) < 30_000:
        batch = [random.randbytes(40) for _ in range(random.choice([1, 10, 1500]))]
        tree.change(db, batch, ())
        keys += batch
    assert height(db) == 3
    assert list(check_tree(db)) == []
    keys.sort()
    steps = 0

    def count() -> None:
        nonlocal steps
        steps += 1

    # In units of ten steps of SQLite's machine: far fewer than there are keys.
    db.set_progress_handler(count, 10)
    for _ in range(50):
        low, high = sorted(random.sample(range(30_000), 2))
        found = between(db, keys[low], keys[high])
        assert (found.count, found.hash) == (high - low, Sha256a.of_all(keys[low:high]))
        assert nth(db, low) == keys[low]
    assert steps / 50 * 10 < 12_000


def test_a_key_that_should_go_and_is_not_there(db: sqlite3.Connection) -> None:
    tree = ReconTree()
    tree.change(db, [b"a"], ())
    with pytest.raises(StoreCorruption):
        tree.change(db, (), [b"b"])
    with pytest.raises(sqlite3.IntegrityError):
        tree.change(db, [b"a"], ())
    with pytest.raises(StoreCorruption):
        nth(db, 5)
