"""Blocks of capabilities, and their times."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_protocol import dagcbor
from ceramic_protocol.accounts.cacao import Cacao, decode_cacao, parse_time
from ceramic_protocol.cid import DAG_JOSE, RAW, Cid
from ceramic_protocol.errors import DecodeError
from ceramic_protocol.reasons import Reason
from tests.protocol.accounts import issuers
from tests.support import strategies

texts = strategies.texts
maybe = st.none() | texts
WELL_KNOWN = {"aud", "domain", "exp", "iat", "iss", "nbf", "nonce", "requestId", "resources", "statement"}
TAKEN = {"": {"h", "p", "s"}, "h": {"t"}, "p": WELL_KNOWN | {"version"}, "s": {"m", "s", "t"}}


def strangers(taken: set[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Members with other names."""
    return st.dictionaries(texts.filter(lambda name: name not in taken), strategies.ipld, max_size=2)


unknown = st.fixed_dictionaries({place: strangers(taken) for place, taken in TAKEN.items()}).map(
    lambda found: {place: members for place, members in found.items() if members}
)
"""Members nobody knows, wherever they may stand."""

cacaos = st.builds(
    Cacao,
    **dict.fromkeys(
        (
            "header_type",
            "domain",
            "issuer",
            "audience",
            "version",
            "nonce",
            "issued_at",
            "signature_type",
            "signature",
        ),
        texts,
    ),
    **dict.fromkeys(("not_before", "expires_at", "statement", "request_id"), maybe),
    resources=st.none() | st.lists(texts, max_size=3).map(tuple),
    metadata=st.none() | st.dictionaries(texts, strategies.ipld, max_size=3),
    unknown=unknown,
)


@given(cacaos)
def test_a_capability_comes_back_from_its_block(cacao: Cacao) -> None:
    block = cacao.encode()
    assert decode_cacao(block) == cacao
    assert decode_cacao(block).encode() == block


def test_the_order_of_members() -> None:
    cacao = issuers.ethereum().grant(not_before="2024-06-01T00:00:00Z", request_id="r")
    value = dagcbor.decode(cacao.encode())
    assert isinstance(value, dict)
    assert list(value) == ["h", "p", "s"]
    assert list(value["p"]) == [  # type: ignore[arg-type]
        *(
            "aud",
            "exp",
            "iat",
            "iss",
            "nbf",
            "nonce",
            "domain",
            "version",
            "requestId",
            "resources",
            "statement",
        )
    ]


def test_a_missing_list_is_not_an_empty_one() -> None:
    missing = issuers.ethereum().grant(resources=None)
    empty = issuers.ethereum().grant(resources=())
    assert missing.encode() != empty.encode()
    assert decode_cacao(missing.encode()).resources is None
    assert decode_cacao(empty.encode()).resources == ()


def members() -> dict[str, Any]:
    """The members of a usual capability."""
    return issuers.passkey().grant(request_id="r", not_before="2024-06-01T00:00:00Z").members


REQUIRED = [*(("p", name) for name in ("aud", "domain", "iat", "iss", "nonce", "version")), ("h", "t")]
REQUIRED += [("s", "s"), ("s", "t")]
TYPED = [
    *REQUIRED,
    *(("p", name) for name in ("exp", "nbf", "requestId", "statement", "resources")),
    ("s", "m"),
]


def assert_malformed(value: object) -> None:
    with pytest.raises(DecodeError) as error:
        decode_cacao(dagcbor.encode(value))
    assert error.value.reason is Reason.CACAO_MALFORMED


@pytest.mark.parametrize(("place", "name"), REQUIRED)
def test_what_must_be_there(place: str, name: str) -> None:
    value = members()
    del value[place][name]
    assert_malformed(value)


@pytest.mark.parametrize(("place", "name"), TYPED)
@pytest.mark.parametrize("wrong", [None, 1, True, b"text", Cid.of(b""), [1], ["a", None]], ids=repr)
def test_what_must_be_of_its_type(place: str, name: str, wrong: object) -> None:
    value = members()
    value[place][name] = wrong
    assert_malformed(value)


@pytest.mark.parametrize("name", ["h", "p", "s"])
@pytest.mark.parametrize("wrong", [None, "text", [], b""], ids=repr)
def test_the_three_parts(name: str, wrong: object) -> None:
    assert_malformed(members() | {name: wrong})
    assert_malformed({key: value for key, value in members().items() if key != name})


@pytest.mark.parametrize("value", [None, [], "text", {}, 1], ids=repr)
def test_other_values(value: object) -> None:
    assert_malformed(value)


@given(
    strategies.ipld, st.sampled_from(["", "h", "p", "s"]), st.sampled_from(["h", "p", "s", "t", "m", "aud"])
)
def test_any_value_is_answered(value: object, place: str, name: str) -> None:
    whole = members()
    (whole[place] if place else whole)[name] = value
    with suppress(DecodeError):
        assert decode_cacao(dagcbor.encode(whole)).encode() == dagcbor.encode(whole)


@given(st.binary(max_size=60))
def test_any_bytes_are_answered(block: bytes) -> None:
    with pytest.raises(DecodeError):
        decode_cacao(block)


def test_bytes_that_are_no_cbor_have_their_own_reason() -> None:
    for block in (b"", b"\xff", issuers.ethereum().grant().encode() + b"\0"):
        with pytest.raises(DecodeError) as error:
            decode_cacao(block)
        assert error.value.reason is Reason.CBOR_MALFORMED


