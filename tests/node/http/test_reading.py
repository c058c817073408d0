"""Numbers, multibase and multiaddrs as ceramic-one reads them."""

from __future__ import annotations

import pytest

from ceramic_node.http.one.multiaddr import peers_in
from ceramic_node.http.one.rust import I32, I64, NoNumber, decode_multibase, integer
from ceramic_protocol.errors import IdentifierError

PEER = "12D3KooWRyGSRzzEBpHbHyRkGTgCpXuoRMQgYrqk7tFQzM3AFEWp"


@pytest.mark.parametrize(
    ("text", "bits", "value"),
    [
        ("0", I32, 0),
        ("-0", I32, 0),
        ("+5", I32, 5),
        ("007", I32, 7),
        ("-2147483648", I32, -(1 << 31)),
        ("9223372036854775807", I64, (1 << 63) - 1),
        ("0" * 5000, I64, 0),
    ],
)
def test_numbers(text: str, bits: int, value: int) -> None:
    assert integer(text, bits) == value


@pytest.mark.parametrize(
    ("text", "bits", "kind"),
    [
        ("", I32, "Empty"),
        ("-", I32, "InvalidDigit"),
        ("1_0", I32, "InvalidDigit"),
        (" 1", I32, "InvalidDigit"),
        ("٣", I32, "InvalidDigit"),
        ("2147483648", I32, "PosOverflow"),
        ("-2147483649", I32, "NegOverflow"),
        ("9" * 5000, I64, "PosOverflow"),
        ("-" + "9" * 5000, I64, "NegOverflow"),
    ],
)
def test_what_is_no_number(text: str, bits: int, kind: str) -> None:
    with pytest.raises(NoNumber) as caught:
        integer(text, bits)
    assert caught.value.kind == kind


@pytest.mark.parametrize("text", ["", "x", "m=", "M", "MAAA", "c", "cme", "Tzz", "v!", "é", "\0", "m\n"])
def test_what_is_no_multibase(text: str) -> None:
    if text in {"M", "c"}:
        assert decode_multibase(text) == b""
        return
    with pytest.raises(IdentifierError):
        decode_multibase(text)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (f"/ip4/10.0.0.1/tcp/4101/p2p/{PEER}", 1),
        (f"/ip6/::1/udp/4101/quic-v1/p2p/{PEER}", 1),
        (f"/dnsaddr/node.example/ipfs/{PEER}", 1),
        (f"/dns4/node.example/tcp/443/wss/p2p/{PEER}/p2p-circuit/p2p/{PEER}", 1),
        ("/ip4/10.0.0.1/tcp/4101", 0),
    ],
)
def test_multiaddrs(text: str, count: int) -> None:
    assert [str(peer) for peer in peers_in(text)] == [PEER] * count


NO_ADDRESSES = [
    "",
    "x",
    "/",
    "//",
    "/ip4",
    "/ip4/300.0.0.1",
    "/ip4/1.2.3.4/tcp/65536",
    "/ip4/1.2.3.4/" * 200,
    "/ip6/1.2.3.4",
    "/tcp/x",
    "/tcp/-1",
    "/p2p/x",
    "/p2p/bafyreih",
    "/unknown/1",
    "/dns4/" + "a" * 300,
    "/dns4/a b",
]


@pytest.mark.parametrize(
    "text",
    NO_ADDRESSES,
)
def test_what_is_no_multiaddr(text: str) -> None:
    with pytest.raises(IdentifierError):
        peers_in(text)
