"""Both ways between this package and those that write Ceramic events in JavaScript."""

from __future__ import annotations

import json
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest

from ceramic_protocol import dagcbor, multibase
from ceramic_protocol.accounts.did import KeyType
from ceramic_protocol.accounts.signers import SIGNERS
from ceramic_protocol.build_init import deterministic_init, deterministic_stream_id
from ceramic_protocol.build_time import merkle_node, time_event
from ceramic_protocol.builder import EventBuilder
from ceramic_protocol.built import BuiltEvent
from ceramic_protocol.cid import DAG_JOSE, Cid
from ceramic_protocol.events import InvalidEvent, Proof
from ceramic_protocol.ids import METAMODEL, MODEL, StreamId
from ceramic_protocol.ports import NoChain, RawEvent
from ceramic_protocol.reasons import Outcome, Reason
from ceramic_protocol.verify import Verifier
from tests.interop import node

SECRET = bytes(range(1, 33))
A_MODEL = StreamId.of(MODEL, Cid.of(b"a model", DAG_JOSE))
CONTEXT = StreamId.of(MODEL, Cid.of(b"a context", DAG_JOSE))
UNIQUE = bytes(range(12))
PATCH = [
    {"op": "add", "path": "/list/-", "value": {"deep": [1.5, -7, None, True]}},
    {"op": "move", "from": "/a", "path": "/b"},
    {"op": "remove", "path": "/c"},
]
KINDS = tuple(KeyType)


@dataclass(frozen=True)
class Pair:
    """The same event twice: built here, and ordered from the packages."""

    name: str
    built: BuiltEvent
    order: dict[str, Any]


def text(car: bytes) -> str:
    """A CAR as the SDK writes it."""
    return multibase.encode(car, "m")


def cacao(audience: str) -> dict[str, Any]:
    """A capability whose signature the packages don't look at while they read and write events."""
    return {
        "h": {"t": "eip4361"},
        "p": {
            "aud": audience,
            "iat": "2024-06-12T20:04:42.464Z",
            "iss": "did:pkh:eip155:1:0x3794d4f077c08d925ff8ff820006b7353299b200",
            "nonce": "wPiCOcpkll",
            "domain": "test",
            "version": "1",
            "resources": ["ceramic://*"],
        },
        "s": {"s": "0x00", "t": "eip191"},
    }


def signed_pairs(kind: KeyType) -> list[Pair]:
    """Init and data events by a key of that kind."""
    signer = SIGNERS[kind](SECRET)
    key = {"type": kind.value, "secret": SECRET.hex(), "did": signer.did}
    builder = EventBuilder(signer)
    content = {"n": 1.0, "text": "žluť 🐎", "none": None}
    plain = builder.init(A_MODEL, content, unique=UNIQUE)
    stream, prev = str(plain.cid), str(plain.cid)
    update = {"kind": "data", "key": key, "stream": stream, "prev": prev, "data": PATCH}
    header = {"model": str(A_MODEL), "unique": UNIQUE.hex()}
    whole = header | {"context": str(CONTEXT), "shouldIndex": False}
    model = {"model": str(METAMODEL)}
    definition = {"version": "2.0", "name": "M", "interface": False, "implements": []}
    capability = cacao(signer.did)
    delegated = EventBuilder(signer, controller=capability["p"]["iss"], capability=dagcbor.encode(capability))
    order = {"kind": "init", "key": key, "data": content, "header": header}
    return [
        Pair("init", plain, order),
        Pair(
            "init, null",
            builder.init(A_MODEL, None, unique=None),
            order | {"data": None, "header": {"model": str(A_MODEL)}},
        ),
        Pair(
            "init, whole header",
            builder.init(A_MODEL, content, unique=UNIQUE, context=CONTEXT, should_index=False),
            order | {"header": whole},
        ),
        Pair("model", builder.model(definition), order | {"header": model, "data": definition}),
        Pair(
            "init, capability",
            delegated.init(A_MODEL, content, unique=UNIQUE),
            order | {"key": key | {"capability": capability}},
        ),
        Pair("data", builder.data(plain.cid, plain.cid, PATCH), update),
        Pair(
            "data, header",
            builder.data(plain.cid, plain.cid, PATCH, should_index=True),
            update | {"shouldIndex": True},
        ),
        Pair(
            "data, capability",
            delegated.data(plain.cid, plain.cid, PATCH),
            update | {"key": key | {"capability": capability}},
        ),
    ]


