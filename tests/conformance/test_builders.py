"""Events built anew from their parts have the bytes that ceramic-one and the SDK gave them.

Where the key is known the event is signed with it; where it isn't, the signature is put in as it was found,
so that all other bytes are still ours. Each test says how many cases its file has.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from ceramic_protocol import car as carv1
from ceramic_protocol import dagcbor, multibase
from ceramic_protocol.accounts.did import KeyType
from ceramic_protocol.accounts.signers import SIGNERS, Ed25519Signer, LocalSigner, Signer
from ceramic_protocol.build_init import deterministic_init, deterministic_stream_id
from ceramic_protocol.build_time import encode_proof, time_event
from ceramic_protocol.builder import EventBuilder, protected_header
from ceramic_protocol.built import BuiltEvent
from ceramic_protocol.cid import DAG_JOSE, Cid
from ceramic_protocol.errors import EncodeError
from ceramic_protocol.events import DataEvent, InitEvent, InvalidEvent, Proof, TimeEvent, decode_event
from ceramic_protocol.history import Judged
from ceramic_protocol.ids import MODEL_INSTANCE, StreamId
from ceramic_protocol.jose import Envelope, decode_envelope
from ceramic_protocol.ports import NoChain, RawEvent
from ceramic_protocol.profiles.strict import check_envelope
from ceramic_protocol.rows import conclusion_data
from ceramic_protocol.verify import Verifier
from tests.support import vectors

ED25519_SEEDS = (
    bytes(32),
    bytes.fromhex("df9ecf4c79e5ad77701cfc88c196632b353149d85810a381f469f8fc05dc1b92"),
    bytes.fromhex("810d51e02cb63066b7d2d2ec67e05e18c29b938412050bdd3c04d878d8001f3c"),
)
"""The private keys that the references publish in their tests (events.md 7)."""

KNOWN_KEYS: Mapping[str, LocalSigner] = {key.did: key for key in map(Ed25519Signer, ED25519_SEEDS)}


@dataclass
class Recorded:
    """Answers with a signature that was found."""

    did: str
    algorithm: str
    signature: bytes

    def sign(self, message: bytes) -> bytes:
        """The signature, whatever the message."""
        del message
        return self.signature


def signer_of(envelope: Envelope, keys: Mapping[str, LocalSigner]) -> Signer:
    """The key itself if it is known, else its signature."""
    did, algorithm = envelope.header.signer, envelope.header.alg
    assert did is not None
    assert algorithm is not None
    return keys.get(did) or Recorded(did, algorithm, envelope.signature)


def rebuilt(car: bytes, keys: Mapping[str, LocalSigner] = KNOWN_KEYS) -> BuiltEvent:
    """The event in `car`, built from its parts alone."""
    event = decode_event(car)
    assert not isinstance(event, InvalidEvent), event
    blocks = dict(carv1.decode(car).blocks)
    if isinstance(event, TimeEvent):
        return rebuilt_time(event, blocks)
    if event.envelope is None:
        assert isinstance(event, InitEvent)
        if event.data is not None:
            raise EncodeError("unsigned and with content")
        return deterministic_init(event.header.controller, model_of(event), **init_members(event))
    kid, capability = event.envelope.header.kid, event.envelope.header.capability
    builder = EventBuilder(
        signer_of(event.envelope, keys),
        controller=event.header.controller if isinstance(event, InitEvent) else "unused",
        capability=None if capability is None else blocks[capability],
        fragment=kid is not None and "#" in kid,
    )
    if isinstance(event, DataEvent):
        header: Any = event.header
        members = {"should_index": header.get("shouldIndex"), "model_version": header.get("modelVersion")}
        return builder.data(event.stream, event.prev, event.data, **members)
    return builder.init(model_of(event), event.data, **init_members(event))


def model_of(event: InitEvent) -> StreamId:
    """The model that the init header names."""
    assert event.header.model is not None
    return event.header.model


def init_members(event: InitEvent) -> dict[str, Any]:
    """The other members of an init header, as the builders take them."""
    fields = event.header.fields
    context = event.header.context
    return {
        "unique": event.header.unique,
        "context": None if context is None else StreamId.from_bytes(context),
        "should_index": fields.get("shouldIndex"),
        "model_version": event.header.model_version,
        "sep": fields.get("sep"),
    }


def rebuilt_time(event: TimeEvent, blocks: Mapping[Cid, bytes]) -> BuiltEvent:
    """A time event from its proof, path and nodes; the nodes come in another order."""
    value = dagcbor.decode(blocks[event.cid])
    assert isinstance(value, dict)
    assert isinstance(value["proof"], Cid)
    proof = blocks[value["proof"]]
    nodes = sorted(event.witnesses.values())
    assert event.stream is not None
    return time_event(event.stream, event.prev, proof, event.path, nodes)


def car_of(text: str) -> bytes:
    """A CAR from standard base64."""
    return base64.b64decode(text)


SIGNED_BY_US = {
    "rust_car_signed_data_event.json",
    "rust_car_signed_init_event.json",
}
RUST_CARS = SIGNED_BY_US | {
    "rust_car_cacao_signed_data_event.json",
    "rust_car_data_event_unsigned_init.json",
    "rust_car_gitcoin_model.json",
    "rust_car_time_event_multi_event_batch.json",
    "rust_car_time_event_single_event_batch.json",
    "rust_car_unsigned_init_event.json",
}
NOT_REBUILT = {
    "rust_car_unsigned_init_no_sep.json": "unsigned with content: ceramic-one takes it, the protocol doesn't",
    "rust_car_gitcoin_cacao.json": "the envelope's bytes have a `link` and do not hash to their CID",
}


CAR_FILES = vectors.names("reference", "rust_car_*.json") if vectors.is_named() else sorted(RUST_CARS)


@pytest.mark.skipif(vectors.is_named(), reason="other vectors than the project's own")
def test_every_car_of_the_rust_crates_is_listed() -> None:
    found = {path.name for path in vectors.folder("reference").glob("rust_car_*.json")}
    assert found == RUST_CARS | NOT_REBUILT.keys()
    assert (len(RUST_CARS), len(NOT_REBUILT)) == (8, 2)


@pytest.mark.parametrize("name", CAR_FILES)
def test_cars_of_the_rust_crates(name: str) -> None:
    vector = vectors.reference(name)
    car = car_of(vector["expected"]["car_base64"])
    assert multibase.decode(vector["input"]["multibase"]) == car
    if name not in RUST_CARS and is_not_rebuilt(vector["expected"]):
        return
    built = rebuilt(car)
    assert built.car == car
    assert str(built.cid) == vector["expected"]["root"]
    envelope = getattr(built.event, "envelope", None)
    if not vectors.is_named():
        assert (envelope is not None and envelope.header.signer in KNOWN_KEYS) is (name in SIGNED_BY_US)
    if envelope is not None:
        assert check_envelope(envelope) is None


def is_not_rebuilt(wanted: Any) -> bool:
    """Whether a CAR holds no event of the protocol: a wrong hash, or content without signature."""
    event = decode_event(car_of(wanted["car_base64"]))
    if isinstance(event, InvalidEvent):
        assert not all(block["hash_matches_cid"] for block in wanted["blocks"])
        return True
    return isinstance(event, InitEvent) and event.envelope is None and event.data is not None


def test_the_car_that_the_protocol_has_no_builder_for() -> None:
    vector = vectors.reference("rust_car_unsigned_init_no_sep.json")
    with pytest.raises(EncodeError, match="unsigned and with content"):
        rebuilt(car_of(vector["expected"]["car_base64"]))


def test_the_car_whose_envelope_was_written_with_a_link() -> None:
    """Without the member that dag-jose never stores, the event has its real CID (accounts.md 2.1)."""
    car = car_of(vectors.reference("rust_car_gitcoin_cacao.json")["expected"]["car_base64"])
    assert isinstance(decode_event(car), InvalidEvent)
    *others, (_cid, block) = carv1.decode(car).blocks
    envelope = dagcbor.decode(block)
    assert isinstance(envelope, dict)
    assert envelope.pop("link") is None
    stripped = dagcbor.encode(envelope)
    root = Cid.of(stripped, DAG_JOSE)
    known = "bagcqcera6zhhs3vt3vmkanmwj3gksysl3vk7y3uzr3wjsj4i5lbiyca5bhna"
    assert str(root) == known or vectors.is_named()
    real = carv1.encode([root], [*others, (root, stripped)])
    assert rebuilt(real).car == real


def test_signed_init_of_ceramic_one() -> None:
    vector = vectors.reference("rust_build_signed_init.json")
    given, wanted = vector["input"], vector["expected"]
    signer = Ed25519Signer(bytes.fromhex(given["ed25519_private_key_hex"]))
    assert signer.did == given["controller"]
    model = StreamId.parse(given["model"])
    built = EventBuilder(signer).init(model, given["data"], unique=bytes(given["unique"]), sep=given["sep"])
    event = built.event
    assert isinstance(event, InitEvent)
    assert event.envelope is not None
    assert event.envelope.header.kid == given["kid"]
    assert str(built.cid) == wanted["envelope_cid"]
    assert multibase.encode(event.payload, "u") == wanted["payload_multibase"]
    assert multibase.encode(carv1.decode(built.car).blocks[-1][1], "u") == wanted["envelope_multibase"]
    assert multibase.encode(built.car, "u") == wanted["car_multibase"]


def test_data_payload_of_ceramic_one() -> None:
    vector = vectors.reference("rust_build_data_payload.json")
    given, wanted = vector["input"], vector["expected"]
    builder = EventBuilder(Ed25519Signer(ED25519_SEEDS[1]))
    event = builder.data(Cid.parse(given["id"]), Cid.parse(given["prev"]), given["data"]).event
    assert isinstance(event, DataEvent)
    assert event.payload.hex() == wanted["payload_hex"]
    assert multibase.encode(event.payload, "u") == wanted["payload_multibase"]


def test_time_event_without_tree() -> None:
    vector = vectors.reference("rust_time_event_no_tree.json")
    given, wanted = vector["input"], vector["expected"]
    prev = Cid.parse(given["prev"])
    tx_hash = bytes.fromhex(wanted["tx_hash_hex"].removeprefix("0x"))
    proof = Proof(prev, tx_hash, given["tx_type"], given["chain_id"])
    assert Cid.parse(given["tx_hash_cid"]).digest == tx_hash
    assert str(Cid.of(encode_proof(proof))) == wanted["proof_cid"]
    built = time_event(Cid.parse(given["id"]), prev, proof)
    assert str(built.cid) == wanted["event_cid"]
    assert built.car == car_of(wanted["car_base64"])


def test_blocks_of_plain_values() -> None:
    vector = vectors.reference("rust_dagcbor_structs.json")
    assert len(vector["expected"]) == 2 or vectors.is_named()
    for value, wanted in zip(vector["input"], vector["expected"], strict=True):
        block = dagcbor.encode(value)
        assert block.hex() == wanted["cbor_hex"]
        assert str(Cid.of(block)) == wanted["cid"]
        assert dagcbor.decode(block) == value


def test_six_chained_events_of_ceramic_one() -> None:
    vector = vectors.reference("rust_conclusion_events.json")
    given = vector["input"]
    signer = Ed25519Signer(bytes.fromhex(given["ed25519_private_key_hex"]))
    builder = EventBuilder(signer, fragment=False)
    first, second = (StreamId(bytes.fromhex(given[f"model_stream_{number}"])) for number in (1, 2))
    one = builder.init(first, None, unique=None)
    one_a = builder.data(one.cid, one.cid, {"stream_1": "data_1"})
    one_b = builder.data(one.cid, one_a.cid, {"stream_1": "data_2"})
    two = deterministic_init(signer.did, second)
    two_a = builder.data(two.cid, two.cid, {"stream2": "data_1"}, should_index=False)
    # The test's own transaction: a CID under codec 0, which no chain has.
    tx_hash = Cid(b"\x01\x00" + Cid.of(b"root cid").multihash)
    members = {"root": two_a.cid, "txHash": tx_hash, "txType": "test", "chainId": "test:chain"}
    two_t = time_event(two.cid, two_a.cid, dagcbor.encode(members))
    made = {str(event.cid): event for event in (one, one_a, one_b, two, two_a, two_t)}
    wanted = {row["event_cid"] for row in vector["expected"]}
    assert made.keys() == wanted or (vectors.is_named() and made.keys() >= wanted)
    assert len(wanted) == 6 or vectors.is_named()
    for row in vector["expected"]:
        built = made[row["event_cid"]]
        checked = Verifier(NoChain()).check(RawEvent(built.car, built.cid, "rust", 0))
        assert not isinstance(checked, InvalidEvent)
        assert str(checked.stream) == row["stream_cid"]
        assert [str(checked.prev)] * (checked.prev is not None) == row["previous"]
        data = conclusion_data(Judged(checked, None, None, 0))
        assert (None if data is None else data.decode()) == row["data"]
        assert checked.signer == (signer.did if checked.cid.codec == DAG_JOSE else None)


SDK_KEYS = {"rust_validation_key_ed25519.json": True, "rust_validation_key_ecdsa_p256.json": False}
"""Files of the SDK's own events → whether its key is known."""


