"""EventIDs, with the worked examples of the protocol's notes."""

import pickle
from contextlib import suppress
from hashlib import sha256
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_protocol import dagcbor, multibase
from ceramic_protocol.cid import DAG_JOSE, Cid
from ceramic_protocol.errors import IdentifierError, UsageError
from ceramic_protocol.event_ids import (
    EVERYTHING,
    MAX_EVENT_ID,
    MIN_EVENT_ID,
    EventId,
    EventIdParts,
    EventRange,
    controller_hash,
    event_id_of,
    init_tail,
    separator_hash,
)
from ceramic_protocol.events import DataEvent, Event, InitEvent, Proof, TimeEvent, decode_init_header
from ceramic_protocol.ids import METAMODEL, StreamId
from ceramic_protocol.limits import MAX_EVENT_ID_BYTES
from ceramic_protocol.networks import IN_MEMORY, MAINNET, Network
from tests.protocol.test_networks import networks
from tests.support import strategies

CONTROLLER = "did:key:z6MkgSV3tAuw7gUWqKCUY7ae6uWNxqYgdwPhUJbJhF9EFXm9"
INIT = Cid.parse("bagcqceraplay4erv6l32qrki522uhiz7rf46xccwniw7ypmvs3cvu2b3oulq")
EVENT = Cid.parse("bafyreihu557meceujusxajkaro3epfe6nnzjgbjaxsapgtml7ox5ezb5qy")
HASHES = "ba25076d730241e745cc7c072ff729ea683b7517"
CID = "01711220f4ef7ec208944d257025408bb647949e6b72930520bc80f34d8bfbafd2643d86"
MAINNET_ID = EventId.of(MAINNET, METAMODEL, CONTROLLER, INIT, EVENT)

models = st.builds(StreamId.of, st.integers(2, 3), strategies.cids)
event_ids = st.builds(
    EventId.of,
    networks,
    models,
    st.text(max_size=9),
    strategies.cids,
    strategies.cids,
    sep_key=strategies.texts,
)
fenceposts = st.one_of(
    st.sampled_from([MIN_EVENT_ID, MAX_EVENT_ID]),
    event_ids.map(EventId.with_min_event),
    event_ids.map(EventId.with_max_event),
)
keys = st.one_of(event_ids, fenceposts)


@pytest.mark.parametrize(
    ("network", "head"),
    [(MAINNET, "ce010500"), (IN_MEMORY, "ce0105ff01"), (Network.local(0xCE4A441C), "ce01059c88a9f21c")],
    ids=str,
)
def test_example_a_of_the_notes(network: Network, head: str) -> None:
    made = EventId.of(network, METAMODEL, CONTROLLER, INIT, EVENT)
    assert made.hex() == head + HASHES + CID
    assert made.parts == EventIdParts(
        network,
        separator_hash("model", METAMODEL),
        controller_hash(CONTROLLER),
        init_tail(INIT),
        EVENT,
    )
    assert (made.network, made.cid, made.is_fencepost) == (network, EVENT, False)
    assert EventId.from_bytes(bytes(made)) == made


def test_hashes_of_the_notes() -> None:
    assert separator_hash("model", METAMODEL) == sha256(b"model" + METAMODEL).digest()[24:]
    assert separator_hash("model", METAMODEL).hex() == "ba25076d730241e7"
    assert controller_hash(CONTROLLER).hex() == "45cc7c072ff729ea"
    assert init_tail(INIT).hex() == "683b7517"
    assert controller_hash(CONTROLLER.upper()) != controller_hash(CONTROLLER)


def test_fenceposts_of_the_notes() -> None:
    head = "ce010500" + HASHES
    assert (MIN_EVENT_ID.hex(), MAX_EVENT_ID.hex()) == ("", "ff")
    assert MAINNET_ID.with_min_event().hex() == head
    assert MAINNET_ID.with_max_event().hex() == head + "ff"
    assert EventId.of(MAINNET, METAMODEL, CONTROLLER, INIT) == MAINNET_ID.with_min_event()
    for post in (MIN_EVENT_ID, MAX_EVENT_ID, MAINNET_ID.with_min_event(), MAINNET_ID.with_max_event()):
        assert post.is_fencepost
        assert EventId.from_bytes(bytes(post)) == post


def test_ranges_of_the_notes() -> None:
    head = "ce010500ba25076d730241e7"
    model = EventRange.of(MAINNET, METAMODEL)
    assert (model.start.hex(), model.end.hex()) == (head + "00" * 12, head + "ff" * 13)
    controller = EventRange.of(MAINNET, METAMODEL, CONTROLLER)
    head += "45cc7c072ff729ea"
    assert (controller.start.hex(), controller.end.hex()) == (head + "00" * 4, head + "ff" * 5)
    stream = EventRange.of(MAINNET, METAMODEL, CONTROLLER, INIT)
    head += "683b7517"
    assert (stream.start.hex(), stream.end.hex()) == (head, head + "ff")
    with pytest.raises(UsageError, match="controller"):
        EventRange.of(MAINNET, METAMODEL, init=INIT)


