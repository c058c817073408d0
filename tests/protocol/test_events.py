"""From bytes to events: any bytes give an event or `InvalidEvent`, whole or cut anywhere."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_protocol import car, dagcbor
from ceramic_protocol.cid import DAG_JOSE, RAW, Cid
from ceramic_protocol.events import DataEvent, InitEvent, InvalidEvent, TimeEvent, decode_event
from ceramic_protocol.ids import CAIP10_LINK, METAMODEL, MODEL, MODEL_INSTANCE, TILE, StreamId
from ceramic_protocol.limits import MAX_BLOCK_BYTES, MAX_WITNESS_PATH
from ceramic_protocol.reasons import Outcome, Reason
from ceramic_protocol.verify import Verifier
from tests.support import corpus, signing, strategies
from tests.support.chains import KnownChain
from tests.support.signing import ed25519, plain

EVENT = (InitEvent, DataEvent, TimeEvent)
ME = ed25519()
INIT = signing.init(ME, {"n": 1})
DATA = signing.data(ME, INIT, INIT, [{"op": "add", "path": "/m", "value": 2}])
TIME = signing.time(INIT, DATA, KnownChain(), sibling=Cid.of(b"other leaf"))
SAMPLE = [data for data in corpus.cars().values() if len(data) < 5000]


def is_answered(data: bytes) -> InvalidEvent | None:
    """Whatever the bytes: an event, or an invalid one with a reason that rejects. Returns the latter."""
    found = decode_event(data)
    if isinstance(found, EVENT):
        return None
    assert isinstance(found, InvalidEvent)
    assert found.reason.outcome is Outcome.REJECTED
    assert found.detail.encode("utf-8")
    assert len(found.detail) < 1000
    return found


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    assert is_answered(data) is not None


@given(st.sampled_from(SAMPLE), st.data())
def test_real_events_cut_anywhere(event: bytes, data: st.DataObject) -> None:
    cut = event[: data.draw(st.integers(0, len(event) - 1))]
    if is_answered(cut) is None:
        # Only whole blocks are gone, that decoding can do without: witnesses, or some that nobody asked for.
        left, whole = decode_event(cut), decode_event(event)
        assert (left.cid, left.kind) == (whole.cid, whole.kind)  # type: ignore[union-attr]
        assert len(car.decode(cut).blocks) < len(car.decode(event).blocks)
        if isinstance(left, TimeEvent):
            assert Verifier(corpus.chain()).verify(left).reason in {Reason.ANCHOR_WITNESS_MISSING, None}


@pytest.mark.parametrize("event", [INIT, DATA, TIME], ids=["init", "data", "time"])
def test_events_cut_at_every_byte(event: signing.Made) -> None:
    assert is_answered(event.car) is None
    for end in range(len(event.car)):
        found = is_answered(event.car[:end])
        assert found is not None
        assert found.reason in {Reason.CAR_TRUNCATED, Reason.BLOCK_MISSING}


@given(st.sampled_from(SAMPLE), st.data())
def test_real_events_with_bytes_changed_put_in_and_taken_out(event: bytes, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(event)))
        end = data.draw(st.integers(start, min(start + 4, len(event))))
        event = event[:start] + data.draw(st.binary(max_size=4)) + event[end:]
    is_answered(event)


@given(st.sampled_from(SAMPLE), st.data())
def test_a_changed_byte_in_a_block_is_noticed(event: bytes, data: st.DataObject) -> None:
    if isinstance(decode_event(event), InvalidEvent):
        return
    archive = car.decode(event)
    number = data.draw(st.integers(0, len(archive.blocks) - 1))
    cid, block = archive.blocks[number]
    at = data.draw(st.integers(0, len(block) - 1))
    changed = block[:at] + bytes([block[at] ^ data.draw(st.integers(1, 255))]) + block[at + 1 :]
    blocks = [*archive.blocks[:number], (cid, changed), *archive.blocks[number + 1 :]]
    found = is_answered(car.encode(archive.roots, blocks))
    assert found is not None
    assert found.reason is Reason.BLOCK_HASH_MISMATCH


names = st.sampled_from(["data", "header", "id", "prev", "proof", "path", "payload", "signatures", "x"])
headers = st.dictionaries(
    st.sampled_from(["controllers", "model", "unique", "sep", "shouldIndex", "context", "modelVersion"]),
    strategies.ipld,
)


@given(st.dictionaries(names, st.one_of(strategies.ipld, headers)), st.booleans())
def test_any_root_block(value: dict[str, Any], is_signed: bool) -> None:
    block = dagcbor.encode(value)
    cid = Cid.of(block, DAG_JOSE) if is_signed else Cid.of(block)
    is_answered(car.encode([cid], [(cid, block)]))


@given(st.dictionaries(names, st.one_of(strategies.ipld, headers)))
def test_any_payload(value: dict[str, Any]) -> None:
    is_answered(signing.sign(value, ME).car)


@given(
    st.dictionaries(st.sampled_from(["root", "txHash", "txType", "chainId", "x"]), strategies.ipld),
    strategies.ipld,
)
def test_any_proof_and_path(proof: dict[str, Any], path: Any) -> None:
    block = dagcbor.encode(proof)
    root = dagcbor.encode({"id": INIT.cid, "prev": INIT.cid, "proof": Cid.of(block), "path": path})
    is_answered(car.encode([Cid.of(root)], [(Cid.of(root), root), (Cid.of(block), block)]))


@pytest.mark.parametrize(
    "block",
    [
        b"\x81" * 200_000,
        (b"\x98\xff" + b"\xf6" * 255) * 900,
        b"\x9a\x00\x03\x0d\x40" + b"\x80" * 200_000,
        b"\xb9\xff\xff" + b"\x63aaa\xf6" * 40_000,
        dagcbor.encode({f"{number:05}": [] for number in range(25_000)}),
    ],
    ids=["deep", "wide", "many lists", "double keys", "many keys"],
)
def test_hostile_blocks_take_no_time(block: bytes) -> None:
    cid = Cid.of(block)
    start = time.process_time()
    assert is_answered(car.encode([cid], [(cid, block)])) is not None
    assert time.process_time() - start < 2


def test_many_large_blocks_take_no_time() -> None:
    blocks = [(Cid.of(block), block) for block in (bytes([number]) * 16_000 for number in range(120))]
    start = time.process_time()
    assert is_answered(INIT.with_blocks([*INIT.blocks, *blocks])) is None
    assert time.process_time() - start < 2


def test_what_a_signed_init_says() -> None:
    event = INIT.decode()
    assert isinstance(event, InitEvent)
    assert (event.cid, event.stream, event.prev, event.kind) == (INIT.cid, INIT.cid, None, "init")
    assert event.header.controller == ME.did
    assert event.header.model == signing.ANY_MODEL
    assert event.header.stream_type == MODEL_INSTANCE
    assert (event.header.unique, event.header.context, event.header.should_index) == (None, None, True)
    assert event.data == {"n": 1}
    assert event.envelope is not None
    assert event.envelope.header.signer == ME.did
    assert Cid.of(event.payload) == event.envelope.payload


def test_what_a_data_event_says() -> None:
    event = DATA.decode()
    assert isinstance(event, DataEvent)
    assert (event.cid, event.stream, event.prev, event.header) == (DATA.cid, INIT.cid, INIT.cid, {})
    assert event.data == [{"op": "add", "path": "/m", "value": 2}]


def test_what_a_time_event_says() -> None:
    event = TIME.decode()
    assert isinstance(event, TimeEvent)
    assert (event.cid, event.stream, event.prev, event.path) == (TIME.cid, INIT.cid, DATA.cid, (0,))
    assert (event.proof.chain_id, event.proof.tx_type, len(event.proof.tx_hash)) == (
        signing.CHAIN_ID,
        "f(bytes32)",
        32,
    )
    assert list(event.witnesses) == [event.proof.root]


def test_an_unsigned_init_is_its_payload() -> None:
    made = plain({"data": None, "header": {"controllers": [ME.did], "model": bytes(signing.ANY_MODEL)}})
    event = made.decode()
    assert isinstance(event, InitEvent)
    assert event.envelope is None
    assert event.cid == Cid.of(event.payload)


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ({"model": bytes(METAMODEL)}, MODEL),
        ({"model": bytes(StreamId.of(MODEL, Cid.of(b"m")))}, MODEL_INSTANCE),
        ({}, TILE),
        ({"family": "caip10-eip155:1"}, CAIP10_LINK),
        ({"family": "blog", "unique": "text", "schema": "k"}, TILE),
        ({"family": 1}, TILE),
    ],
)
def test_the_stream_type_follows_from_the_header(header: dict[str, Any], wanted: int) -> None:
    event = plain({"data": None, "header": {"controllers": ["did:x:y"], **header}}).decode()
    assert isinstance(event, InitEvent)
    assert event.header.stream_type == wanted


def refused(data: bytes) -> Reason:
    found = decode_event(data)
    assert isinstance(found, InvalidEvent), found
    return found.reason


MODEL_BYTES = bytes(signing.ANY_MODEL)


def payload(**header: object) -> dict[str, Any]:
    return {"data": None, "header": {"controllers": [ME.did], "model": MODEL_BYTES} | header}


@pytest.mark.parametrize(
    "value",
    [
        [1],
        None,
        {},
        {"data": None},
        {"data": None, "header": []},
        {"data": None, "header": {}, "extra": 1},
        payload(controllers=ME.did),
        payload(controllers=[1]),
        payload(model=None),
        payload(model=str(signing.ANY_MODEL)),
        payload(model=MODEL_BYTES + b"\0"),
        payload(model=Cid.of(b"m")),
        payload(sep=1),
        payload(unique="text"),
        payload(context="text"),
        payload(shouldIndex=1),
        payload(modelVersion=b"x"),
        {"id": INIT.cid, "data": []},
        {"id": INIT.cid, "prev": INIT.cid},
        {"id": INIT.cid, "prev": bytes(INIT.cid), "data": []},
        {"id": str(INIT.cid), "prev": INIT.cid, "data": []},
        {"id": INIT.cid, "prev": [INIT.cid], "data": []},
        {"id": INIT.cid, "prev": INIT.cid, "data": [], "header": None},
        {"id": INIT.cid, "prev": INIT.cid, "data": [], "header": [], "x": 1},
        {"id": INIT.cid, "prev": INIT.cid, "proof": INIT.cid, "path": 1},
        {"id": INIT.cid, "prev": INIT.cid, "proof": None, "path": ""},
        payload(unique=Cid.of(b"link")),
        payload(context=Cid.of(b"link")),
    ],
    ids=lambda value: repr(value)[-60:],
)
def test_blocks_that_are_no_event(value: Any) -> None:
    assert refused(plain(value).car) is Reason.EVENT_MALFORMED


@pytest.mark.parametrize(
    "path", ["/", "0/", "/0", "a", "-1", "0//1", " 0", "0 ", "1.0", "٣", "100", "+1", "0x1"]
)
def test_paths_that_are_no_path(path: str) -> None:
    assert refused(_with_path(path)) is Reason.EVENT_MALFORMED


def test_paths() -> None:
    for text, wanted in {"": (), "0": (0,), "1/0/12": (1, 0, 12), "00": (0,)}.items():
        found = decode_event(_with_path(text))
        assert isinstance(found, TimeEvent)
        assert found.path == wanted
    assert isinstance(decode_event(_with_path("/".join("0" * MAX_WITNESS_PATH))), TimeEvent)
    assert refused(_with_path("/".join("0" * (MAX_WITNESS_PATH + 1)))) is Reason.EVENT_MALFORMED


def _with_path(path: str) -> bytes:
    proof_cid, proof = TIME.blocks[-2]
    root = dagcbor.encode({"id": INIT.cid, "prev": DATA.cid, "proof": proof_cid, "path": path})
    return car.encode([Cid.of(root)], [(proof_cid, proof), (Cid.of(root), root)])


def _with_proof(**changes: object) -> bytes:
    proof: dict[str, object] = {
        "root": INIT.cid,
        "txHash": INIT.cid,
        "txType": "f(bytes32)",
        "chainId": "eip155:1",
    }
    block = dagcbor.encode({name: item for name, item in (proof | changes).items() if item is not ...})
    root = dagcbor.encode({"id": INIT.cid, "prev": INIT.cid, "proof": Cid.of(block), "path": ""})
    return car.encode([Cid.of(root)], [(Cid.of(root), root), (Cid.of(block), block)])


@pytest.mark.parametrize(
    "changes",
    [
        {"root": None},
        {"root": ...},
        {"txHash": bytes(32)},
        {"txType": 1},
        {"chainId": 1},
        {"chainId": ...},
        {"x": 1},
    ],
    ids=repr,
)
def test_proofs_that_are_no_proof(changes: dict[str, object]) -> None:
    assert refused(_with_proof(**changes)) is Reason.EVENT_MALFORMED


def test_a_transaction_hash_has_32_bytes() -> None:
    assert refused(_with_proof(txHash=Cid(b"\x01\x55\x00\x03abc"))) is Reason.EVENT_MALFORMED


def test_a_proof_without_type_is_a_legacy_one() -> None:
    found = decode_event(_with_proof(txType=...))
    assert isinstance(found, TimeEvent)
    assert found.proof.tx_type == "raw"


def test_missing_and_wrong_blocks() -> None:
    (payload_cid, payload_block), (root, root_block) = INIT.blocks
    cases = {
        Reason.BLOCK_MISSING: [
            INIT.with_blocks([(payload_cid, payload_block)]),
            INIT.with_blocks([(root, root_block)]),
        ],
        Reason.BLOCK_HASH_MISMATCH: [INIT.with_blocks([(payload_cid, b"\xa0"), (root, root_block)])],
        Reason.BLOCK_TOO_LARGE: [INIT.with_blocks([*INIT.blocks, (root, bytes(MAX_BLOCK_BYTES + 1))])],
        Reason.HASH_UNSUPPORTED: [
            INIT.with_blocks([*INIT.blocks, (Cid(b"\x01\x71\x1b\x20" + bytes(32)), b"x")])
        ],
        Reason.CAR_MALFORMED: [_without_root()],
    }
    for reason, archives in cases.items():
        for archive in archives:
            assert refused(archive) is reason


def _without_root() -> bytes:
    header = dagcbor.encode({"roots": [], "version": 1})
    return bytes([len(header)]) + header


def test_the_largest_block_is_read() -> None:
    event = plain({"data": "x" * (MAX_BLOCK_BYTES - 200), "header": {"controllers": []}})
    assert isinstance(event.decode(), InitEvent)
    # One byte more than allowed, whatever it holds.
    over = bytes(MAX_BLOCK_BYTES + 1)
    assert refused(INIT.with_blocks([*INIT.blocks, (Cid.of(over, RAW), over)])) is Reason.BLOCK_TOO_LARGE
    most = over[:-1]
    assert isinstance(decode_event(INIT.with_blocks([*INIT.blocks, (Cid.of(most, RAW), most)])), InitEvent)


def test_missing_capability_and_proof() -> None:
    capability = Cid.of(b"nowhere")
    signed = signing.sign(payload(), ME, signing.protected(ME, cap=f"ipfs://{capability}"))
    assert refused(signed.car) is Reason.BLOCK_MISSING
    assert refused(TIME.with_blocks([TIME.blocks[-1]])) is Reason.BLOCK_MISSING


def test_order_and_number_of_blocks_do_not_matter() -> None:
    other = (Cid.of(b"extra", RAW), b"extra")
    blocks = [*reversed(INIT.blocks), other, other]
    assert decode_event(INIT.with_blocks(blocks)) == INIT.decode()


def test_the_codec_of_the_root_tells_what_it_is() -> None:
    _cid, block = INIT.blocks[-1]
    for codec in (RAW, 0x55AA):
        cid = Cid.of(block, codec)
        assert refused(car.encode([cid], [(cid, block)])) is Reason.EVENT_MALFORMED
    # An envelope under the codec of plain blocks is no event.
    assert (
        refused(car.encode([Cid.of(block)], [INIT.blocks[0], (Cid.of(block), block)]))
        is Reason.EVENT_MALFORMED
    )


def test_an_invalid_event_names_its_cid() -> None:
    found = decode_event(INIT.with_blocks([INIT.blocks[-1]]))
    assert isinstance(found, InvalidEvent)
    assert found.cid == INIT.cid


def test_a_truncated_event_whose_header_is_whole_names_its_cid() -> None:
    found = decode_event(INIT.car[:-1])
    assert isinstance(found, InvalidEvent)
    assert (found.reason, found.cid) == (Reason.CAR_TRUNCATED, INIT.cid)
