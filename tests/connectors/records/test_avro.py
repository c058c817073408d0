"""Avro: the contract, Confluent's bytes, and schemas of others that aren't to be trusted."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_connectors.records.avro import Avro
from ceramic_connectors.records.avro_schema import avro_schema
from ceramic_connectors.records.errors import RecordError
from ceramic_connectors.records.form import Form, FormName, open_form
from ceramic_connectors.records.writer_schema import parse_writer_schema
from ceramic_protocol.errors import UsageError
from ceramic_protocol.limits import MAX_AVRO_SCHEMA_BYTES
from ceramic_protocol.records import EVENT, HEARTBEAT, RECORDS, STATE
from ceramic_protocol.tables import Field, Table
from tests.connectors.records.form_contract import TOPIC, FormContract
from tests.connectors.records.rows import MAX, MIN, InMemory, rows, sample, without

fastavro = pytest.importorskip(
    "fastavro", reason="fastavro is not installed: pip install 'ceramic-streams[kafka]'"
)


class TestAvro(FormContract):
    def opened(self) -> Form:
        return open_form(FormName.AVRO, InMemory())


def test_without_a_place_for_schemas() -> None:
    with pytest.raises(UsageError, match="place for its schemas"):
        open_form(FormName.AVRO)


def test_head_and_subject() -> None:
    schemas = InMemory("an older one")
    form = Avro(schemas)
    values = [
        form.encode(table, f"t.{table.name}", sample(table)).value for table in RECORDS for _ in range(3)
    ]
    assert [value[:5].hex() for value in values] == ["0000000002"] * 3 + ["0000000003"] * 3 + [
        "0000000004"
    ] * 3
    assert schemas.asked == [f"t.{table.name}-value" for table in RECORDS]
    assert form.encode(EVENT, TOPIC, sample(EVENT)).headers == ()


@pytest.mark.parametrize("table", RECORDS, ids=lambda table: table.name)
def test_the_schema(table: Table) -> None:
    schema = json.loads(avro_schema(table))
    assert (schema["type"], schema["namespace"], schema["name"]) == ("record", "ceramic", table.name)
    assert [field["name"] for field in schema["fields"]] == list(table.names)
    for field, said in zip(table.fields, schema["fields"], strict=True):
        assert said["doc"] == field.doc
        assert ("default" in said) == (field.nullable or field.type.startswith("list"))
        assert isinstance(said["type"], list) == field.nullable


def test_a_type_that_records_don_t_have() -> None:
    odd = Table("Odd", (Field("at", "dimensions", False, ""),))
    with pytest.raises(RecordError, match=r"Odd\.at: records have no type dimensions"):
        Avro(InMemory()).encode(odd, TOPIC, {"at": 1})


@pytest.mark.parametrize("table", RECORDS, ids=lambda table: table.name)
@given(data=st.data())
def test_fastavro_writes_the_same_bytes(table: Table, data: st.DataObject) -> None:
    row = data.draw(rows(table))
    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(json.loads(avro_schema(table))), row)
    assert Avro(InMemory()).encode(table, TOPIC, row).value[5:] == out.getvalue()


_EDGES = [(1 << bits) + by for bits in (0, 5, 6, 7, 12, 13, 14, 15, 20, 31, 62, 63) for by in (-1, 0, 1)]


@pytest.mark.parametrize("size", [0, 1, 63, 64, 4095, 4096, 8191, 8192, 1 << 14, 1 << 21])
def test_lengths(size: int) -> None:
    row = {"name": "ä" * (size // 2), "ts_ms": size, "events": "x" * size, "changes": None}
    form = Avro(InMemory())
    value = form.encode(HEARTBEAT, TOPIC, row).value
    expected = [b"\0\0\0\0\1", *(_long(len(data)) + data for data in [("ä" * (size // 2)).encode()])]
    expected += [_long(size), b"\2", _long(size), b"x" * size, b"\0"]
    assert value == b"".join(expected)


@pytest.mark.parametrize(
    "number", [number for edge in _EDGES for number in (edge, -edge) if MIN <= number <= MAX]
)
def test_integers(number: int) -> None:
    row = {"name": "", "ts_ms": number, "events": None, "changes": None}
    assert Avro(InMemory()).encode(HEARTBEAT, TOPIC, row).value[5:] == b"\0" + _long(number) + b"\0\0"


def test_the_id_of_no_schema() -> None:
    with pytest.raises(RecordError, match="no schema 7"):
        Avro(InMemory()).decode(EVENT, TOPIC, bytes([0, 0, 0, 0, 7, 1, 2]), ())


@pytest.mark.parametrize("head", [b"", b"\0", b"\0\0\0\0", b"\1\0\0\0\1", b'{"op":"c"}'])
def test_another_head(head: bytes) -> None:
    with pytest.raises(RecordError, match="begin with the id"):
        Avro(InMemory(avro_schema(EVENT))).decode(EVENT, TOPIC, head, ())


def test_lengths_that_are_not_there() -> None:
    form = Avro(InMemory(avro_schema(HEARTBEAT), avro_schema(STATE)))
    for length in (-1, -(1 << 40), 1 << 20, 1 << 62, -(1 << 63)):
        for place in (b"", b"\2x"):
            value = b"\0\0\0\0\1" + place + _long(length) + b"abc"
            with pytest.raises(RecordError):
                form.decode(HEARTBEAT, TOPIC, value, ())
        # The list `undone`, behind op, stream_id, three nulls or a tip, and previous_tip.
        value = b"\0\0\0\0\2" + b"\2c" + b"\2s" + b"\0" + b"\0" + b"\2t" + b"\0" + _long(length) + b"\2a" * 9
        with pytest.raises(RecordError):
            form.decode(STATE, TOPIC, value, ())


def _long(value: int) -> bytes:
    """Zigzag and base 128, as Avro has it."""
    rest = ((value << 1) ^ (value >> 63)) & ((1 << 64) - 1)
    out = bytearray()
    while rest > 127:
        out.append(rest & 127 | 128)
        rest >>= 7
    return bytes([*out, rest])


def _record(*fields: Any, name: str = "Heartbeat") -> dict[str, Any]:
    return {"type": "record", "name": name, "namespace": "ceramic", "fields": list(fields)}


def _named(name: str, kind: Any) -> dict[str, Any]:
    return {"name": name, "type": kind}


def _laughs() -> dict[str, Any]:
    """Records of ten of the next one each, the last one of nothing: 10^9 values in no byte."""
    kind: Any = _record(name="R0")
    for level in range(1, 10):
        inner = [_named("a", kind), *(_named(f"f{number}", f"ceramic.R{level - 1}") for number in range(9))]
        kind = _record(*inner, name=f"R{level}")
    return _record(_named("deep", kind))


def _deep() -> Any:
    kind: Any = "string"
    for _ in range(50):
        kind = {"type": "array", "items": kind}
    return _record(_named("deep", kind))


HOSTILE: dict[str, Any] = {
    "an array of nulls": _record(_named("a", {"type": "array", "items": "null"})),
    "an array of records of nulls": _record(
        _named("a", {"type": "array", "items": _record(_named("n", "null"), name="N")})
    ),
    "an array of records of nothing": _record(_named("a", {"type": "array", "items": _record(name="N")})),
    "a fixed of nothing": _record(_named("a", {"type": "fixed", "name": "F", "size": 0})),
    "a record in itself": _record(_named("a", ["null", "ceramic.Heartbeat"])),
    "records of records of nothing": _laughs(),
    "too deep": _deep(),
    "too deep for JSON": '{"type":"array","items":' * 90 + '"string"' + "}" * 90,
    "not a record": {"type": "array", "items": "string"},
    "no JSON": "{",
    "a text": '"string"',
    "a number": "5",
    "an unknown type": _record(_named("a", "number")),
    "no fields": {"type": "record", "name": "Heartbeat"},
    "fields of none": {"type": "record", "name": "Heartbeat", "fields": None},
    "a size that is none": _record(_named("a", {"type": "fixed", "name": "F", "size": "many"})),
    "half of a surrogate pair": '{"type":"record","name":"\\ud800","fields":[]}',
    "too large": json.dumps(_record({**_named("a", "string"), "doc": "x" * MAX_AVRO_SCHEMA_BYTES})),
}


@pytest.mark.parametrize("schema", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("data", [b"", b"\xfe\xff\xff\xff\xff\xff\xff\xff\x7f" * 3, b"\x02" * 200])
def test_a_schema_that_isn_t_read_with(schema: Any, data: bytes) -> None:
    text = schema if isinstance(schema, str) else json.dumps(schema)
    with pytest.raises(RecordError, match=r"schema") as directly:
        parse_writer_schema(text)
    with pytest.raises(RecordError, match=re.escape(str(directly.value))) as raised:
        Avro(InMemory(text)).decode(HEARTBEAT, TOPIC, b"\0\0\0\0\1" + data, ())
    assert len(str(raised.value)) < 500


OTHERS: dict[str, tuple[Any, Any]] = {
    "an enum": ({"type": "enum", "name": "E", "symbols": ["x", "y"]}, "y"),
    "a map": ({"type": "map", "values": ["null", "long"]}, {"a": 1, "b": None}),
    "an array of records": (
        {"type": "array", "items": _record(_named("n", "int"), name="N")},
        [{"n": 1}, {"n": -1}],
    ),
    "a name twice": (
        _record(_named("x", _record(_named("n", "int"), name="N")), _named("y", "ceramic.N"), name="P"),
        {"x": {"n": 1}, "y": {"n": 2}},
    ),
    "a fixed": ({"type": "fixed", "name": "F", "size": 3}, b"abc"),
    "a logical type": ({"type": "long", "logicalType": "timestamp-millis"}, 5),
    "a double": ("double", 1.5),
}


@pytest.mark.parametrize(("kind", "value"), OTHERS.values(), ids=OTHERS)
def test_what_a_newer_version_may_add(kind: Any, value: Any) -> None:
    schema = json.loads(avro_schema(HEARTBEAT))
    schema["fields"].insert(1, _named("novel", kind))
    row = sample(HEARTBEAT)
    out = io.BytesIO(b"\0\0\0\0\1")
    out.seek(5)
    fastavro.schemaless_writer(out, schema, {**row, "novel": value})
    assert Avro(InMemory(json.dumps(schema))).decode(HEARTBEAT, TOPIC, out.getvalue(), ()) == row


def test_a_type_that_doesn_t_fit_ours() -> None:
    schema = _record(
        _named("name", "string"), _named("ts_ms", {"type": "long", "logicalType": "timestamp-millis"})
    )
    form = Avro(
        InMemory(json.dumps(schema), json.dumps(_record(_named("name", "string"), _named("ts_ms", "string"))))
    )
    with pytest.raises(RecordError, match=r"Heartbeat\.ts_ms: is of type datetime"):
        form.decode(HEARTBEAT, TOPIC, b"\0\0\0\0\1" + b"\2a" + b"\2", ())
    with pytest.raises(RecordError, match=r"ts_ms|mismatch"):
        form.decode(HEARTBEAT, TOPIC, b"\0\0\0\0\2" + b"\2a" + b"\2a", ())


def test_a_narrower_integer_is_read() -> None:
    schema = _record(_named("name", "string"), _named("ts_ms", "int"))
    found = Avro(InMemory(json.dumps(schema))).decode(HEARTBEAT, TOPIC, b"\0\0\0\0\1" + b"\2a" + b"\2", ())
    assert found == {"name": "a", "ts_ms": 1, "events": None, "changes": None}


@given(schema=st.text(max_size=30) | st.from_regex(r'\{"type":"record","name":"\w","fields":\[.{0,40}\]\}'))
def test_any_schema(schema: str) -> None:
    with pytest.raises(RecordError):
        Avro(InMemory(schema)).decode(HEARTBEAT, TOPIC, b"\0\0\0\0\1\2a\2a", ())


def test_confluents_serializer_writes_the_same_bytes() -> None:
    avro = pytest.importorskip(
        "confluent_kafka.schema_registry.avro",
        reason="confluent-kafka's Avro isn't installed: pip install 'confluent-kafka[avro]'",
    )
    registry = pytest.importorskip("confluent_kafka.schema_registry")
    serialization = pytest.importorskip("confluent_kafka.serialization")
    client = registry.SchemaRegistryClient.new_client({"url": "mock://"})
    for table in (*RECORDS, without(EVENT, "car", "payload")):
        topic = f"topic.{len(table.fields)}"
        theirs = avro.AvroSerializer(client, avro_schema(table))
        context = serialization.SerializationContext(topic, serialization.MessageField.VALUE)
        expected = [theirs(sample(table, number), context) for number in range(50)]
        text = client.get_latest_version(f"{topic}-value").schema.schema_str
        assert json.loads(text) == json.loads(avro_schema(table))
        number = int.from_bytes(expected[0][1:5], "big")
        form = Avro(InMemory(*[""] * (number - 1), avro_schema(table)))
        assert [form.encode(table, topic, sample(table, each)).value for each in range(50)] == expected
