"""StreamIDs, CommitIDs, EventIDs, interests and keys of Recon, case by case as the references have them.

Each case is read and written. How many a file holds stands in `CASES`, so that an empty file doesn't pass;
other folders of vectors may hold other numbers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias

import pytest
from nacl.signing import SigningKey

from ceramic_protocol import dagcbor, multibase, varint
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import DecodeError, IdentifierError
from ceramic_protocol.event_ids import (
    MAX_EVENT_ID,
    MIN_EVENT_ID,
    EventId,
    EventRange,
    event_id_of,
)
from ceramic_protocol.events import InitEvent, InvalidEvent, decode_event
from ceramic_protocol.ids import METAMODEL, CommitId, StreamId
from ceramic_protocol.interests import Interest, PeerId, PeerKey, sep_hash
from ceramic_protocol.networks import Network
from ceramic_protocol.sha256a import Sha256a
from tests.support import vectors

Check: TypeAlias = Callable[[Any, Any], Iterator[str]]

CASES: Final = {
    "rust_streamid_metamodel.json": 1,
    "rust_streamid_roundtrip.json": 1,
    "rust_eventid_networks.json": 5,
    "rust_eventid_cbor.json": 1,
    "rust_eventid_fenceposts.json": 9,
    "rust_eventid_from_car.json": 6,
    "rust_interest_api.json": 2,
    "rust_interest_roundtrip.json": 2,
    "rust_sha256a.json": 2,
    "rust_peer_key.json": 1,
    "rust_probe_cbor_ids.json": 39,
    "sdk_stream_commit_id.json": 17,
}


def _is_rewritten(arg: str, answer: str) -> bool:
    if re.match(r"OK (NaN|-?inf) -> Msg", answer):
        return True
    found = re.fullmatch(r"OK .* -> ([0-9a-f]+)", answer)
    if found is None or found[1] == arg:
        return False
    given, written = bytes.fromhex(arg), bytes.fromhex(found[1])
    dagcbor.decode(written)
    # Shorter numbers, or the same bytes in another order; nobody takes lengths that aren't definite.
    is_indefinite = given[0] & 0x1F == 0x1F
    return not is_indefinite and (len(written) < len(given) or sorted(written) == sorted(given))


def _has_other_text(arg: str, answer: str) -> bool:
    return answer.startswith("OK") and not answer.endswith(f" {arg}")


def _has_bytes_behind_stream(arg: str, answer: str) -> bool:
    return answer.startswith("OK") and StreamId.parse(answer.rsplit(maxsplit=1)[-1]).hex() != arg


def _is_uri(arg: str, answer: str) -> bool:
    return answer.startswith("ERR") and arg.startswith("ceramic://")


def _has_unknown_type(_arg: str, answer: str) -> bool:
    return answer.startswith("ERR unknown variant")


def _has_bytes_behind_cid(arg: str, answer: str) -> bool:
    cid = EventId.from_bytes(bytes.fromhex(arg), strict=False).cid
    return answer.startswith("OK") and cid is not None and not arg.endswith(cid.hex())


# Strict decoding refuses numbers that aren't minimal, map keys out of order, NaN and infinity: ceramic-one
# reads them, and can't write them or writes other bytes, which have another CID.
# A StreamID has one text, as in JS: no upper case, base36 only, nothing behind it (such as a CommitID has).
# The URI is a StreamID's text too, in the specification and in JS. Any number is a stream type, as in JS.
# A byte behind an EventID's CID makes another key; it is read only when asked to be lenient.
DIFFERENCES: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "cbor not as written": _is_rewritten,
    "streamid another text": _has_other_text,
    "streamid URI": _is_uri,
    "streamidhex unknown type": _has_unknown_type,
    "streamidhex bytes behind": _has_bytes_behind_stream,
    "eventid bytes behind": _has_bytes_behind_cid,
}
"""Kinds of answers that differ from the reference's on purpose: command and kind → whether a case is one."""

