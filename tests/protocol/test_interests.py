"""Interests, PeerIds and peer keys, with the worked examples of the protocol's notes."""

import pickle
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_protocol import dagcbor, multibase
from ceramic_protocol.errors import IdentifierError
from ceramic_protocol.event_ids import EVERYTHING, EventRange
from ceramic_protocol.ids import METAMODEL
from ceramic_protocol.interests import (
    MAX_EXPIRATION,
    MAX_INTEREST,
    MAX_PEER_KEY,
    MIN_INTEREST,
    MIN_PEER_KEY,
    Interest,
    PeerId,
    PeerKey,
    sep_hash,
)
from ceramic_protocol.limits import MAX_INTEREST_BYTES, MAX_PEER_KEY_CHARS
from ceramic_protocol.networks import MAINNET
from tests.protocol.test_event_ids import CONTROLLER, INIT, keys

PEER = PeerId.parse("1AZtAkWrrQrsXMQuBEcBget2vGAPbdQ2Wn4bESe9QEVypJ")
HEAD = "480f70d652b6b825e458220020348633ff169cd1788aedc67b79bc02144ee6b8f49d6220800f26cdea365493a7"
WHOLE = HEAD + "01" + "43000102" + "43000109" + "00"
TEXT = "zSeLpVyYXXyR6aowRRqCo76S7kDJkqeid8Mcg8v8DdHjBrNdCpB1kSMVvikk6AcgWg7rTgQ7ocLP"
JWS = "eyJhbGciOiJFZERTQSJ9.e30.c2ln"

peers = st.one_of(
    st.builds(PeerId.of_ed25519, st.binary(min_size=32, max_size=32)),
    st.binary(min_size=32, max_size=32).map(lambda digest: PeerId(b"\x12\x20" + digest)),
    st.binary(max_size=42).map(lambda key: PeerId(bytes([0, len(key)]) + key)),
)
moments = st.integers(0, (1 << 64) - 1)
interests = st.builds(Interest.of, peers, keys, keys, moments)
fenceposts = st.one_of(
    st.sampled_from([MIN_INTEREST, MAX_INTEREST]),
    st.builds(Interest.min_of, peers),
    st.builds(Interest.max_of, peers),
)
parts_of_jws = st.text("abcXYZ019-_", min_size=1, max_size=9)
peer_keys = st.builds(
    PeerKey.of,
    st.integers(0, MAX_EXPIRATION),
    st.one_of(st.none(), st.builds("{}.{}.{}".format, parts_of_jws, parts_of_jws, parts_of_jws)),
)


def test_interest_of_the_notes() -> None:
    made = Interest.of(PEER, b"\x00\x01\x02", b"\x00\x01\x09")
    assert (made.hex(), str(made)) == (WHOLE, TEXT)
    assert Interest.parse(TEXT) == made == Interest.from_bytes(bytes.fromhex(WHOLE))
    parts = made.parts
    assert parts is not None
    assert (parts.sep_hash.hex(), parts.peer) == ("0f70d652b6b825e4", PEER)
    assert (parts.range, parts.not_after, made.is_fencepost) == ((b"\x00\x01\x02", b"\x00\x01\x09"), 0, False)
    later = Interest.of(PEER, b"\x00\x01\x02", b"\x00\x01\x09", 123456789)
    assert later.hex() == WHOLE[:-2] + "1a075bcd15"
    with pytest.raises(IdentifierError, match="not an EventID"):
        made.event_range()


def test_fenceposts_of_the_notes() -> None:
    assert (MIN_INTEREST.hex(), MAX_INTEREST.hex()) == ("", "ff")
    assert (Interest.min_of(PEER).hex(), Interest.max_of(PEER).hex()) == (HEAD + "00", HEAD + "02")
    for post in (MIN_INTEREST, Interest.min_of(PEER), Interest.max_of(PEER), MAX_INTEREST):
        assert post.is_fencepost
        assert post.event_range() is None
        assert Interest.parse(str(post)) == post == Interest.from_bytes(bytes(post))
    assert MIN_INTEREST.parts is MAX_INTEREST.parts is None
    assert [post.parts.is_max for post in (Interest.min_of(PEER), Interest.max_of(PEER)) if post.parts] == [
        False,
        True,
    ]


