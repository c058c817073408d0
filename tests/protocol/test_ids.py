"""StreamIDs and CommitIDs, with the worked examples of the protocol's notes."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import IdentifierError
from ceramic_protocol.ids import METAMODEL, MODEL_INSTANCE, TILE, TYPE_NAMES, CommitId, StreamId
from tests.support import strategies, vectors

INIT = Cid.parse("bagcqcerakszw2vsovxznyp5gfnpdj4cqm2xiv76yd24wkjewhhykovorwo6a")
COMMIT = Cid.parse("bagjqcgzaday6dzalvmy5ady2m5a5legq5zrbsnlxfc2bfxej532ds7htpova")
STREAM = "kjzl6cwe1jw147dvq16zluojmraqvwdmbh61dx9e0c59i344lcrsgqfohexp60s"
AT_INIT = "k3y52l7qbv1frxwipl4hp7e6jlu4f6u8upm2xv0irmedfkm5cnutmezzi3u7mytj4"
AT_COMMIT = (
    "k1dpgaqe3i64kjqcp801r3sn7ysi5i0k7nxvs7j351s7kewfzr3l7mdxnj7s"
    "zwo4kr9mn2qki5nnj0cv836ythy1t1gya9s25cn1nexst3jxi5o3h6qprfyju"
)
MID = "kjzl6kcym7w8y7nzgytqayf6aro12zt0mm01n6ydjomyvvklcspx9kr6gpbwd09"

stream_ids = st.builds(StreamId.of, st.integers(0, 300), strategies.cids)


def test_stream_id_of_the_notes() -> None:
    stream = StreamId.of(TILE, INIT)
    assert str(stream) == STREAM
    assert stream.hex() == "ce0100018501122054b36d564eadf2dc3fa62b5e34f05066ae8affd81eb965249639f0a755d1b3bc"
    assert (stream.stream_type, stream.type_name, stream.cid) == (0, "tile", INIT)
    assert stream.uri == f"ceramic://{STREAM}"


def test_commit_ids_of_the_notes() -> None:
    stream = StreamId.parse(STREAM)
    assert str(CommitId.of(stream)) == AT_INIT
    assert str(CommitId.of(stream, INIT)) == AT_INIT
    assert str(CommitId.of(stream, COMMIT)) == AT_COMMIT
    assert len(CommitId.of(stream, COMMIT)) == 77
    assert CommitId.parse(AT_INIT).cid == INIT
    assert CommitId.parse(AT_COMMIT).cid == COMMIT
    assert CommitId.parse(AT_COMMIT).stream == stream


def test_model_instance_of_the_notes() -> None:
    stream = StreamId.parse(MID)
    assert stream.hex() == "ce010301850112206facee859d04c1e5d5fc0f47d0f53eb40035005d19bd11fda7ad147c43ec78d9"
    assert (stream.stream_type, stream.type_name, str(stream)) == (MODEL_INSTANCE, "MID", MID)


def test_metamodel() -> None:
    assert METAMODEL.hex() == "ce01040171710b0009686d6f64656c2d7631"
    assert str(METAMODEL) == "kh4q0ozorrgaq2mezktnrmdwleo1d"
    assert str(METAMODEL.cid) == "bafyxccyabfug233emvwc25rr"
    assert METAMODEL.stream_type == 4


@pytest.mark.parametrize("text", [STREAM, f"ceramic://{STREAM}", f"/ceramic/{STREAM}"])
def test_text_forms_of_a_stream_id(text: str) -> None:
    assert str(StreamId.parse(text)) == STREAM
    with pytest.raises(IdentifierError, match="no commit"):
        CommitId.parse(text)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (AT_INIT, AT_INIT),
        (f"ceramic://{AT_INIT}", AT_INIT),
        (f"/ceramic/{AT_COMMIT}", AT_COMMIT),
        (f"/ceramic/{STREAM}?commit=0", AT_INIT),
        (f"ceramic://{STREAM}?commit=0", AT_INIT),
        (f"/ceramic/{STREAM}?commit={INIT}", AT_INIT),
        (f"/ceramic/{STREAM}?commit={COMMIT}", AT_COMMIT),
    ],
)
def test_text_forms_of_a_commit_id(text: str, wanted: str) -> None:
    assert str(CommitId.parse(text)) == wanted
    with pytest.raises(IdentifierError):
        StreamId.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "k",
        "ceramic://",
        STREAM.upper(),
        f" {STREAM}",
        f"{STREAM} ",
        f"{STREAM}\n",
        f"{STREAM}/x",
        f"{STREAM}?version=0",
        f"https://{STREAM}",
        f"{STREAM}?commit=",
        f"{STREAM}?commit=1",
        f"{AT_COMMIT}?commit=0",
        str(INIT),
        STREAM[:-1],
        "k" + "0" * 2000,
    ],
)
def test_text_that_is_neither(text: str) -> None:
    for kind in (StreamId, CommitId):
        with pytest.raises(IdentifierError):
            kind.parse(text)


@given(stream_ids)
def test_stream_ids_come_back_from_text_bytes_and_pickle(stream: StreamId) -> None:
    assert StreamId.parse(str(stream)) == stream == StreamId.from_bytes(bytes(stream))
    assert StreamId.parse(stream.uri) == stream
    assert StreamId.of(stream.stream_type, stream.cid) == stream
    assert type(pickle.loads(pickle.dumps(stream))) is StreamId
    assert repr(stream) == f"StreamId('{stream}')"


@given(stream_ids, st.one_of(st.none(), strategies.cids))
def test_commit_ids_come_back_from_text_bytes_and_pickle(stream: StreamId, cid: Cid | None) -> None:
    commit = CommitId.of(stream, cid)
    assert CommitId.parse(str(commit)) == commit == CommitId.from_bytes(bytes(commit))
    assert (commit.stream, commit.cid) == (stream, cid or stream.cid)
    assert pickle.loads(pickle.dumps(commit)) == commit
    assert repr(commit) == f"CommitId('{commit}')"
    with pytest.raises(IdentifierError, match="CommitID"):
        StreamId.from_bytes(bytes(commit))


def test_the_init_spelt_out_in_bytes_is_the_init() -> None:
    stream = StreamId.parse(STREAM)
    assert CommitId.from_bytes(stream + INIT) == CommitId.of(stream)


@given(st.one_of(st.binary(max_size=90), st.binary(max_size=90).map(lambda rest: b"\xce\x01\x03" + rest)))
def test_any_bytes_are_an_identifier_or_identifier_error(data: bytes) -> None:
    for kind in (StreamId, CommitId):
        try:
            made = kind.from_bytes(data)
        except IdentifierError:
            continue
        assert kind.parse(str(made)) == made


def test_names_of_stream_types() -> None:
    assert [StreamId.of(number, INIT).type_name for number in range(6)] == [*TYPE_NAMES.values(), "5"]


@pytest.mark.parametrize(
    ("file", "member"),
    [("rust_streamid_roundtrip.json", "string"), ("rust_streamid_metamodel.json", "string")],
)
def test_vectors_of_the_references(file: str, member: str) -> None:
    wanted = vectors.reference(file)["expected"]
    assert StreamId.parse(wanted[member]).hex() == wanted["bytes_hex"]
    assert str(StreamId.parse(wanted[member]).cid) == wanted["cid"]


def test_vectors_of_the_sdk() -> None:
    wanted = vectors.reference("sdk_stream_commit_id.json")["expected"]
    for text in wanted["parse_ok_as_stream_id"]:
        assert str(StreamId.parse(text)) == wanted["stream_id"]
    for text, commit in wanted["parse_ok_as_commit_id"].items():
        assert str(CommitId.parse(text)) == commit