def test_swapping_the_cid() -> None:
    swapped = MAINNET_ID.swap_cid(INIT)
    assert swapped.hex() == f"ce010500{HASHES}{INIT.hex()}"
    for bound in (MIN_EVENT_ID, MAX_EVENT_ID):
        for change in (bound.with_min_event, bound.with_max_event, lambda bound=bound: bound.swap_cid(INIT)):
            with pytest.raises(IdentifierError, match="no stream"):
                change()


def test_bounds_have_no_parts() -> None:
    for bound in (MIN_EVENT_ID, MAX_EVENT_ID):
        assert (bound.parts, bound.network, bound.separator, bound.controller, bound.init, bound.cid) == (
            None,
        ) * 6


def test_cbor_is_a_byte_string() -> None:
    encoded = dagcbor.encode(MAINNET_ID)
    assert encoded.hex() == "583cce010500" + HASHES + CID
    assert dagcbor.decode(encoded) == MAINNET_ID


@given(event_ids)
def test_event_ids_come_back_from_parts_bytes_text_and_pickle(event_id: EventId) -> None:
    assert event_id.parts is not None
    assert EventId.from_parts(*event_id.parts) == event_id == EventId.from_bytes(bytes(event_id))
    assert (event_id.separator, event_id.controller, event_id.init) == event_id.parts[1:4]
    assert event_id.swap_cid(event_id.parts.cid or INIT) == event_id
    assert not event_id.is_fencepost
    assert str(event_id) == event_id.hex().upper()
    assert repr(event_id) == f"EventId('{event_id}')"
    assert type(pickle.loads(pickle.dumps(event_id))) is EventId


@given(keys, st.sampled_from("bkzmuf"))
def test_text_comes_back(key: EventId, base: str) -> None:
    assert EventId.parse(multibase.encode(key, base)) == key
    if key:
        assert EventId.parse(str(key)) == key


@pytest.mark.parametrize(
    "text",
    [
        "",
        "CE0105",
        "ce0105",
        "CE 01",
        str(MAINNET_ID).lower(),
        f"{MAINNET_ID} ",
        f"{MAINNET_ID}0",
        f"0x{MAINNET_ID}",
        "F",
        "f" * 2000,
        str(INIT),
        str(METAMODEL),
    ],
)
def test_text_that_is_no_event_id(text: str) -> None:
    with pytest.raises(IdentifierError):
        EventId.parse(text)


@given(st.lists(keys, max_size=20))
def test_order_is_that_of_bytes(made: list[EventId]) -> None:
    assert sorted(made) == sorted(made, key=bytes)
    assert all(MIN_EVENT_ID <= key <= MAX_EVENT_ID for key in made)


@given(networks, st.lists(event_ids, max_size=20))
def test_order_within_a_network_is_that_of_the_parts(network: Network, made: list[EventId]) -> None:
    here = [EventId.from_parts(network, *event_id.parts[1:]) for event_id in made if event_id.parts]
    by_parts = sorted((event_id.parts for event_id in here if event_id.parts), key=lambda parts: parts[1:])
    assert [event_id.parts for event_id in sorted(here)] == by_parts


@given(networks, models, st.text(max_size=9), strategies.cids, strategies.cids)
def test_ranges_hold_each_other_and_the_event(
    network: Network, model: StreamId, controller: str, init: Cid, cid: Cid
) -> None:
    event_id = EventId.of(network, model, controller, init, cid)
    ranges = [
        EventRange(event_id.with_min_event(), event_id.with_max_event()),
        EventRange.of(network, model, controller, init),
        EventRange.of(network, model, controller),
        EventRange.of(network, model),
        EVERYTHING,
    ]
    for inner, outer in pairwise(ranges):
        assert outer.start <= inner.start < event_id < inner.end <= outer.end
    assert all(one.covers(event_id) and one.covers(one.start) and not one.covers(one.end) for one in ranges)
    other = StreamId.of(model.stream_type, Cid.of(b"other model"))
    assert not EventRange.of(network, other).covers(event_id)


@given(event_ids, st.data())
def test_every_cut_but_the_fencepost_is_refused(event_id: EventId, data: st.DataObject) -> None:
    end = data.draw(st.integers(1, len(event_id) - 1))
    cut = event_id[:end]
    if cut == event_id.with_min_event():
        assert EventId.from_bytes(cut) == cut
    else:
        with pytest.raises(IdentifierError):
            EventId.from_bytes(cut)


@pytest.mark.parametrize(
    "data",
    [
        "00",
        "ffff",
        "ce01",
        "ce0105",
        "ce010500",  # fewer than 20 bytes follow: ceramic-one panics
        "ce010500" + HASHES[:-2],
        "ce010503" + HASHES + CID,  # no such network
        "ce01058000" + HASHES + CID,  # varint that isn't minimal
        "ce0105" + "ff" * 30,
        "ce0104" + "00" + HASHES + CID,  # stream type of models
        "ce8100" + "0500" + HASHES + CID,
        "cf010500" + HASHES + CID,
    ],
)
def test_bytes_that_are_no_event_id(data: str) -> None:
    for strict in (True, False):
        with pytest.raises(IdentifierError):
            EventId.from_bytes(bytes.fromhex(data), strict=strict)