DIFFERENT: Final[Mapping[str, str]] = {
    "cbor fb7ff8000000000000": "cbor not as written",
    "cbor fb7ff0000000000000": "cbor not as written",
    "cbor 1801": "cbor not as written",
    "cbor a2616201616102": "cbor not as written",
    "streamid ceramic://kjzl6cwe1jw147": "streamid URI",
    "streamid KJZL6CWE1JW147DVQ16ZLUOJ": "streamid another text",
    "streamid zBEgHSXJoGTRkwcyVfXPnWmX": "streamid another text",
    "streamid k3y52l7qbv1frxwipl4hp7e6": "streamid another text",
    "streamidhex type6": "streamidhex unknown type",
    "eventid trailing": "eventid bytes behind",
}
"""Cases that are answered differently → how."""

RUST_TYPES: Final = {
    "Tile": 0,
    "Caip10Link": 1,
    "Model": 2,
    "ModelInstanceDocument": 3,
    "Unloadable": 4,
    "EventId": 5,
}


def _streamid_metamodel(given: Any, wanted: Any) -> Iterator[str]:
    digest = bytes.fromhex(given["multihash_digest_hex"])
    assert digest[2:] == dagcbor.encode(given["dag_cbor_of"])
    head = [given["cid_version"], int(given["cid_codec"], 16), int(given["multihash_code"], 16), len(digest)]
    cid = Cid(b"".join(map(varint.encode, head)) + digest)
    _check_stream(StreamId.of(given["stream_type"], cid), given["stream_type"], wanted)
    assert StreamId.parse(wanted["string"]) == METAMODEL
    yield "metamodel"


def _streamid_roundtrip(given: Any, wanted: Any) -> Iterator[str]:
    assert wanted["type_code"] == RUST_TYPES[wanted["type_name"]]
    _check_stream(StreamId.parse(given["string"]), wanted["type_code"], wanted)
    yield "MID"


def _check_stream(stream: StreamId, stream_type: int, wanted: Any) -> None:
    assert (str(stream), stream.hex(), str(stream.cid)) == (
        wanted["string"],
        wanted["bytes_hex"],
        wanted["cid"],
    )
    assert stream.stream_type == stream_type
    assert (
        StreamId.parse(wanted["string"]) == stream == StreamId.from_bytes(bytes.fromhex(wanted["bytes_hex"]))
    )
    assert StreamId.of(stream_type, Cid.parse(wanted["cid"])) == stream


def _build(given: Any, network_id: int) -> EventId:
    return EventId.of(
        Network(network_id),
        multibase.decode(given["sep_value_multibase"]),
        given["controller"],
        Cid.parse(given["init_cid"]),
        Cid.parse(given["event_cid"]),
        sep_key=given["sep_key"],
    )


def _eventid_networks(given: Any, wanted: Any) -> Iterator[str]:
    for case in wanted:
        made = _build(given, case["network_id"])
        assert made.hex() == case["event_id_hex"]
        read = EventId.from_bytes(bytes.fromhex(case["event_id_hex"]))
        assert read.network == Network.parse(case["network"]) == Network(case["network_id"])
        assert str(read.network) == case["network"]
        assert str(read.cid) == given["event_cid"]
        yield case["network"]


def _eventid_cbor(given: Any, wanted: Any) -> Iterator[str]:
    made = _build(given, given["network_id"])
    assert dagcbor.encode(made).hex() == wanted["cbor_hex"]
    value = dagcbor.decode(bytes.fromhex(wanted["cbor_hex"]))
    assert isinstance(value, bytes)
    parts = EventId.from_bytes(value).parts
    assert parts is not None
    found = (
        parts.network.id,
        parts.separator.hex(),
        parts.controller.hex(),
        parts.init.hex(),
        str(parts.cid),
    )
    names = ("network_id", "separator_hex", "controller_hex", "stream_id_hex", "cid")
    assert found == tuple(wanted[name] for name in names)
    yield "cbor"