@pytest.mark.parametrize(
    "wanted",
    [
        EVERYTHING,
        EventRange.of(MAINNET, METAMODEL),
        EventRange.of(MAINNET, METAMODEL, CONTROLLER),
        EventRange.of(MAINNET, METAMODEL, CONTROLLER, INIT),
    ],
    ids=["all", "model", "controller", "stream"],
)
def test_ranges_of_events(wanted: EventRange) -> None:
    assert Interest.of(PEER, wanted.start, wanted.end).event_range() == wanted


@given(interests)
def test_interests_come_back_from_parts_bytes_text_and_pickle(interest: Interest) -> None:
    parts = interest.parts
    assert parts is not None
    assert parts.range is not None
    assert parts.not_after is not None
    assert Interest.of(parts.peer, *parts.range, parts.not_after) == interest
    assert interest.event_range() == parts.range
    assert Interest.from_bytes(bytes(interest)) == interest == Interest.parse(str(interest))
    assert str(interest).startswith("z")
    assert repr(interest) == f"Interest('{interest}')"
    assert type(pickle.loads(pickle.dumps(interest))) is Interest


@given(interests, st.text(max_size=9))
def test_separator_keys(interest: Interest, sep_key: str) -> None:
    assert interest.parts is not None
    made = Interest.of(interest.parts.peer, b"", b"\xff", sep_key=sep_key)
    assert made.parts is not None
    assert made.parts.sep_hash == sep_hash(sep_key)


@given(st.lists(st.one_of(interests, fenceposts), max_size=20))
def test_order_is_that_of_bytes(made: list[Interest]) -> None:
    assert sorted(made) == sorted(made, key=bytes)
    assert all(MIN_INTEREST <= interest <= MAX_INTEREST for interest in made)


@given(interests)
def test_a_peer_s_interests_lie_between_its_fenceposts(interest: Interest) -> None:
    assert interest.parts is not None
    peer = interest.parts.peer
    assert MIN_INTEREST < Interest.min_of(peer) < interest < Interest.max_of(peer) < MAX_INTEREST


@given(st.one_of(interests, fenceposts), st.data())
def test_every_cut_and_every_extra_byte_is_refused(interest: Interest, data: st.DataObject) -> None:
    if len(interest) > 1:
        end = data.draw(st.integers(1, len(interest) - 1))
        with pytest.raises(IdentifierError):
            Interest.from_bytes(interest[:end])
    if interest:
        with pytest.raises(IdentifierError):
            Interest.from_bytes(interest + b"\0")


@pytest.mark.parametrize(
    "data",
    [
        "00",
        "83" + HEAD + "00",  # an array instead of a sequence
        HEAD,
        HEAD + "01",
        HEAD + "03",
        HEAD + "f4",
        HEAD + "20",
        HEAD + "1800",  # number that isn't minimal
        HEAD + "014300010243000109",  # range without an end in time
        HEAD + "01430001024300010920",
        HEAD + "014300010243000109f5",
        HEAD + "016161" + "6162" + "00",  # text for bytes
        HEAD + "0143000102" + "43000109" + "1800",
        HEAD + "00" + "43000102" + "43000109" + "00",  # range behind the mark of a fencepost
        "5808" + HEAD[2:] + "00",
        "470f70d652b6b825" + HEAD[18:] + "00",  # 7 bytes of separator
        HEAD[:18] + "420000" + "00" + "00",
        HEAD[:18] + "420001" + "00",  # PeerId cut short
        HEAD[:18] + "4400025858" + "43000102" + "43000109" + "00",
        HEAD[:18] + "43110158" + "00",  # SHA-1
    ],
)
def test_bytes_that_are_no_interest(data: str) -> None:
    with pytest.raises(IdentifierError):
        Interest.from_bytes(bytes.fromhex(data))


def test_a_link_is_no_byte_string() -> None:
    sequence = dagcbor.encode([sep_hash("model"), bytes(PEER), 1, INIT, INIT, 0])[1:]
    with pytest.raises(IdentifierError):
        Interest.from_bytes(sequence)


def test_no_more_than_the_limit() -> None:
    with pytest.raises(IdentifierError, match="too many"):
        Interest.from_bytes(bytes(MAX_INTEREST_BYTES + 1))
    with pytest.raises(IdentifierError, match="too many"):
        Interest.of(PEER, b"", bytes(MAX_INTEREST_BYTES))
    with pytest.raises(IdentifierError, match="too long"):
        Interest.parse("z" * 2000)
    for not_after in (-1, 1 << 64):
        with pytest.raises(IdentifierError):
            Interest.of(PEER, b"", b"\xff", not_after)


