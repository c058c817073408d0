"""DAG-JSON as it stands in the tables."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_protocol import dagjson
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import EncodeError
from ceramic_protocol.limits import MAX_CBOR_DEPTH, MAX_DOCUMENT_DEPTH
from tests.support import strategies

CID = Cid.of(b"linked")


@given(strategies.ipld)
def test_the_text_is_json_of_the_json_value(value: Any) -> None:
    text = dagjson.encode(value)
    assert _exact(json.loads(text)) == _exact(dagjson.to_json(value))


def _exact(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _exact(item) for key, item in value.items()}
    return [_exact(item) for item in value] if isinstance(value, list) else (type(value), repr(value))


@given(strategies.ipld)
def test_keys_stand_in_byte_order_and_nothing_is_spaced(value: Any) -> None:
    text = dagjson.encode(value)
    json.loads(text, object_pairs_hook=_check_order)
    assert text == dagjson.dump(json.loads(text))


def _check_order(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key.encode() for key, _item in pairs]
    assert keys == sorted(keys)
    return dict(pairs)


def test_bytes_and_links() -> None:
    value = {"link": CID, "data": b"\xff\x00\x10", "empty": b""}
    wanted = f'{{"data":{{"/":{{"bytes":"/wAQ"}}}},"empty":{{"/":{{"bytes":""}}}},"link":{{"/":"{CID}"}}}}'
    assert dagjson.encode(value) == wanted.encode()


@pytest.mark.parametrize(
    "number",
    [0, -1, (1 << 53) + 1, (1 << 63) - 1, 1 << 63, (1 << 64) - 1, -(1 << 63), -(1 << 63) - 1, -(1 << 64)],
)
def test_numbers_are_exact(number: int) -> None:
    assert dagjson.encode(number) == str(number).encode()
    assert dagjson.encode({"b": [number], "a": "ä"}) == f'{{"a":"ä","b":[{number}]}}'.encode()


def test_numbers_below_64_bits_change_nothing_around_them() -> None:
    low = -(1 << 64)
    value = {"é": [1.5, None, True], "z": {"y": low, "x": '\n"\\'}, "a": [[low], CID, b"\1"]}
    with_low = dagjson.encode(value)
    without = with_low.replace(str(low).encode(), b"7")
    assert without == dagjson.encode(
        {"é": [1.5, None, True], "z": {"y": 7, "x": '\n"\\'}, "a": [[7], CID, b"\1"]}
    )


@pytest.mark.parametrize(
    "value", ["\ud800", {"\udfff": 1}, [{"a": "\ud800"}], {1, 2}, 1j, [bytearray()]], ids=repr
)
def test_what_json_can_not_hold_is_refused(value: object) -> None:
    with pytest.raises(EncodeError):
        dagjson.encode(value)


@pytest.mark.parametrize("value", [float("nan"), [float("inf")], {"a": float("-inf")}], ids=repr)
def test_numbers_that_are_not_finite_are_refused(value: object) -> None:
    with pytest.raises(EncodeError):
        dagjson.encode(value)


@pytest.mark.parametrize("leaf", [1, -(1 << 64)])
@pytest.mark.parametrize("depth", [MAX_CBOR_DEPTH, MAX_DOCUMENT_DEPTH])
def test_the_deepest_document_has_a_text(depth: int, leaf: int) -> None:
    assert dagjson.encode(nested(depth, leaf)).endswith(b"%d" % leaf + b"}" * depth)


@pytest.mark.parametrize("leaf", [1, -(1 << 64)])
def test_what_is_deeper_than_json_writers_go_is_refused(leaf: int) -> None:
    with pytest.raises(EncodeError):
        dagjson.encode(nested(300, leaf))


def nested(depth: int, leaf: int) -> Any:
    value: Any = leaf
    for _ in range(depth):
        value = {"a": value}
    return value


@given(st.dictionaries(st.text(max_size=3), strategies.integers, max_size=6))
def test_the_slow_way_sorts_as_the_fast_one(value: dict[str, int]) -> None:
    slow = dagjson.encode({**value, "\uffff": -(1 << 64)})
    assert slow.replace(b"-18446744073709551616", b"0") == dagjson.encode(
        {key: 0 if number == -(1 << 64) else number for key, number in value.items()} | {"\uffff": 0}
    )
