"""What is built here is what decoding and verifying expect, and what can't be an event is refused."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_protocol import car as carv1
from ceramic_protocol import dagcbor
from ceramic_protocol.accounts.did import KeyType
from ceramic_protocol.accounts.signers import SIGNERS, Ed25519Signer
from ceramic_protocol.anchors import walk_path
from ceramic_protocol.build_init import deterministic_init, deterministic_stream_id
from ceramic_protocol.build_time import encode_proof, merkle_node, time_event, transaction_cid
from ceramic_protocol.builder import EventBuilder, protected_header
from ceramic_protocol.built import BuiltEvent
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.cid import DAG_CBOR, DAG_JOSE, Cid
from ceramic_protocol.errors import EncodeError, IdentifierError
from ceramic_protocol.evaluate import evaluate
from ceramic_protocol.events import DataEvent, InitEvent, InvalidEvent, Proof, TimeEvent
from ceramic_protocol.eventset import EventSet
from ceramic_protocol.ids import METAMODEL, MODEL, MODEL_INSTANCE, StreamId
from ceramic_protocol.js_numbers import MAX_SAFE_INTEGER, js_numbers
from ceramic_protocol.limits import MAX_BLOCK_BYTES, MAX_CBOR_DEPTH, MAX_WITNESS_PATH
from ceramic_protocol.ports import NoChain, RawEvent
from ceramic_protocol.reasons import Outcome, Reason
from ceramic_protocol.verify import Verifier
from tests.support import strategies
from tests.support.judging import CONTEXT, RULES
from tests.support.signing import ANY_MODEL

SECRET = b"\x01" * 32
ME = Ed25519Signer(SECRET)
BUILDER = EventBuilder(ME)
STREAM = BUILDER.init(ANY_MODEL, {"n": 1}, unique=b"u").cid
OTHER = Cid.of(b"other", DAG_JOSE)
PATCH = [{"op": "add", "path": "/m", "value": 2}]
CACAO = dagcbor.encode({"h": {"t": "eip4361"}, "p": {"iss": "did:pkh:eip155:1:0x00"}, "s": {}})

kinds = st.sampled_from(list(KeyType))


def checked(built: BuiltEvent) -> CheckedEvent:
    """The event after its own checks, as any host makes them."""
    found = Verifier(NoChain()).check(RawEvent(built.car, built.cid, "test", 0))
    assert not isinstance(found, InvalidEvent), found
    return found


def refused(build: Callable[..., object], *arguments: Any, **members: Any) -> str:
    """The words with which something is refused that can't be an event."""
    with pytest.raises(EncodeError) as raised:
        build(*arguments, **members)
    return str(raised.value)


@given(kinds, strategies.json, st.one_of(st.none(), st.binary(max_size=20)), st.booleans())
def test_signed_inits_are_valid(kind: KeyType, data: Any, unique: bytes | None, fragment: bool) -> None:
    signer = SIGNERS[kind](SECRET)
    built = EventBuilder(signer, fragment=fragment).init(ANY_MODEL, data, unique=unique)
    found = checked(built)
    assert (found.outcome, found.signer, found.stream) == (Outcome.VALID, signer.did, built.cid)
    event = built.event
    assert isinstance(event, InitEvent)
    assert event.data == js_numbers(data)
    assert (event.header.controllers, event.header.unique) == ((signer.did,), unique)
    assert event.header.stream_type == MODEL_INSTANCE


@given(kinds, strategies.json, st.sampled_from([None, True, False]), st.sampled_from([None, OTHER]))
def test_data_events_are_valid(kind: KeyType, data: Any, index: bool | None, version: Cid | None) -> None:
    signer = SIGNERS[kind](SECRET)
    built = EventBuilder(signer).data(STREAM, OTHER, data, should_index=index, model_version=version)
    found = checked(built)
    assert (found.outcome, found.signer) == (Outcome.VALID, signer.did)
    assert (found.stream, found.prev) == (STREAM, OTHER)
    event = built.event
    assert isinstance(event, DataEvent)
    assert event.data == js_numbers(data)
    wanted = {"shouldIndex": index, "modelVersion": version}
    assert event.header == {name: value for name, value in wanted.items() if value is not None}
    assert ("header" in dagcbor_map(event.payload)) is bool(event.header)


