"""Random changes of bytes and of IPLD values, the same for the same random numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any, Final

from ceramic_protocol.cid import DAG_JOSE, Cid

_MAX_CHANGES: Final = 4
_MAX_STRETCH: Final = 64
_EDGES: Final = bytes.fromhex(
    "00 01 17 18 1f 20 37 3f 40 58 5f 60 7b 7f 80 81 9b 9f a0 a1 bf d8 f6 f7 fb fe ff"
)
_WORDS: Final = (
    *(b"\xff" * length for length in (2, 4, 8, 9, 10)),
    *(b"\x80" * length + b"\x01" for length in (1, 3, 8, 9)),
    *(head + b"\x7f" + b"\xff" * 7 for head in (b"\x1b", b"\x5b", b"\x7b", b"\x9b", b"\xbb")),
    b"\xd8\x2a\x58\x25\x00",
    b"\x01\x71\x12\x20",
    b"\x01\x85\x01\x12\x20",
    b"\x12\x20",
    b"\xce\x01\x05",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"\\ud800",
    b'{"/":',
    b"NaN",
    b"1e999",
    b"9" * 30,
)


def _flip(data: bytearray, draw: Random) -> None:
    data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)


def _edge(data: bytearray, draw: Random) -> None:
    data[draw.randrange(len(data))] = draw.choice(_EDGES)


def _count(data: bytearray, draw: Random) -> None:
    at = draw.randrange(len(data))
    data[at] = (data[at] + draw.choice((-1, 1))) % 256


def _insert(data: bytearray, draw: Random) -> None:
    at = draw.randrange(len(data) + 1)
    data[at:at] = draw.choice(_WORDS) if draw.random() < 0.5 else draw.randbytes(draw.randint(1, 8))


def _overwrite(data: bytearray, draw: Random) -> None:
    at, word = draw.randrange(len(data)), draw.choice(_WORDS)
    data[at : at + len(word)] = word


def _stretch(data: bytearray, draw: Random) -> slice:
    at = draw.randrange(len(data))
    return slice(at, at + draw.randint(1, _MAX_STRETCH))


def _delete(data: bytearray, draw: Random) -> None:
    del data[_stretch(data, draw)]


def _repeat(data: bytearray, draw: Random) -> None:
    piece = data[_stretch(data, draw)]
    at = draw.randrange(len(data) + 1)
    data[at:at] = piece * draw.choice((1, 1, 1, 2, 50))


def _cut(data: bytearray, draw: Random) -> None:
    del data[draw.randrange(len(data)) :]


_CHANGES: Final[tuple[Callable[[bytearray, Random], None], ...]] = (
    _flip,
    _flip,
    _edge,
    _count,
    _insert,
    _overwrite,
    _delete,
    _repeat,
    _cut,
)


def change_bytes(data: bytes, draw: Random) -> bytes:
    """`data` after one to four small changes."""
    changed = bytearray(data)
    for _ in range(draw.randint(1, _MAX_CHANGES)):
        if changed:
            draw.choice(_CHANGES)(changed, draw)
        else:
            changed += draw.randbytes(draw.randint(1, 8))
    return bytes(changed)


def variations(seeds: Sequence[bytes], draw: Random) -> Iterator[bytes]:
    """Seeds changed at random, without end."""
    while True:
        yield change_bytes(draw.choice(seeds), draw)


_NAMES: Final = (
    *("data", "header", "id", "prev", "proof", "path", "root", "txHash", "txType", "chainId"),
    *("payload", "signatures", "protected", "signature", "link", "kid", "alg", "cap"),
    *("controllers", "model", "unique", "context", "shouldIndex", "modelVersion", "sep", "family"),
    *("", "/", "__proto__", "\0", "é", "x" * 100),
)


def _nested(depth: int) -> Any:
    value: Any = 0
    for _ in range(depth):
        value = [value]
    return value


def _other(draw: Random) -> Any:
    """A value of any kind."""
    return draw.choice(
        (
            *(None, True, False, 0, -1, 23, 24, 1 << 53, (1 << 64) - 1, -(1 << 64), 0.5, -0.0, 1e300),
            *("", "x", "0/1", "/".join("1" * 70), "did:key:z6Mk", "\N{PILE OF POO}", "did:pkh:eip155:1:0x0"),
            *(b"", b"\0", bytes(64), draw.randbytes(32), bytes(Cid.of(b"other"))),
            *(Cid.of(b"other"), Cid.of(b"other", DAG_JOSE), Cid(b"\x12\x20" + bytes(32))),
            *([], {}, [[]], {"": {}}, _nested(draw.choice((60, 124, 128)))),
        )
    )


def change_value(value: Any, draw: Random) -> Any:
    """An IPLD value changed in one place; what was given stays as it is."""
    if isinstance(value, dict) and value:
        return _change_map(dict(value), draw)
    if isinstance(value, list) and value:
        return _change_list(list(value), draw)
    if isinstance(value, Cid):
        return draw.choice((Cid(_twist(value, draw)), bytes(value), str(value), _other(draw)))
    if isinstance(value, bytes) and value:
        return draw.choice((_twist(value, draw), change_bytes(value, draw), _other(draw)))
    if isinstance(value, str):
        return draw.choice((value + "x", value[:-1], value.upper(), " " + value, _other(draw)))
    if isinstance(value, int | float) and not isinstance(value, bool):
        return draw.choice((value + 1 if abs(value) < 1 << 60 else 0, float(value), _other(draw)))
    return _other(draw)


def _twist(data: bytes, draw: Random) -> bytes:
    """Another one of the same length, at the end of which identifiers have their hash."""
    at = draw.randrange(max(len(data) - 32, 0), len(data))
    return data[:at] + bytes([data[at] ^ 1 << draw.randrange(8)]) + data[at + 1 :]


def _change_map(value: dict[str, Any], draw: Random) -> dict[str, Any]:
    key = draw.choice(list(value))
    way = draw.randrange(10)
    if way < 6:
        value[key] = change_value(value[key], draw)
    elif way == 6:
        del value[key]
    elif way == 7:
        value[draw.choice(_NAMES)] = _other(draw)
    elif way == 8:
        value[draw.choice(_NAMES)] = value.pop(key)
    else:
        other = draw.choice(list(value))
        value[key], value[other] = value[other], value[key]
    return value


def _change_list(value: list[Any], draw: Random) -> list[Any]:
    at = draw.randrange(len(value))
    way = draw.randrange(10)
    if way < 6:
        value[at] = change_value(value[at], draw)
    elif way == 6:
        del value[at]
    elif way == 7:
        value.insert(at, _other(draw))
    elif way == 8:
        value.append(value[at])
    else:
        value.reverse()
    return value