@given(st.one_of(st.binary(max_size=60), st.binary(max_size=30).map(lambda rest: bytes.fromhex(HEAD) + rest)))
def test_any_bytes_are_an_interest_or_identifier_error(data: bytes) -> None:
    try:
        interest = Interest.from_bytes(data)
    except IdentifierError:
        return
    assert bytes(interest) == data
    assert Interest.parse(str(interest)) == interest


@given(st.text(max_size=60))
def test_any_text_is_one_or_identifier_error(text: str) -> None:
    for read in (Interest.parse, PeerId.parse, PeerKey.parse):
        for known in (text, "z" + text, "12D3Koo" + text, "00000000001." + text):
            with suppress(IdentifierError):
                read(known)


def test_separator_key_that_is_not_unicode() -> None:
    with pytest.raises(IdentifierError, match="not Unicode"):
        sep_hash("\ud800")


@given(peers)
def test_peer_ids_come_back_from_text_bytes_and_pickle(peer: PeerId) -> None:
    assert PeerId.from_bytes(bytes(peer)) == peer
    if peer:
        assert PeerId.parse(str(peer)) == peer
    assert repr(peer) == f"PeerId('{peer}')"
    assert type(pickle.loads(pickle.dumps(peer))) is PeerId


def test_peer_id_of_a_key() -> None:
    key = bytes.fromhex("e1af83ba2a34ba7a30835c347fb7e211023c6ca6642cdb2012e6f2439ab89a5c")
    peer = PeerId.of_ed25519(key)
    assert str(peer) == "12D3KooWR1M8JiXyfdBKUhCLUmTJGhtNsgxnhvFVD4AU4EioDUwu"
    assert peer.did == "did:key:z6MkueF19qChpGQJBJXcXjfoM1MYCwC167RMwUiNWXXvEm1M"
    assert PEER.did is None
    for size in (31, 33):
        with pytest.raises(IdentifierError, match="Ed25519"):
            PeerId.of_ed25519(bytes(size))


@pytest.mark.parametrize(
    "text", ["", "1", "111", "12D3KooW0", "zQm", "z" * 2000, multibase.encode(PEER, "z")]
)
def test_text_that_is_no_peer_id(text: str) -> None:
    with pytest.raises(IdentifierError):
        PeerId.parse(text)


def test_peer_keys_of_the_notes() -> None:
    key = PeerKey.of(1732211100, JWS)
    assert key == f"01732211100.{JWS}"
    assert (key.expiration, key.jws) == (1732211100, JWS)
    assert (MIN_PEER_KEY, MAX_PEER_KEY) == ("00000000000", "99999999999")
    assert MIN_PEER_KEY.jws is MAX_PEER_KEY.jws is None


@given(peer_keys)
def test_peer_keys_come_back(key: PeerKey) -> None:
    assert PeerKey.parse(str(key)) == key == PeerKey.of(key.expiration, key.jws)
    assert type(pickle.loads(pickle.dumps(key))) is PeerKey


@given(st.lists(peer_keys, max_size=20))
def test_peer_keys_sort_by_expiry(made: list[PeerKey]) -> None:
    expiries = [key.expiration for key in sorted(made)]
    assert expiries == sorted(expiries)
    assert sorted(made) == sorted(made, key=str.encode)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        f"1732211100.{JWS}",
        f"+1732211100.{JWS}",
        f"101732211100.{JWS}",
        "01732211100.",
        "01732211100.a.b",
        "01732211100.a..c",
        "01732211100.a.b.c.d",
        "01732211100.a.b.c=",
        "01732211100.a.b.c\n",
        "0173221110\u0660",
        "01732211100.é.b.c",
        "01732211100.a.b." + "c" * MAX_PEER_KEY_CHARS,
    ],
)
def test_text_that_is_no_peer_key(text: str) -> None:
    with pytest.raises(IdentifierError, match="peer key"):
        PeerKey.parse(text)


@pytest.mark.parametrize("expiration", [-1, MAX_EXPIRATION + 1])
def test_expiry_beyond_eleven_digits(expiration: int) -> None:
    with pytest.raises(IdentifierError, match="eleven digits"):
        PeerKey.of(expiration)