def dagcbor_map(block: bytes) -> dict[str, Any]:
    value = dagcbor.decode(block)
    assert isinstance(value, dict)
    return value


@given(strategies.ipld)
def test_ipld_content_comes_back_as_it_was(data: Any) -> None:
    built = EventBuilder(ME, as_js=False).init(ANY_MODEL, data, unique=None)
    event = built.event
    assert isinstance(event, InitEvent)
    assert dagcbor.encode(event.data) == dagcbor.encode(data)
    assert checked(built).outcome is Outcome.VALID


@given(st.recursive(strategies.scalars, st.lists, max_leaves=5), strategies.json)
def test_a_stream_that_was_built_is_folded(first: Any, second: Any) -> None:
    init = BUILDER.init(ANY_MODEL, {"a": first}, unique=b"x")
    update = BUILDER.data(init.cid, init.cid, [{"op": "replace", "path": "/a", "value": second}])
    history = evaluate(init.cid, EventSet.of([checked(init), checked(update)]), RULES, CONTEXT)
    assert history.log == (init.cid, update.cid)
    state = history.judged[update.cid].state
    assert state is not None
    assert dagcbor.encode(state.content) == dagcbor.encode({"a": js_numbers(second)})


def test_the_header_has_every_member_that_is_given() -> None:
    context = StreamId.of(MODEL_INSTANCE, OTHER)
    built = BUILDER.init(ANY_MODEL, {}, unique=b"u", context=context, should_index=False, model_version=OTHER)
    event = built.event
    assert isinstance(event, InitEvent)
    assert dict(event.header.fields) == {
        "sep": "model",
        "model": bytes(ANY_MODEL),
        "unique": b"u",
        "context": bytes(context),
        "controllers": [ME.did],
        "shouldIndex": False,
        "modelVersion": OTHER,
    }
    bare = BUILDER.init(ANY_MODEL, None, unique=None, sep=None).event
    assert isinstance(bare, InitEvent)
    assert set(bare.header.fields) == {"model", "controllers"}
    assert dagcbor_map(bare.payload)["data"] is None


def test_a_model_is_the_same_each_time() -> None:
    definition = {"version": "1.0", "name": "M", "schema": {}, "accountRelation": {"type": "list"}}
    built = BUILDER.model(definition)
    assert built == EventBuilder(Ed25519Signer(SECRET)).model(definition)
    event = built.event
    assert isinstance(event, InitEvent)
    assert (event.header.model, event.header.unique, event.header.stream_type) == (METAMODEL, None, MODEL)


def test_order_of_blocks() -> None:
    init = BUILDER.init(ANY_MODEL, None, unique=None)
    archive = carv1.decode(init.car)
    assert archive.roots == (init.cid,)
    assert [cid.codec for cid, _block in archive.blocks] == [DAG_CBOR, DAG_JOSE]
    assert carv1.encode(archive.roots, archive.blocks) == init.car
    assert all(cid.matches(block) for cid, block in archive.blocks)


def test_under_a_capability() -> None:
    controller = "did:pkh:eip155:1:0x00"
    builder = EventBuilder(ME, controller=controller, capability=CACAO)
    init = builder.init(ANY_MODEL, {}, unique=b"u")
    archive = carv1.decode(init.car)
    assert archive.blocks[0] == (Cid.of(CACAO), CACAO)
    assert carv1.encode(archive.roots, archive.blocks) == init.car
    event = init.event
    assert isinstance(event, InitEvent)
    assert event.header.controller == controller
    assert event.envelope is not None
    assert event.envelope.header.capability == Cid.of(CACAO)
    assert checked(builder.data(init.cid, init.cid, PATCH)).capability == Cid.of(CACAO)
    assert checked(init).reason is Reason.CACAO_MALFORMED
    assert "controller" in refused(EventBuilder, ME, capability=CACAO)
    large = bytes(MAX_BLOCK_BYTES + 1)
    assert "is over" in refused(EventBuilder, ME, controller=controller, capability=large)