def test_it_can_be_a_key() -> None:
    cacao = issuers.passkey().grant()
    again = decode_cacao(cacao.encode())
    assert {cacao: 1}[again] == 1


PARENT = Cid.of(b"parent")
HINTS: list[tuple[dict[str, Any], str | None]] = [
    ({}, None),
    ({"resources": None}, None),
    ({"resources": ("ceramic://*", f"ipfs://{PARENT}")}, f"ipfs://{PARENT}"),
    ({"resources": (f"ipfs://{PARENT}/p",)}, None),
    ({"resources": (f"ipfs://{Cid.of(b'', RAW)}", f"ipfs://{Cid.of(b'', DAG_JOSE)}")}, None),
    ({"resources": ("ipfs://Qme7ss3ARVgxv6rXqVPiikMJ8u2NLgmgszg13pYrDKEoiu", "ipfs://", "ipfs://x")}, None),
    ({"resources": ("urn:recap:eyJhdHQiOnt9LCJwcmYiOltdfQ",)}, None),
    ({"unknown": {"p": {"prf": []}}}, None),
    ({"unknown": {"p": {"prf": None, "cap": ""}}}, None),
    ({"unknown": {"p": {"prf": [PARENT]}}}, str(PARENT)),
    ({"unknown": {"p": {"prf": [[], ["", "x"]]}}}, "x"),
    ({"unknown": {"p": {"cap": f"ipfs://{PARENT}"}}}, f"ipfs://{PARENT}"),
    ({"unknown": {"": {"prf": [PARENT, "x"]}}}, str(PARENT)),
    ({"unknown": {"s": {"prf": "x"}, "p": {"fct": "x"}}}, None),
]


@pytest.mark.parametrize(("given_members", "hint"), HINTS)
def test_hints_at_a_parent(given_members: dict[str, Any], hint: str | None) -> None:
    cacao = issuers.ethereum().grant(**given_members)
    assert cacao.parent_hint == hint
    assert decode_cacao(cacao.encode()).parent_hint == hint


@given(strategies.ipld, st.lists(st.text(max_size=20).map("ipfs://".__add__)))
def test_any_hint_is_answered(value: Any, resources: list[str]) -> None:
    cacao = replace(issuers.ethereum().unsigned(), unknown={"p": {"prf": value}}, resources=tuple(resources))
    assert isinstance(cacao.parent_hint, str | None)


TIMES = {
    "1970-01-01T00:00:00Z": 0,
    "2022-09-20T00:00:00Z": 1_663_632_000_000,
    "2024-06-01T00:00:00.000Z": 1_717_200_000_000,
    "2024-06-01T02:00:00.000+02:00": 1_717_200_000_000,
    "2024-05-31T18:30:00-05:30": 1_717_200_000_000,
    "2024-06-01t00:00:00z": 1_717_200_000_000,
    "2024-06-01T00:00:00.1Z": 1_717_200_000_100,
    "2024-06-01T00:00:00.0019999999999999Z": 1_717_200_000_001,
    "2024-06-01T00:00:00-00:00": 1_717_200_000_000,
    "1969-12-31T23:59:59.999Z": -1,
    "0001-01-01T00:00:00+23:59": -62_135_596_800_000 - 86_340_000,
    "9999-12-31T23:59:59.999-23:59": 253_402_300_799_999 + 86_340_000,
    "2024-02-29T00:00:00Z": 1_709_164_800_000,
}

NO_TIMES = [
    "",
    "never",
    "1717200000",
    "2024-06-08",
    "2024-06-08T00:00:00",
    "2024-06-08 00:00:00Z",
    "2024-06-08T00:00Z",
    "2024-06-08T00:00:00.Z",
    "2024-06-08T00:00:00,5Z",
    "2024-06-08T00:00:60Z",
    "2016-12-31T23:59:60Z",
    "2024-06-08T24:00:00Z",
    "2024-06-08T00:60:00Z",
    "2024-06-08T00:00:00+24:00",
    "2024-06-08T00:00:00+00:60",
    "2024-06-08T00:00:00+0200",
    "2024-06-08T00:00:00+02",
    "2024-6-8T00:00:00Z",
    "2023-02-29T00:00:00Z",
    "2024-13-01T00:00:00Z",
    "2024-00-01T00:00:00Z",
    "0000-01-01T00:00:00Z",
    "+002024-06-08T00:00:00Z",
    "12024-06-08T00:00:00Z",
    "20240608T000000Z",
    "2024-W23-6T00:00:00Z",
    "2024-06-08T00:00:00Z ",
    "2024-06-08T00:00:00Z\n",
    "٢٠٢٤-06-08T00:00:00Z",
    "Sat, 08 Jun 2024 00:00:00 GMT",
]


@pytest.mark.parametrize("text", TIMES)
def test_times(text: str) -> None:
    assert parse_time(text) == TIMES[text]


@pytest.mark.parametrize("text", NO_TIMES, ids=repr)
def test_no_times(text: str) -> None:
    with pytest.raises(DecodeError) as error:
        parse_time(text)
    assert error.value.reason is Reason.CACAO_MALFORMED


@given(st.datetimes(), st.integers(-1439, 1439))
def test_times_as_python_has_them(moment: datetime, minutes: int) -> None:
    text = moment.replace(tzinfo=timezone(timedelta(minutes=minutes))).isoformat()
    since = moment.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC) - timedelta(minutes=minutes)
    assert parse_time(text) == since // timedelta(milliseconds=1)


@given(st.text(max_size=30))
def test_any_text_for_a_time_is_answered(text: str) -> None:
    with suppress(DecodeError):
        parse_time(text)
