"""Reading DAG-JSON: what we write comes back, and what could be read in two ways is refused."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_protocol import dagjson
from ceramic_protocol.cid import Cid
from ceramic_protocol.dagjson_decode import MAX_DEPTH, decode
from ceramic_protocol.errors import DecodeError
from ceramic_protocol.limits import MAX_DOCUMENT_BYTES
from ceramic_protocol.reasons import Reason
from tests.protocol.test_dagcbor import typed
from tests.support import corpus, strategies

CID = Cid.of(b"linked")
OLD_CID = Cid.parse("QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnkhtB")


def has_reserved_key(value: Any) -> bool:
    if isinstance(value, dict):
        return "/" in value or any(map(has_reserved_key, value.values()))
    return isinstance(value, list) and any(map(has_reserved_key, value))


unreserved = strategies.ipld.filter(lambda value: not has_reserved_key(value))


@given(unreserved)
def test_what_is_written_is_read_again(value: Any) -> None:
    text = dagjson.encode(value)
    assert typed(decode(text)) == typed(value)
    assert dagjson.encode(decode(text)) == text


@given(st.binary(max_size=40))
def test_any_bytes(data: bytes) -> None:
    is_stable(data)


@given(unreserved.map(dagjson.encode), st.data())
def test_damaged_text(text: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text) - 1))
    is_stable(
        text[:at] + data.draw(st.sampled_from([b"", b"\\", b'"', b"9", b"/", b"\xff"])) + text[at + 1 :]
    )


def is_stable(text: bytes) -> None:
    try:
        value = decode(text)
    except DecodeError as error:
        is_explained(error)
    else:
        assert typed(decode(dagjson.encode(value))) == typed(value)


def is_explained(error: DecodeError) -> None:
    assert error.reason is Reason.EVENT_MALFORMED
    assert error.detail.encode("utf-8")
    assert len(error.detail) < 1000


def test_every_state_of_the_sample() -> None:
    count = 0
    for state in list(corpus.states().values())[::10]:
        assert decode(dagjson.dump(state)) == state
        count += 1
    assert count > 100


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (f'{{"/":"{CID}"}}', CID),
        (f'{{"/":"{OLD_CID}"}}', OLD_CID),
        ('{"/":{"bytes":"/wAQ"}}', b"\xff\x00\x10"),
        ('{"/":{"bytes":""}}', b""),
        (f'[{{"a":{{"/":"{CID}"}}}}]', [{"a": CID}]),
        (' { "b" : 1 , "a" : [ ] }\n', {"b": 1, "a": []}),
        ('"\\ud83d\\ude00\\u0000"', "😀\0"),
        ("18446744073709551615", (1 << 64) - 1),
        ("-18446744073709551616", -(1 << 64)),
        ("-0", 0),
        ("-0.0", -0.0),
        ("1.0", 1.0),
        ("1e2", 100.0),
        ("1E-400", 0.0),
        ("null", None),
    ],
)
def test_what_is_read(text: str, value: Any) -> None:
    assert typed(decode(text.encode())) == typed(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"/":true,"bar":"baz"}', {"/": True, "bar": "baz"}),
        ('{"/":null}', {"/": None}),
        ('{"/":{"bytes":true},"bar":"baz"}', {"/": {"bytes": True}, "bar": "baz"}),
        ('{"/":{"abar":"baz","bytes":"foo"}}', {"/": {"abar": "baz", "bytes": "foo"}}),
        ('{"!":"baz","/":"foo"}', {"!": "baz", "/": "foo"}),
        ('{"!":"baz","/":{"bytes":"foo"}}', {"!": "baz", "/": {"bytes": "foo"}}),
        (f'{{"/":{{"/":"{CID}"}}}}', {"/": CID}),
        ('{"/":{"bytes":{"/":{"bytes":""}}}}', {"/": {"bytes": b""}}),
    ],
)
def test_maps_with_a_slash_that_the_specification_allows(text: str, value: Any) -> None:
    assert typed(decode(text.encode())) == typed(value)


@pytest.mark.parametrize(
    "text",
    [
        '{"/":"foo","bar":"baz"}',
        '{"/":"foo","!":"baz"}',
        '{"0bar":"baz","/":"foo"}',
        f'{{"/":"{CID}","bar":1}}',
        f'{{"bar":1,"/":"{CID}"}}',
        '{"/":{"bytes":"foo","bar":"baz"}}',
        '{"/":{"foo":"bar","bytes":"AA"}}',
        '{"/":{"bytes":"AA"},"bar":"baz"}',
        '{"/":""}',
        '{"/":"foo"}',
        f'{{"/":" {CID}"}}',
        f'{{"/":"{str(CID).upper()}"}}',
        f'{{"/":"z{OLD_CID}"}}',
        f'{{"/":"f{CID.hex()}"}}',
        f'{{"/":"{CID}a"}}',
        f'{{"/":"{"b" * 2000}"}}',
        '{"/":{"bytes":"AA=="}}',
        '{"/":{"bytes":"A"}}',
        '{"/":{"bytes":"AB"}}',
        '{"/":{"bytes":"_w"}}',
        '{"/":{"bytes":" AA"}}',
        '{"/":{"bytes":"\\ud800"}}',
    ],
)
def test_reserved_forms_are_refused(text: str) -> None:
    is_refused(text.encode())


def is_refused(text: bytes) -> None:
    with pytest.raises(DecodeError) as error:
        decode(text)
    is_explained(error.value)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b" ",
        b"{",
        b"1 2",
        b"[1,]",
        b'{"a":1,"a":1}',
        b'{"a":1,"\\u0061":2}',
        b'[{"x":{"a":1,"a":2}}]',
        b"NaN",
        b"[Infinity]",
        b"-Infinity",
        b"1e400",
        b"-1e400",
        b"18446744073709551616",
        b"-18446744073709551617",
        b"9" * 10_000,
        b"1." + b"9" * 10 + b"e" + b"9" * 5000,
        b"01",
        b"+1",
        b".5",
        b"'a'",
        b'"\n"',
        b'"\\ud800"',
        b'{"\\udfff":1}',
        b'"\xff"',
        b'"\xed\xa0\x80"',
        b"\xef\xbb\xbf1",
        b"\xff\xfe1\0",
        b"undefined",
    ],
    ids=lambda text: repr(text[:30]),
)
def test_what_is_refused(text: bytes) -> None:
    is_refused(text)


@pytest.mark.parametrize(("start", "end"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_depth_is_bounded(start: bytes, end: bytes) -> None:
    assert decode(start * MAX_DEPTH + b"1" + end * MAX_DEPTH) is not None
    is_refused(start * (MAX_DEPTH + 1) + b"1" + end * (MAX_DEPTH + 1))
    is_refused(start * 100_000)
    is_refused(start * 100_000 + b"1" + end * 100_000)


def test_links_and_bytes_nest_nothing() -> None:
    text = b"[" * MAX_DEPTH + b'{"/":{"bytes":""}}' + b"]" * MAX_DEPTH
    assert dagjson.encode(decode(text)) == text


def test_the_length_is_bounded_before_anything_is_made_of_it() -> None:
    text = b'"' + b"a" * MAX_DOCUMENT_BYTES
    tracemalloc.start()
    try:
        is_refused(text)
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()
