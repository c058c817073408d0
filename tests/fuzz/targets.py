"""What each decoder must do with any bytes whatever: answer, or refuse with the errors it declares.

What was read must also be written and read again without change, and a short cut for the usual form must say
what the general way says.
"""

from __future__ import annotations

import copy
import io
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from ceramic_connectors.archive import CarArchive
from ceramic_connectors.car_scan import Scanner, Section
from ceramic_connectors.files import SourceFile
from ceramic_connectors.lines import read_lines
from ceramic_connectors.ndjson import NdjsonFile, parse_line
from ceramic_connectors.window import Window
from ceramic_protocol import car, dagcbor, dagjson, dagjson_decode, jose
from ceramic_protocol.accounts import did, signatures
from ceramic_protocol.cid import Cid
from ceramic_protocol.dagcbor_lenient import decode_lenient
from ceramic_protocol.errors import DecodeError, EncodeError, IdentifierError
from ceramic_protocol.event_ids import EventId
from ceramic_protocol.events import InvalidEvent, decode_event
from ceramic_protocol.ids import CommitId, StreamId
from ceramic_protocol.intake import check_item
from ceramic_protocol.interests import Interest, PeerId, PeerKey
from ceramic_protocol.jsonpatch import apply_patch
from ceramic_protocol.limits import MAX_DAMAGE_BYTES
from ceramic_protocol.networks import Network
from ceramic_protocol.ports import Damage, EventSource, RawEvent
from ceramic_protocol.reasons import Outcome, Reason
from ceramic_protocol.verify import check_envelope, verify_event
from tests.support import corpus

_MAX_MESSAGE: Final = 1000
_SIGNED: Final = (
    Reason.CBOR_MALFORMED,
    Reason.SIGNATURES_EMPTY,
    Reason.EVENT_MALFORMED,
    Reason.JWS_MALFORMED,
)


def _decoded(decode: Callable[[bytes], Any], data: bytes, *reasons: Reason) -> Any:
    """What comes of decoding; the error, if it is a declared one, for one of these reasons."""
    try:
        return decode(data)
    except DecodeError as error:
        assert error.reason in reasons  # noqa: PT017
        _check_message(error.detail)
        return error


def _parsed(parse: Callable[[Any], Any], given: object) -> Any:
    """What an identifier is read as; None if it is refused as declared."""
    try:
        return parse(given)
    except IdentifierError as error:
        _check_message(str(error))
        return None


def _check_message(message: str | None) -> None:
    assert message
    assert len(message.encode("utf-8")) < _MAX_MESSAGE


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def dagcbor_strict(data: bytes) -> None:
    value = _decoded(dagcbor.decode, data, Reason.CBOR_MALFORMED)
    if not isinstance(value, DecodeError):
        assert dagcbor.encode(value) == data
        assert dagcbor.encode(decode_lenient(data)) == data


def dagcbor_lenient(data: bytes) -> None:
    value = _decoded(decode_lenient, data, Reason.CBOR_MALFORMED)
    if not isinstance(value, DecodeError):
        block = dagcbor.encode(value)
        assert dagcbor.encode(dagcbor.decode(block)) == block


def dagjson_text(data: bytes) -> None:
    value = _decoded(dagjson_decode.decode, data, Reason.EVENT_MALFORMED)
    if not isinstance(value, DecodeError):
        text = dagjson.encode(value)
        assert dagjson.encode(dagjson_decode.decode(text)) == text


def car_bytes(data: bytes) -> None:
    found = _decoded(car.decode, data, Reason.CAR_TRUNCATED, Reason.CAR_MALFORMED)
    if isinstance(found, DecodeError):
        return
    length, start = car.read_length(data, 0)
    assert car.decode_header(data[start : start + length]) == found.roots
    for cid, _block in found.blocks:
        _check_cid(cid)
    if found.roots:
        assert car.decode(car.encode(found.roots, found.blocks)) == found


def event(data: bytes) -> None:
    found = decode_event(data)
    if isinstance(found, InvalidEvent):
        assert found.reason.outcome is Outcome.REJECTED
        _check_message(found.detail)
        return
    checked = verify_event(found, corpus.chain())
    assert (checked.cid, checked.stream, checked.prev) == (found.cid, found.stream, found.prev)
    if checked.reason is not None:
        _check_message(checked.detail)


def envelope(data: bytes) -> None:
    found = _decoded(jose.decode_envelope, data, *_SIGNED)
    general = _decoded(jose._any_envelope, data, *_SIGNED)
    if isinstance(found, DecodeError):
        assert (found.reason, found.detail) == (general.reason, general.detail)
        return
    assert found == general
    finding = check_envelope(found)
    if finding is not None:
        _check_message(finding[1])


def protected(data: bytes) -> None:
    header = _decoded(jose.decode_protected, data, Reason.JWS_MALFORMED)
    if not isinstance(header, DecodeError):
        assert header == jose._decode_protected(data)
        for text in (header.alg, header.kid, header.signer):
            assert text is None or text.encode("utf-8") is not None


def cid(data: bytes) -> None:
    found = _parsed(Cid.from_bytes, data)
    if found is not None:
        assert found == data
    for one in (found, _parsed(Cid.parse, _text(data))):
        if one is not None:
            _check_cid(one)


def _check_cid(found: Cid) -> None:
    assert Cid.from_bytes(bytes(found)) == found
    assert Cid.parse(str(found)) == found
    assert found.codec_name
    assert found.multihash.endswith(found.digest)
    assert not found.matches(b"not what it names")
    assert found.is_sha256 == (found.hash_code == 0x12 and len(found.digest) == 32)