def test_protected_headers() -> None:
    key = ME.did.removeprefix("did:key:")
    assert protected_header(ME).decode() == f'{{"alg":"EdDSA","kid":"{ME.did}#{key}"}}'
    assert protected_header(ME, fragment=False).decode() == f'{{"alg":"EdDSA","kid":"{ME.did}"}}'
    with_capability = protected_header(ME, OTHER).decode()
    assert with_capability == f'{{"alg":"EdDSA","cap":"ipfs://{OTHER}","kid":"{ME.did}#{key}"}}'


@dataclass
class Foreign:
    """A signer that isn't ours, with whatever it answers."""

    did: str = "did:key:zX"
    algorithm: str = "EdDSA"
    signature: bytes = bytes(64)

    def sign(self, message: bytes) -> bytes:
        del message
        return self.signature


def test_any_signer_will_do() -> None:
    built = EventBuilder(Foreign()).init(ANY_MODEL, None, unique=None)
    assert checked(built).reason is Reason.UNSUPPORTED_DID
    for signature in (b"", bytes(63), bytes(65), bytes(72)):
        builder = EventBuilder(Foreign(signature=signature))
        assert "signature of" in refused(builder.model, {})
    assert "protected header" in refused(EventBuilder, Foreign(did="did:x:" + "y" * 9000))


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, -math.inf, 1 << 64, -(1 << 64) - 1, {1: 2}, {3}, "\ud800"]
)
@pytest.mark.parametrize("as_js", [True, False])
def test_content_without_form_is_refused(value: object, as_js: bool) -> None:
    builder = EventBuilder(ME, as_js=as_js)
    if as_js and isinstance(value, int):
        value <<= 1000  # JavaScript reads any smaller number as a float
    for data in (value, [value], {"deep": [value]}):
        assert refused(builder.init, ANY_MODEL, data, unique=None)
        assert refused(builder.data, STREAM, OTHER, data)


def test_large_blocks_are_refused() -> None:
    overhead = len(dagcbor.encode({"id": STREAM, "data": "", "prev": OTHER})) + 4
    fits = BUILDER.data(STREAM, OTHER, "x" * (MAX_BLOCK_BYTES - overhead))
    assert isinstance(fits.event, DataEvent)
    assert len(fits.event.payload) == MAX_BLOCK_BYTES
    assert "is over" in refused(BUILDER.data, STREAM, OTHER, "x" * (MAX_BLOCK_BYTES - overhead + 1))


@pytest.mark.parametrize("as_js", [True, False])
def test_nesting_is_bounded(as_js: bool) -> None:
    builder = EventBuilder(ME, as_js=as_js)
    deep: list[object] = []
    for _ in range(MAX_CBOR_DEPTH - 2):
        deep = [deep]
    assert isinstance(builder.init(ANY_MODEL, deep, unique=None).event, InitEvent)
    assert "nested" in refused(builder.init, ANY_MODEL, [deep], unique=None)
    circle: list[object] = []
    circle.append(circle)
    assert "nested" in refused(builder.init, ANY_MODEL, circle, unique=None)


def test_no_controller() -> None:
    nobody = EventBuilder(ME, controller="")
    assert "controller" in refused(nobody.init, ANY_MODEL, {}, unique=None)
    assert "controller" in refused(deterministic_init, "", ANY_MODEL)
    assert "controller" in refused(deterministic_stream_id, "", ANY_MODEL)


@pytest.mark.parametrize(
    "members",
    [{"unique": "text"}, {"unique": 1}, {"should_index": 1}, {"model_version": b"x"}, {"model_version": "b"}],
    ids=repr,
)
def test_members_of_another_type_are_refused(members: dict[str, Any]) -> None:
    assert "header." in refused(BUILDER.init, ANY_MODEL, {}, **{"unique": None} | members)
    assert "header." in refused(deterministic_init, ME.did, ANY_MODEL, **members)