def unsigned_pairs() -> list[Pair]:
    """Init events of single and set streams."""
    controller = SIGNERS[KeyType.ED25519](SECRET).did
    header = {"model": str(A_MODEL), "controller": controller}
    of_set = {"unique": b"a|b".hex()}
    whole = of_set | {"context": str(CONTEXT), "shouldIndex": True}
    return [
        Pair("single", deterministic_init(controller, A_MODEL), {"kind": "deterministic", "header": header}),
        Pair(
            "set",
            deterministic_init(controller, A_MODEL, unique=b"a|b"),
            {"kind": "deterministic", "header": header | of_set},
        ),
        Pair(
            "set, whole header",
            deterministic_init(controller, A_MODEL, unique=b"a|b", context=CONTEXT, should_index=True),
            {"kind": "deterministic", "header": header | whole},
        ),
    ]


def time_events(stream: Cid, prev: Cid) -> list[BuiltEvent]:
    """A time event without tree, and one at the end of two nodes."""
    leaf = merkle_node(Cid.of(b"sibling"), prev)
    root = merkle_node(Cid.of(leaf), None, Cid.of(b"metadata"))
    alone = Proof(prev, bytes(32), "f(bytes32)", "eip155:1")
    deep = Proof(Cid.of(root), bytes(32), "f(bytes32)", "eip155:100")
    return [time_event(stream, prev, alone), time_event(stream, prev, deep, (0, 1), [leaf, root])]


def accept(events: list[BuiltEvent]) -> list[dict[str, Any]]:
    """What the packages see in these events."""
    return node.ask("accept.mjs", [{"car": text(event.car)} for event in events])


@pytest.mark.parametrize("kind", KINDS)
def test_the_packages_accept_what_is_signed_here(kind: KeyType) -> None:
    pairs = signed_pairs(kind)
    answers = accept([pair.built for pair in pairs])
    assert len(answers) == 8
    for pair, answer in zip(pairs, answers, strict=True):
        event = pair.built.event
        assert event.kind != "time"
        assert event.envelope is not None
        assert "error" not in answer, (pair.name, answer)
        assert answer["root"] == str(pair.built.cid)
        assert answer["kind"] == event.kind
        assert answer["payload"] == str(event.envelope.payload)
        assert answer["kid"] == event.envelope.header.kid
        assert answer["verified"] is True
        assert answer["exact"] is True
        assert answer["capability"] is ("capability" in pair.name)
        assert answer["car"] == text(pair.built.car), pair.name


def test_the_packages_accept_what_is_not_signed() -> None:
    stream = signed_pairs(KeyType.ED25519)[0].built.cid
    inits = [pair.built for pair in unsigned_pairs()]
    times = time_events(stream, stream)
    answers = accept([*inits, *times])
    assert [answer.get("kind") for answer in answers] == ["init"] * 3 + ["time"] * 2, answers
    for event, answer in zip([*inits, *times], answers, strict=True):
        assert answer["root"] == str(event.cid)
        assert answer["exact"] is True
        assert answer["car"] == text(event.car)


def test_the_packages_accept_headers_without_fragment() -> None:
    events = [EventBuilder(SIGNERS[kind](SECRET), fragment=False).model({"n": 1}) for kind in KINDS]
    answers = accept(events)
    for event, answer, kind in zip(events, answers, KINDS, strict=True):
        assert answer.get("verified") is True, answer
        assert answer["kid"] == SIGNERS[kind](SECRET).did
        assert answer["car"] == text(event.car)


@pytest.mark.parametrize("kind", KINDS)
def test_the_packages_refuse_a_changed_signature(kind: KeyType) -> None:
    car = signed_pairs(kind)[0].built.car
    (answer,) = node.ask("accept.mjs", [{"car": text(car[:-1] + bytes([car[-1] ^ 1]))}])
    assert "ignature" in answer["error"], answer