def stream_id(data: bytes) -> None:
    for found in (_parsed(StreamId.from_bytes, data), _parsed(StreamId.parse, _text(data))):
        if found is not None:
            assert StreamId.parse(found.uri) == StreamId.from_bytes(bytes(found)) == found
            assert StreamId.of(found.stream_type, found.cid) == found
            assert found.type_name
            _check_cid(found.cid)


def commit_id(data: bytes) -> None:
    for found in (_parsed(CommitId.from_bytes, data), _parsed(CommitId.parse, _text(data))):
        if found is not None:
            assert CommitId.parse(str(found)) == CommitId.from_bytes(bytes(found)) == found
            assert CommitId.of(found.stream, found.cid) == found
            _check_cid(found.cid)


def event_id(data: bytes) -> None:
    for found in (
        _parsed(EventId.from_bytes, data),
        _parsed(lambda given: EventId.from_bytes(given, strict=False), data),
        _parsed(EventId.parse, _text(data)),
    ):
        if found is not None:
            _check_event_id(found)


def _check_event_id(found: EventId) -> None:
    assert EventId.from_bytes(bytes(found), strict=False) == found
    is_strict = _parsed(EventId.from_bytes, bytes(found)) is not None
    if is_strict:
        assert EventId.parse(f"f{found.hex()}") == found
    parts = found.parts
    if parts is not None:
        assert found.is_fencepost == (parts.cid is None)
        assert found.with_min_event() <= found
        rebuilt = found.with_min_event() if parts.cid is None else found
        assert EventId.from_parts(*parts) == rebuilt or not is_strict


def interest(data: bytes) -> None:
    for found in (_parsed(Interest.from_bytes, data), _parsed(Interest.parse, _text(data))):
        if found is not None:
            assert Interest.parse(str(found)) == Interest.from_bytes(bytes(found)) == found
            assert (found.parts is None or found.parts.range is None) == found.is_fencepost
            _parsed(Interest.event_range, found)


def peer(data: bytes) -> None:
    text = _text(data)
    for found in (_parsed(PeerId.from_bytes, data), _parsed(PeerId.parse, text)):
        if found is not None:
            assert PeerId.parse(str(found)) == PeerId.from_bytes(bytes(found)) == found
            assert found.did is None or found.did.startswith("did:key:z6Mk")
    key = _parsed(PeerKey.parse, text)
    assert key is None or PeerKey.of(key.expiration, key.jws) == text
    network = _parsed(Network.parse, text)
    assert network is None or Network.parse(network.name) == network


def did_key(data: bytes) -> None:
    text = _text(data)
    key = _parsed(did.resolve_did_key, text)
    if key is not None:
        assert did.did_key(key) == text
        assert signatures.verify(key, b"message", b"\x01" * 64) is False


def json_patch(data: bytes) -> None:
    """The bytes are DAG-JSON of a list of document and patch, or are for `dagjson_text`."""
    given = _decoded(dagjson_decode.decode, data, Reason.EVENT_MALFORMED)
    if not isinstance(given, list) or len(given) != 2:
        return
    document, patch = given
    before = copy.deepcopy(given)
    result = _decoded(lambda _: apply_patch(document, patch), data, Reason.PATCH_FAILED)
    assert given == before
    if not isinstance(result, DecodeError):
        try:
            dagjson.encode(result)
        except EncodeError as error:
            _check_message(str(error))


def ndjson(data: bytes) -> None:
    end = 0
    for line in read_lines(io.BytesIO(data)):
        assert data[end : line.position].isspace() or end == line.position
        assert data[line.position : line.position + len(line.data)] == line.data
        end = line.position + line.length
        item = parse_line(line, "fuzz")
        if isinstance(item, Damage):
            _check_message(item.detail)
        else:
            check_item(item, corpus.chain())
    assert data[end:].isspace() or end == len(data)


def ndjson_file(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fuzz.ndjson.gz"
        path.write_bytes(data)
        _check_source(NdjsonFile.build([SourceFile.of(str(path))], Path(folder) / "work"))


def archive(data: bytes) -> None:
    end = 0
    scanned = SourceFile("in memory", len(data), 0)
    for found in Scanner(Window(scanned, io.BytesIO(data))).scan(0):
        assert found.position == end
        end = found.end if isinstance(found, Section) else end + found.length
        assert end > found.position
        if isinstance(found, Section):
            assert found.good == found.cid.matches(bytes(found.block))
        else:
            _check_message(found.detail)
    assert end == len(data)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fuzz.car"
        path.write_bytes(data)
        _check_source(CarArchive.build([SourceFile.of(str(path))], Path(folder) / "work"))


def _check_source(source: EventSource) -> None:
    items = [item for batch in source.read(0, source.count) for item in batch]
    assert len(items) == source.count
    for item in items:
        if isinstance(item, RawEvent):
            check_item(item, corpus.chain())
        else:
            _check_message(item.detail)
            assert len(item.raw) <= MAX_DAMAGE_BYTES


TARGETS: Final[dict[str, Callable[[bytes], None]]] = {
    "dagcbor": dagcbor_strict,
    "dagcbor-lenient": dagcbor_lenient,
    "dagjson": dagjson_text,
    "car": car_bytes,
    "event": event,
    "envelope": envelope,
    "protected": protected,
    "cid": cid,
    "stream-id": stream_id,
    "commit-id": commit_id,
    "event-id": event_id,
    "interest": interest,
    "peer": peer,
    "did-key": did_key,
    "json-patch": json_patch,
    "ndjson": ndjson,
    "ndjson-file": ndjson_file,
    "archive": archive,
}