def _eventid_fenceposts(given: Any, wanted: Any) -> Iterator[str]:
    event_id = _build(given, given["network_id"])
    model, init = multibase.decode(given["sep_value_multibase"]), Cid.parse(given["init_cid"])
    network = Network(given["network_id"])
    of_model = EventRange.of(network, model, sep_key=given["sep_key"])
    of_controller = EventRange.of(network, model, given["controller"], sep_key=given["sep_key"])
    made = {
        "MIN_hex": MIN_EVENT_ID,
        "MAX_hex": MAX_EVENT_ID,
        "with_min_event_hex": event_id.with_min_event(),
        "with_max_event_hex": event_id.with_max_event(),
        "sep_range_start_hex": of_model.start,
        "sep_range_stop_hex": of_model.end,
        "controller_range_start_hex": of_controller.start,
        "controller_range_stop_hex": of_controller.end,
        "swap_cid_to_init_hex": event_id.swap_cid(init),
    }
    names = wanted.keys() - {"cid_of_fenceposts"}
    assert names == made.keys() or vectors.is_named()
    for name in sorted(names):
        key = made[name]
        assert key.hex() == wanted[name], name
        assert EventId.from_bytes(bytes.fromhex(wanted[name])) == key
        assert key.cid == (init if name.startswith("swap") else wanted["cid_of_fenceposts"])
        yield name


def _eventid_from_car(given: Any, wanted: Any) -> Iterator[str]:
    answers = {case["case"]: case for case in wanted}
    for case in given["cases"]:
        event = decode_event(multibase.decode(case["car_multibase"]))
        init = decode_event(multibase.decode(case["init_event_car_multibase"] or case["car_multibase"]))
        assert isinstance(init, InitEvent)
        assert not isinstance(event, InvalidEvent)
        made = event_id_of(event, init.header, Network(given["network_id"]))
        answer = answers.pop(case["case"])["event_id_hex"]
        assert made.hex() == answer, case["case"]
        assert EventId.from_bytes(bytes.fromhex(answer)).cid == event.cid
        yield case["case"]
    for name, case in answers.items():
        # Here the caller brings the init header: nothing is looked up.
        assert "cannot find init event block" in case["error"]
        yield name


def _interest_api(given: Any, wanted: Any) -> Iterator[str]:
    model, init = StreamId.parse(given["sep_value"]), StreamId.parse(given["stream_id"]).cid
    bounds = EventRange.of(
        Network(given["network_id"]), model, given["controller"], init, sep_key=given["sep_key"]
    )
    assert [bound.hex() for bound in bounds] == [wanted["start_event_id_hex"], wanted["end_event_id_hex"]]
    peer = PeerId.parse(given["peer_id"])
    for not_after, text in zip(given["not_after"], wanted["interest_strings"], strict=True):
        assert str(Interest.of(peer, *bounds, not_after, sep_key=given["sep_key"])) == text
        read = Interest.parse(text)
        assert read.event_range() == bounds
        _check_parts(read, given, not_after)
        yield text


def _interest_roundtrip(given: Any, wanted: Any) -> Iterator[str]:
    start, end = bytes.fromhex(given["range_start_hex"]), bytes.fromhex(given["range_end_hex"])
    for case, not_after in zip(wanted, given["not_after"], strict=True):
        made = Interest.of(PeerId.parse(given["peer_id"]), start, end, not_after, sep_key=given["sep_key"])
        assert made.hex() == case["bytes_hex"]
        assert str(made) == case.get("string", str(made))
        read = Interest.from_bytes(bytes.fromhex(case["bytes_hex"]))
        assert read == Interest.parse(str(made))
        assert read.parts is not None
        assert read.parts.range == (start, end)
        assert read.parts.sep_hash.hex() == case.get("sep_key_hash_hex", sep_hash(given["sep_key"]).hex())
        _check_parts(read, given, case["not_after"])
        yield str(not_after)


def _check_parts(interest: Interest, given: Any, not_after: int) -> None:
    assert interest.parts is not None
    assert interest.parts.not_after == not_after
    assert str(interest.parts.peer) == given["peer_id"]
    assert interest.parts.sep_hash == sep_hash(given["sep_key"])


def _sha256a(given: Any, wanted: Any) -> Iterator[str]:
    for key, case in zip(given, wanted, strict=True):
        made = Sha256a.of(key.encode())
        assert str(made) == case["hex"]
        assert Sha256a.parse(case["hex"]) == made
        assert made.lanes == tuple(case.get("u32_8", made.lanes))
        yield key


