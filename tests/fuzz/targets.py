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
from typing import Final

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
from ceramic_protocol.errors import DecodeError, EncodeError
from ceramic_protocol.event_ids import EventId
from ceramic_protocol.events import InvalidEvent, decode_event
from ceramic_protocol.ids import CommitId, StreamId
from ceramic_protocol.interests import Interest, PeerId, PeerKey
from ceramic_protocol.jsonpatch import apply_patch
from ceramic_protocol.limits import MAX_DAMAGE_BYTES
from ceramic_protocol.networks import Network
from ceramic_protocol.ports import Damage, EventSource, RawEvent
from ceramic_protocol.profiles.strict import check_envelope
from ceramic_protocol.reasons import Outcome, Reason
from ceramic_protocol.verify import Verifier
from tests.fuzz.account_targets import ACCOUNT_TARGETS
from tests.fuzz.checks import SIGNED, check_message, decoded, parsed, text_of
from tests.fuzz.record_targets import RECORD_TARGETS
from tests.support import corpus


def dagcbor_strict(data: bytes) -> None:
    value = decoded(dagcbor.decode, data, Reason.CBOR_MALFORMED)
    if not isinstance(value, DecodeError):
        assert dagcbor.encode(value) == data
        assert dagcbor.encode(decode_lenient(data)) == data


def dagcbor_lenient(data: bytes) -> None:
    value = decoded(decode_lenient, data, Reason.CBOR_MALFORMED)
    if not isinstance(value, DecodeError):
        block = dagcbor.encode(value)
        assert dagcbor.encode(dagcbor.decode(block)) == block


def dagjson_text(data: bytes) -> None:
    value = decoded(dagjson_decode.decode, data, Reason.EVENT_MALFORMED)
    if not isinstance(value, DecodeError):
        text = dagjson.encode(value)
        assert dagjson.encode(dagjson_decode.decode(text)) == text


def car_bytes(data: bytes) -> None:
    found = decoded(car.decode, data, Reason.CAR_TRUNCATED, Reason.CAR_MALFORMED)
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
        check_message(found.detail)
        return
    checked = Verifier(corpus.chain()).verify(found)
    assert (checked.cid, checked.stream, checked.prev) == (found.cid, found.stream, found.prev)
    if checked.reason is not None:
        check_message(checked.detail)


def envelope(data: bytes) -> None:
    found = decoded(jose.decode_envelope, data, *SIGNED)
    general = decoded(jose._any_envelope, data, *SIGNED)
    if isinstance(found, DecodeError):
        assert (found.reason, found.detail) == (general.reason, general.detail)
        return
    assert found == general
    finding = check_envelope(found)
    if finding is not None:
        check_message(finding[1])


def protected(data: bytes) -> None:
    header = decoded(jose.decode_protected, data, Reason.JWS_MALFORMED)
    if not isinstance(header, DecodeError):
        assert header == jose._decode_protected(data)
        for text in (header.alg, header.kid, header.signer):
            assert text is None or text.encode("utf-8") is not None


def cid(data: bytes) -> None:
    found = parsed(Cid.from_bytes, data)
    if found is not None:
        assert found == data
    for one in (found, parsed(Cid.parse, text_of(data))):
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
    for found in (parsed(StreamId.from_bytes, data), parsed(StreamId.parse, text_of(data))):
        if found is not None:
            assert StreamId.parse(found.uri) == StreamId.from_bytes(bytes(found)) == found
            assert StreamId.of(found.stream_type, found.cid) == found
            assert found.type_name
            _check_cid(found.cid)


def commit_id(data: bytes) -> None:
    for found in (parsed(CommitId.from_bytes, data), parsed(CommitId.parse, text_of(data))):
        if found is not None:
            assert CommitId.parse(str(found)) == CommitId.from_bytes(bytes(found)) == found
            assert CommitId.of(found.stream, found.cid) == found
            _check_cid(found.cid)


def event_id(data: bytes) -> None:
    for found in (
        parsed(EventId.from_bytes, data),
        parsed(lambda given: EventId.from_bytes(given, strict=False), data),
        parsed(EventId.parse, text_of(data)),
    ):
        if found is not None:
            _check_event_id(found)


def _check_event_id(found: EventId) -> None:
    assert EventId.from_bytes(bytes(found), strict=False) == found
    is_strict = parsed(EventId.from_bytes, bytes(found)) is not None
    if is_strict:
        assert EventId.parse(f"f{found.hex()}") == found
    parts = found.parts
    if parts is not None:
        assert found.is_fencepost == (parts.cid is None)
        assert found.with_min_event() <= found
        rebuilt = found.with_min_event() if parts.cid is None else found
        assert EventId.from_parts(*parts) == rebuilt or not is_strict


def interest(data: bytes) -> None:
    for found in (parsed(Interest.from_bytes, data), parsed(Interest.parse, text_of(data))):
        if found is not None:
            assert Interest.parse(str(found)) == Interest.from_bytes(bytes(found)) == found
            assert (found.parts is None or found.parts.range is None) == found.is_fencepost
            parsed(Interest.event_range, found)


def peer(data: bytes) -> None:
    text = text_of(data)
    for found in (parsed(PeerId.from_bytes, data), parsed(PeerId.parse, text)):
        if found is not None:
            assert PeerId.parse(str(found)) == PeerId.from_bytes(bytes(found)) == found
            assert found.did is None or found.did.startswith("did:key:z6Mk")
    key = parsed(PeerKey.parse, text)
    assert key is None or PeerKey.of(key.expiration, key.jws) == text
    network = parsed(Network.parse, text)
    assert network is None or Network.parse(network.name) == network


def did_key(data: bytes) -> None:
    text = text_of(data)
    key = parsed(did.resolve_did_key, text)
    if key is not None:
        assert did.did_key(key) == text
        assert signatures.verify(key, b"message", b"\x01" * 64) is False


def json_patch(data: bytes) -> None:
    """The bytes are DAG-JSON of a list of document and patch, or are for `dagjson_text`."""
    given = decoded(dagjson_decode.decode, data, Reason.EVENT_MALFORMED)
    if not isinstance(given, list) or len(given) != 2:
        return
    document, patch = given
    before = copy.deepcopy(given)
    result = decoded(lambda _: apply_patch(document, patch), data, Reason.PATCH_FAILED)
    assert given == before
    if not isinstance(result, DecodeError):
        try:
            dagjson.encode(result)
        except EncodeError as error:
            check_message(str(error))


def ndjson(data: bytes) -> None:
    end = 0
    for line in read_lines(io.BytesIO(data)):
        assert data[end : line.position].isspace() or end == line.position
        assert data[line.position : line.position + len(line.data)] == line.data
        end = line.position + line.length
        item = parse_line(line, "fuzz")
        if isinstance(item, Damage):
            check_message(item.detail)
        else:
            Verifier(corpus.chain()).check(item)
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
            check_message(found.detail)
    assert end == len(data)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fuzz.car"
        path.write_bytes(data)
        _check_source(CarArchive.build([SourceFile.of(str(path))], Path(folder) / "work"))


def _check_source(source: EventSource) -> None:
    items = [item for page in source.read(0, source.count) for item in page.items]
    assert len(items) == source.count
    for item in items:
        if isinstance(item, RawEvent):
            Verifier(corpus.chain()).check(item)
        else:
            check_message(item.detail)
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
    **ACCOUNT_TARGETS,
    **RECORD_TARGETS,
}