@pytest.mark.parametrize("name", SDK_KEYS)
def test_events_of_the_sdk(name: str) -> None:
    vector = vectors.reference(name)
    meta = vector["expected"]["root_meta"]
    blocks = dict(carv1.decode(car_of(vector["input"]["car_base64"])).blocks)
    ran = 0
    for kind in ("validInitEvent", "validDataEvent", "validDeterministicEvent"):
        root = Cid.parse(meta[kind]["/"])
        parts = [(root, blocks[root])]
        if root.codec == DAG_JOSE:
            payload = Cid.parse(meta[kind.replace("Event", "Payload")]["/"])
            parts.insert(0, (payload, blocks[payload]))
        car = carv1.encode([root], parts)
        built = rebuilt(car)
        assert built.car == car
        checked = Verifier(NoChain()).check(RawEvent(built.car, root, "sdk", 0))
        assert not isinstance(checked, InvalidEvent)
        assert checked.reason is None
        assert (checked.signer in KNOWN_KEYS) is (SDK_KEYS[name] and root.codec == DAG_JOSE)
        ran += 1
    assert ran == 3
    model = StreamId.from_bytes(multibase.decode("m" + meta["model"]["/"]["bytes"]))
    single = deterministic_stream_id(meta["controller"], model)
    assert single == StreamId.of(MODEL_INSTANCE, Cid.parse(meta["validDeterministicEvent"]["/"]))