@pytest.mark.parametrize(
    ("rest", "cid"),
    [(CID + "00", EVENT), (CID + "ff", EVENT), ("00", None), ("ffff", None), (CID[:-2], None)],
)
def test_bytes_behind_the_parts_are_for_the_lenient(rest: str, cid: Cid | None) -> None:
    data = bytes.fromhex("ce010500" + HASHES + rest)
    with pytest.raises(IdentifierError):
        EventId.from_bytes(data)
    kept = EventId.from_bytes(data, strict=False)
    assert (kept, kept.cid, kept.with_min_event()) == (data, cid, MAINNET_ID.with_min_event())


def test_no_more_than_the_limit() -> None:
    for size, strict in ((MAX_EVENT_ID_BYTES + 1, False), (MAX_EVENT_ID_BYTES + 1, True)):
        with pytest.raises(IdentifierError, match="too many"):
            EventId.from_bytes(MAINNET_ID.ljust(size, b"\0"), strict=strict)
    long = Cid(b"\x01\x71\x00\x7c" + bytes(124))
    assert (
        EventId.from_bytes(bytes(EventId.of(Network.local(7), METAMODEL, CONTROLLER, INIT, long))).cid == long
    )


@given(
    st.one_of(st.binary(max_size=90), st.binary(max_size=90).map(lambda rest: b"\xce\x01\x05\x00" + rest)),
    st.booleans(),
)
def test_any_bytes_are_an_event_id_or_identifier_error(data: bytes, strict: bool) -> None:
    try:
        made = EventId.from_bytes(data, strict=strict)
    except IdentifierError:
        return
    assert bytes(made) == data
    assert made.is_fencepost == (made.cid is None)
    assert (made.parts is None) == (made in (MIN_EVENT_ID, MAX_EVENT_ID))
    if made.parts and strict:
        rest = data[len(EventId.from_parts(*made.parts[:4])) :]
        assert rest in (made.cid or b"", b"\xff")


@given(st.text(max_size=60))
def test_any_text_is_an_event_id_or_identifier_error(text: str) -> None:
    for known in (text, "CE0105" + text, "f" + text):
        with suppress(IdentifierError):
            EventId.parse(known)


@pytest.mark.parametrize(("separator", "controller", "init"), [(7, 8, 4), (8, 9, 4), (8, 8, 0)])
def test_parts_of_another_length(separator: int, controller: int, init: int) -> None:
    with pytest.raises(IdentifierError, match="8 bytes of separator"):
        EventId.from_parts(MAINNET, bytes(separator), bytes(controller), bytes(init))


def test_text_that_is_not_unicode() -> None:
    with pytest.raises(IdentifierError, match="not Unicode"):
        controller_hash("did:\ud800")
    with pytest.raises(IdentifierError, match="not Unicode"):
        separator_hash("\ud800", b"")


def _events() -> list[Event]:
    header = decode_init_header({"controllers": [CONTROLLER], "model": bytes(METAMODEL)})
    proof = Proof(EVENT, bytes(32), "raw", "eip155:1")
    data = Cid.of(b"data", DAG_JOSE)
    return [
        InitEvent(INIT, header, None, None, b""),
        DataEvent(data, INIT, INIT, [], {}, None, b""),
        TimeEvent(EVENT, INIT, data, proof, (), {}),
    ]


@pytest.mark.parametrize("event", _events(), ids=lambda event: event.kind)
def test_event_id_of_an_event(event: Event) -> None:
    header = decode_init_header({"controllers": [CONTROLLER, "did:key:other"], "model": bytes(METAMODEL)})
    assert event_id_of(event, header, MAINNET) == MAINNET_ID.swap_cid(event.cid)
    assert EventRange.of(MAINNET, METAMODEL, CONTROLLER, event.stream).covers(
        event_id_of(event, header, MAINNET)
    )


def test_another_separator_key_keeps_the_model_as_value() -> None:
    header = decode_init_header({"controllers": [CONTROLLER], "model": bytes(METAMODEL), "sep": "topic"})
    made = event_id_of(_events()[0], header, MAINNET)
    assert made == EventId.of(MAINNET, METAMODEL, CONTROLLER, INIT, INIT, sep_key="topic")
    assert made.separator != MAINNET_ID.separator


@pytest.mark.parametrize(
    "header",
    [
        {"controllers": [CONTROLLER]},
        {"controllers": [], "model": bytes(METAMODEL)},
    ],
    ids=["tile", "nobody"],
)
def test_events_without_event_id(header: dict[str, dagcbor.IpldValue]) -> None:
    with pytest.raises(IdentifierError):
        event_id_of(_events()[0], decode_init_header(header), MAINNET)