def _peer_key(given: Any, wanted: Any) -> Iterator[str]:
    secret = multibase.decode(given["secret"])
    signer = SigningKey(secret[varint.decode(secret)[1] :])
    public = bytes(signer.verify_key)
    peer = PeerId.of_ed25519(public)
    assert (str(peer), peer.did) == (wanted["peer_id"], wanted["did"])
    assert PeerId.parse(wanted["peer_id"]) == peer
    entry = {
        "id": {"public_ed25519_key_bytes": list(public)},
        "expiration": given["expiration"],
        "addresses": [f"{address}/p2p/{peer}" for address in given["addresses"]],
    }
    header = {"alg": "EdDSA", "kid": wanted["did"].removeprefix("did:key:")}
    parts = [json.dumps(part, separators=(",", ":")).encode() for part in (header, entry)]
    signed = ".".join(map(multibase.encode_base64url, parts))
    signature = multibase.encode_base64url(signer.sign(signed.encode()).signature)
    assert PeerKey.of(given["expiration"], f"{signed}.{signature}") == wanted["peer_key"]
    read = PeerKey.parse(wanted["peer_key"])
    assert (read.expiration, read.jws) == (given["expiration"], f"{signed}.{signature}")
    yield "peer key"


def _probe_cbor_ids(given: Any, wanted: Any) -> Iterator[str]:
    checks = {
        "cbor": _probe_cbor,
        "streamid": lambda arg, answer: _probe_stream(StreamId.parse(arg), answer),
        "streamidhex": lambda arg, answer: _probe_stream(StreamId.from_bytes(bytes.fromhex(arg)), answer),
        "eventid": _probe_event_id,
        "interest": _probe_interest,
    }
    for case, answer in zip(given, wanted, strict=True):
        name = f"{case['cmd']} {case['case']}"
        refused = answer.startswith("ERR")
        try:
            agrees = checks[case["cmd"]](case["arg"], answer) and not refused
        except (DecodeError, IdentifierError):
            agrees = refused
        if agrees:
            assert name not in DIFFERENT, (name, answer)
        else:
            found = _difference(case["cmd"], case["arg"], answer)
            assert DIFFERENT.get(name, found) == found, (name, answer)
            assert vectors.is_named() or name in DIFFERENT, (name, answer)
        yield name


def _difference(command: str, arg: str, answer: str) -> str:
    for name, is_one in DIFFERENCES.items():
        if name.split()[0] == command and is_one(arg, answer):
            return name
    pytest.fail(f"{command} {arg}: {answer}")


def _probe_cbor(arg: str, answer: str) -> bool:
    value = dagcbor.decode(bytes.fromhex(arg))
    assert dagcbor.encode(value).hex() == arg
    found = re.fullmatch(r"OK (.*) -> (\w+)", answer)
    if found is None or found[2] != arg:
        return False
    return type(value) not in {int, float} or str(value) == found[1]


def _probe_stream(stream: StreamId, answer: str) -> bool:
    found = re.fullmatch(r"OK type=(\w+) cid=(\w+) (\w+)", answer)
    if found is None:
        return False
    wanted = (RUST_TYPES[found[1]], Cid.parse(found[2]), StreamId.parse(found[3]))
    # What stands in the URI is the same StreamID; the reference just doesn't read it.
    return (stream.stream_type, stream.cid, stream) == wanted


def _probe_event_id(arg: str, answer: str) -> bool:
    data = bytes.fromhex(arg)
    lenient = EventId.from_bytes(data, strict=False)
    text = re.search(r"cid=(?:None|Some\(Cid\((\w+)\)\))$", answer)
    assert text is not None
    assert lenient.cid == (Cid.parse(text[1]) if text[1] else None)
    parts = lenient.parts
    shown = parts and [parts.separator.hex(), parts.controller.hex(), parts.init.hex()]
    assert (shown or []) == re.findall(r'"([0-9a-f]{8,16})"', answer)
    return EventId.from_bytes(data) == lenient == data


def _probe_interest(arg: str, answer: str) -> bool:
    parts = Interest.from_bytes(bytes.fromhex(arg)).parts
    assert parts is not None
    ends = parts.range and f"start: {list(parts.range[0])}, end: {list(parts.range[1])}"
    shown = f"Some(RangeOpen {{ {ends} }}) Some({parts.not_after})" if ends else "None None"
    return answer == f'OK Some(PeerId("{parts.peer!s}")) {shown}'