def test_the_init_that_the_sdk_signs_with_a_seed_of_zeros() -> None:
    meta = vectors.reference("rust_validation_key_ed25519.json")["expected"]["root_meta"]
    model = StreamId.from_bytes(multibase.decode("m" + meta["model"]["/"]["bytes"]))
    built = EventBuilder(Ed25519Signer(bytes(32))).init(model, {"test": True}, unique=bytes((0, 1, 2, 3)))
    assert str(built.cid) == meta["validInitEvent"]["/"]


KEY_TYPES = {kind.value: kind for kind in KeyType}


def private_key(case: Mapping[str, Any]) -> LocalSigner:
    """The key of a case that tells its secret."""
    return SIGNERS[KEY_TYPES[case["keyType"]]](bytes.fromhex(case["privateKeyHex"]))


def has_known_key(case: Mapping[str, Any]) -> bool:
    """Whether a DID's case tells its secret, of a kind that signs events."""
    return "privateKeyHex" in case and case["keyType"] in KEY_TYPES


def test_keys_of_known_secrets() -> None:
    """The rest of this file is about reading: see tests/protocol/test_did.py."""
    cases = vectors.accounts("did.json")["cases"]
    known = [case for case in cases if has_known_key(case)]
    for case in known:
        signer = private_key(case)
        assert (signer.did, signer.algorithm) == (case["did"], case["alg"])
        assert signer.public_key.data.hex() == case["publicKeyHex"]
        assert json.loads(protected_header(signer)) == {"alg": case["alg"], "kid": case["kid"]}
    assert (len(cases), len(known)) == (33, 8) or vectors.is_named()