def test_a_model_that_is_no_stream_id() -> None:
    for wrong in (b"", b"\xce\x01", bytes(OTHER)):
        assert "header.model" in refused(BUILDER.init, wrong, {}, unique=None)


def test_stream_and_prev_are_cids() -> None:
    stream_id = StreamId.of(MODEL_INSTANCE, STREAM)
    wrong: Any
    for wrong in (stream_id, b"", bytes(STREAM) + b"\0"):
        for stream, prev in ((wrong, OTHER), (OTHER, wrong)):
            with pytest.raises(IdentifierError):
                BUILDER.data(stream, prev, PATCH)
            with pytest.raises(IdentifierError):
                time_event(stream, prev, Proof(OTHER, bytes(32), "f(bytes32)", "eip155:1"))
    # Bytes that are a CID become a link.
    plain: Any = bytes(STREAM)
    assert BUILDER.data(plain, plain, PATCH) == BUILDER.data(STREAM, STREAM, PATCH)


def test_an_envelope_around_something_else() -> None:
    built = BUILDER.envelop(dagcbor.encode({"hello": "world"}))
    assert "no event" in refused(getattr, built, "event")


def test_car_bytes_are_not_in_the_repr() -> None:
    built = BUILDER.model({})
    assert repr(built) == f"BuiltEvent(cid={built.cid!r})"


class TestDeterministic:
    """Unsigned init events, and the StreamIDs that follow from their headers."""

    @given(st.one_of(st.none(), st.binary(max_size=30)))
    def test_they_are_valid(self, unique: bytes | None) -> None:
        built = deterministic_init(ME.did, ANY_MODEL, unique=unique)
        found = checked(built)
        assert (found.outcome, found.signer, found.stream) == (Outcome.VALID, None, built.cid)
        assert deterministic_stream_id(ME.did, ANY_MODEL, unique) == StreamId.of(MODEL_INSTANCE, built.cid)

    def test_context_and_index_change_the_event_and_not_the_stream_id(self) -> None:
        context = StreamId.of(MODEL_INSTANCE, OTHER)
        whole = deterministic_init(
            ME.did, ANY_MODEL, unique=b"u", context=context, should_index=True, model_version=OTHER
        )
        event = whole.event
        assert isinstance(event, InitEvent)
        assert (event.header.context, event.header.should_index) == (bytes(context), True)
        assert whole.cid != deterministic_stream_id(ME.did, ANY_MODEL, b"u").cid
        assert deterministic_init(ME.did, ANY_MODEL, unique=b"u").cid == (
            deterministic_stream_id(ME.did, ANY_MODEL, b"u").cid
        )

    def test_whatever_counts_makes_another_stream(self) -> None:
        ids = {
            deterministic_stream_id(ME.did, ANY_MODEL),
            deterministic_stream_id(ME.did, ANY_MODEL, b""),
            deterministic_stream_id(ME.did, ANY_MODEL, b"u"),
            deterministic_stream_id("did:x:y", ANY_MODEL),
            deterministic_stream_id(ME.did, METAMODEL),
        }
        assert len(ids) == 5