@pytest.mark.parametrize("kind", KINDS)
def test_the_packages_make_the_same_bytes(kind: KeyType) -> None:
    pairs = signed_pairs(kind)
    answers = node.ask("make.mjs", [pair.order for pair in pairs])
    assert len(answers) == 8
    for pair, answer in zip(pairs, answers, strict=True):
        assert answer.get("car") == text(pair.built.car), (pair.name, answer.get("error"))
        assert answer["cid"] == str(pair.built.cid)


def test_the_packages_make_the_same_deterministic_streams() -> None:
    pairs = unsigned_pairs()
    answers = node.ask("make.mjs", [pair.order for pair in pairs])
    controller = SIGNERS[KeyType.ED25519](SECRET).did
    for pair, answer in zip(pairs, answers, strict=True):
        assert answer.get("car") == text(pair.built.car), (pair.name, answer.get("error"))
        unique = None if pair.name == "single" else b"a|b"
        assert answer["stream"] == str(deterministic_stream_id(controller, A_MODEL, unique))
    # Context and shouldIndex make another event, but not another StreamID.
    assert answers[1]["stream"] == answers[2]["stream"]
    assert answers[1]["cid"] != answers[2]["cid"]


@pytest.mark.parametrize("kind", KINDS)
def test_their_events_are_read_and_verified_here(kind: KeyType) -> None:
    pairs = signed_pairs(kind)
    for pair, answer in zip(pairs, node.ask("make.mjs", [pair.order for pair in pairs]), strict=True):
        raw = RawEvent(multibase.decode(answer["car"]), Cid.parse(answer["cid"]), "npm", 0)
        checked = Verifier(NoChain()).check(raw)
        assert not isinstance(checked, InvalidEvent), checked
        assert checked.signer == SIGNERS[kind](SECRET).did
        if "capability" in pair.name:
            assert checked.reason is Reason.CACAO_SIGNATURE_INVALID
        else:
            assert checked.outcome is Outcome.VALID, checked


def contents(seed: int, count: int) -> list[Any]:
    """JSON values of every kind; numbers around the edges of what JavaScript counts in."""
    random = Random(seed)
    edge = 1 << 53
    numbers = [0, -0.0, 1.0, 1e2, -1.0, 0.1, 1e21, 1e-7, 1.5e300, 5e-324, 4294967296.0]
    numbers += [edge - 1, edge, edge + 1, -edge + 1, -edge, float(edge - 1), float(edge), 1 << 64, -(1 << 70)]
    words = [
        "",
        "a",
        "b",
        "aa",
        "z",
        "ž",
        "é́",
        "🐎",
        "\x00",
        "\u2028",
        "long" * 80,
        "1",
        "10",
        "2",
        "ÿ",
        "\uffff",
    ]

    def value(depth: int) -> Any:
        pick = random.randrange(8 if depth else 6)
        if pick == 6:
            return [value(depth - 1) for _ in range(random.randrange(5))]
        if pick == 7:
            return {random.choice(words): value(depth - 1) for _ in range(random.randrange(7))}
        others: list[Any] = [None, True, False, random.choice(words), random.choice(numbers)]
        return random.choice([*others, random.choice(numbers), random.uniform(-1e6, 1e6)])

    return [{"content": value(4)} for _ in range(count)]


def test_any_content_has_the_same_bytes_in_both() -> None:
    signer = SIGNERS[KeyType.ED25519](SECRET)
    builder = EventBuilder(signer)
    values = contents(seed=11, count=300)
    key = {"type": "ed25519", "secret": SECRET.hex(), "did": signer.did}
    order = {"kind": "init", "key": key, "header": {"model": str(A_MODEL)}}
    answers = node.ask("make.mjs", [order | {"data": value} for value in values])
    for value, answer in zip(values, answers, strict=True):
        built = builder.init(A_MODEL, json.loads(json.dumps(value)), unique=None)
        assert answer.get("car") == text(built.car), (value, answer.get("error"))


def test_numbers_kept_as_python_has_them_are_other_bytes() -> None:
    signer = SIGNERS[KeyType.ED25519](SECRET)
    kept = EventBuilder(signer, as_js=False).init(A_MODEL, {"n": 1.0}, unique=None)
    answer = accept([kept])[0]
    assert answer["verified"] is True
    # JavaScript has no 1.0: writing the block anew would give it another CID.
    assert answer["exact"] is False