def is_repeatable(envelope: Envelope, keys: Mapping[str, LocalSigner]) -> bool:
    """Whether our signer writes that header and signature; one with a random k differs, and must be good."""
    assert check_envelope(envelope) is None
    signer = keys.get(envelope.header.signer or "")
    if signer is None:
        return False
    headers = {protected_header(signer, fragment=fragment) for fragment in (False, True)}
    is_ours = signer.sign(envelope.signing_input) == envelope.signature
    assert is_ours or signer.algorithm != "EdDSA"
    return is_ours and envelope.protected in headers


def test_jws_that_are_signed_anew() -> None:
    dids = vectors.accounts("did.json")["cases"]
    keys = {case["did"]: private_key(case) for case in dids if has_known_key(case)}
    cases = vectors.accounts("jws.json")["cases"]
    named = vectors.by_name((case["name"], case) for case in cases if case["recommended"] == "accept")
    known = [name for name, case in named.items() if "privateKeyHex" in case]
    ran = 0
    for name in [*known, *(name for name in named if name.startswith("kid without fragment"))]:
        wanted = named[name]["event"]
        car = car_of(wanted["carB64"])
        root, block = carv1.decode(car).blocks[-1]
        assert root.matches(block), name
        assert str(root) == wanted["envelopeCid"], name
        if is_repeatable(decode_envelope(block), keys):
            assert signed_anew(car, keys).car == car, name
            ran += 1
    assert (len(known), ran) == (12, 12) or vectors.is_named()


def signed_anew(car: bytes, keys: Mapping[str, LocalSigner]) -> BuiltEvent:
    """The same event, signed by a key that has to be known; payloads that are no event are put in whole."""
    archive = carv1.decode(car)
    (_payload_cid, payload), (_root, block) = archive.blocks
    did = decode_envelope(block).header.signer
    assert did is not None
    if isinstance(decode_event(car), InvalidEvent):
        return EventBuilder(keys[did]).envelop(dagcbor.encode(dagcbor.decode(payload)))
    return rebuilt(car, keys)