class TestTime:
    """Time events."""

    def proof(self, root: Cid) -> Proof:
        return Proof(root, bytes(range(32)), "f(bytes32)", "eip155:100")

    @given(st.lists(st.booleans(), max_size=MAX_WITNESS_PATH), st.randoms())
    def test_any_path_through_any_tree(self, turns: list[bool], random: Any) -> None:
        nodes: list[bytes] = []
        at = OTHER
        for number, turn in enumerate(turns):
            sibling = random.choice([None, Cid.of(b"%d" % number)])
            nodes.append(merkle_node(sibling, at) if turn else merkle_node(at, sibling))
            at = Cid.of(nodes[-1])
        path = [int(turn) for turn in reversed(turns)]
        shuffled = random.sample([*nodes, merkle_node(None, None)], len(nodes) + 1)
        built = time_event(STREAM, OTHER, self.proof(at), path, shuffled)
        event = built.event
        assert isinstance(event, TimeEvent)
        assert (event.stream, event.prev, event.path) == (STREAM, OTHER, tuple(path))
        assert event.proof == self.proof(at)
        assert walk_path(event) is None
        assert checked(built).reason is Reason.ANCHOR_CHAIN_UNKNOWN
        # Root to leaf behind event and proof, and nothing that isn't on the path.
        blocks = [cid for cid, _block in carv1.decode(built.car).blocks]
        assert blocks == [
            built.cid,
            Cid.of(encode_proof(event.proof)),
            *(Cid.of(node) for node in reversed(nodes)),
        ]

    def test_the_root_may_have_metadata(self) -> None:
        node = merkle_node(OTHER, None, Cid.of(b"metadata"))
        event = time_event(STREAM, OTHER, self.proof(Cid.of(node)), [0], [node]).event
        assert isinstance(event, TimeEvent)

    def test_a_proof_as_it_came(self) -> None:
        proof = self.proof(OTHER)
        assert time_event(STREAM, OTHER, encode_proof(proof)) == time_event(STREAM, OTHER, proof)
        assert transaction_cid(bytes(32)).startswith(b"\x01\x93\x01\x1b\x20")

    def test_what_is_no_anchor_of_prev(self) -> None:
        node = merkle_node(OTHER, None)
        proof = self.proof(Cid.of(node))
        wrong: list[tuple[Any, ...]] = [
            (proof, [0]),
            (proof, [0], []),
            (proof, [1], [node]),
            (proof, [2], [node]),
            (proof, [], [node]),
            (proof, [0, 0], [node]),
            (proof, [100], [node]),
            (proof, [-1], [node]),
            (self.proof(STREAM), []),
            (b"", []),
            (dagcbor.encode({"root": OTHER}), []),
            (dagcbor.encode([1]), []),
            (Proof(OTHER, bytes(31), "f(bytes32)", "eip155:1"), []),
            (self.proof(OTHER), [0] * (MAX_WITNESS_PATH + 1)),
            (proof, [0], [bytes(MAX_BLOCK_BYTES + 1)]),
        ]
        for arguments in wrong:
            assert refused(time_event, STREAM, OTHER, *arguments)


class TestJsNumbers:
    """Numbers as JavaScript has them."""

    @pytest.mark.parametrize(
        ("given", "wanted"),
        [
            (1.0, 1),
            (-0.0, 0),
            (0.0, 0),
            (100.0, 100),
            (-7.0, -7),
            (1.5, 1.5),
            (1e21, 1e21),
            (float(MAX_SAFE_INTEGER), MAX_SAFE_INTEGER),
            (MAX_SAFE_INTEGER, MAX_SAFE_INTEGER),
            (MAX_SAFE_INTEGER + 1, float(MAX_SAFE_INTEGER + 1)),
            (MAX_SAFE_INTEGER + 2, float(MAX_SAFE_INTEGER + 1)),
            (-MAX_SAFE_INTEGER, -MAX_SAFE_INTEGER),
            (-MAX_SAFE_INTEGER - 1, float(-MAX_SAFE_INTEGER - 1)),
            (1 << 70, float(1 << 70)),
            (True, True),
            (False, False),
            (None, None),
            ("1.0", "1.0"),
            (b"\x01", b"\x01"),
            (OTHER, OTHER),
            ((1.0, 2), [1, 2]),
            ({"a": [1.0, {"b": -0.0}]}, {"a": [1, {"b": 0}]}),
        ],
    )
    def test_examples(self, given: object, wanted: object) -> None:
        found = js_numbers(given)
        assert dagcbor.encode(found) == dagcbor.encode(wanted)
        assert type(found) is type(wanted)

    @given(strategies.ipld)
    def test_once_is_enough(self, value: Any) -> None:
        once = js_numbers(value)
        assert dagcbor.encode(js_numbers(once)) == dagcbor.encode(once)

    @given(strategies.json)
    def test_what_was_given_stays_as_it_was(self, value: Any) -> None:
        before = dagcbor.encode(value)
        js_numbers(value)
        assert dagcbor.encode(value) == before

    def test_numbers_that_no_float_holds(self) -> None:
        assert "range of floats" in refused(js_numbers, [1 << 1024])