def _sdk_stream_commit_id(given: Any, wanted: Any) -> Iterator[str]:
    init, commit = Cid.parse(given["init_cid"]), Cid.parse(given["commit_cid"])
    stream = StreamId.of(given["type"], init)
    assert (str(stream), stream.hex(), stream.uri) == (
        wanted["stream_id"],
        wanted["stream_id_hex"],
        wanted["url"],
    )
    assert StreamId.from_bytes(bytes.fromhex(wanted["stream_id_hex"])) == stream
    yield "stream_id"
    for name, cid in (("commit_id_init", None), ("commit_id_init", init), ("commit_id", commit)):
        made = CommitId.of(stream, cid)
        assert (str(made), made.hex()) == (wanted[name], wanted[f"{name}_hex"])
        read = CommitId.from_bytes(bytes.fromhex(wanted[f"{name}_hex"]))
        assert (read, read.stream, read.cid) == (made, stream, cid or init)
        yield f"{name} {cid}"
    for text in wanted["parse_ok_as_stream_id"]:
        assert StreamId.parse(text) == stream
        yield text
    for text, answer in wanted["parse_ok_as_commit_id"].items():
        assert str(CommitId.parse(text)) == answer == str(CommitId.parse(answer))
        yield text
    refused: list[tuple[type[StreamId | CommitId], str]] = [
        *((StreamId, text) for text in wanted["parse_error_as_stream_id"]),
        *((CommitId, text) for text in wanted["parse_error_as_commit_id"]),
        (CommitId, f"/ceramic/{stream}?commit=1"),  # commit_number_error
    ]
    for kind, text in refused:
        with pytest.raises(IdentifierError):
            kind.parse(text)
        yield text


CHECKS: Final[dict[str, Check]] = {
    "rust_streamid_metamodel.json": _streamid_metamodel,
    "rust_streamid_roundtrip.json": _streamid_roundtrip,
    "rust_eventid_networks.json": _eventid_networks,
    "rust_eventid_cbor.json": _eventid_cbor,
    "rust_eventid_fenceposts.json": _eventid_fenceposts,
    "rust_eventid_from_car.json": _eventid_from_car,
    "rust_interest_api.json": _interest_api,
    "rust_interest_roundtrip.json": _interest_roundtrip,
    "rust_sha256a.json": _sha256a,
    "rust_peer_key.json": _peer_key,
    "rust_probe_cbor_ids.json": _probe_cbor_ids,
    "sdk_stream_commit_id.json": _sdk_stream_commit_id,
}


@pytest.mark.parametrize(
    "file", [pytest.param(file, id=f"{file} {count} cases") for file, count in CASES.items()]
)
def test_file_of_the_references(file: str) -> None:
    vector = vectors.reference(file)
    ran = list(CHECKS[file](vector["input"], vector["expected"]))
    assert len(ran) == CASES[file] or vectors.is_named(), f"{file}: {len(ran)} cases ran"


def test_every_file_has_its_check() -> None:
    assert list(CHECKS) == list(CASES)


@pytest.mark.skipif(vectors.is_named(), reason="other vectors than the project's own")
def test_every_difference_is_a_case() -> None:
    vector = vectors.reference("rust_probe_cbor_ids.json")
    assert set(_probe_cbor_ids(vector["input"], vector["expected"])) >= DIFFERENT.keys()
    assert set(DIFFERENT.values()) <= DIFFERENCES.keys()


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        ({"cmd": "cbor", "case": "x", "arg": "01"}, "ERR Eof"),
        ({"cmd": "cbor", "case": "x", "arg": "01"}, "OK 2 -> 01"),
        ({"cmd": "cbor", "case": "x", "arg": "f7"}, "OK undefined -> f7"),
        ({"cmd": "cbor", "case": "x", "arg": "1801"}, "OK 1 -> 1801"),
        ({"cmd": "cbor", "case": "x", "arg": "9f01ff"}, "OK [1] -> 8101"),
        ({"cmd": "streamid", "case": "x", "arg": ""}, "OK type=Tile cid=x "),
        ({"cmd": "streamidhex", "case": "x", "arg": METAMODEL.hex()}, "ERR encoding is not minimal"),
    ],
)
def test_a_difference_that_is_not_listed_fails(given: dict[str, str], answer: str) -> None:
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        list(_probe_cbor_ids([given], [answer]))
