"""Ways to change the CAR of a real event, from single bits to other content under hashes that are right."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from random import Random
from typing import Any, Final, TypeAlias

from ceramic_protocol import car, dagcbor, varint
from ceramic_protocol.cid import DAG_JOSE, Cid
from ceramic_protocol.errors import CeramicError
from tests.fuzz.mutator import change_bytes, change_value

P256_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
SECP256K1_ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
ED25519_ORDER: Final = (1 << 252) + 27742317777372353535851937790883648493

Blocks: TypeAlias = list[tuple[Cid, bytes]]


Sample: TypeAlias = Sequence[car.Car]
"""Real events, taken apart."""

Mutation: TypeAlias = Callable[[car.Car, Sample, Random], bytes]


def join(roots: Sequence[Cid], blocks: Blocks) -> bytes:
    """The CAR of these roots, even of none, and blocks."""
    return car.encode_header(roots) + b"".join(car.encode_section(cid, block) for cid, block in blocks)


def rehash(roots: Sequence[Cid], blocks: Blocks) -> bytes:
    """The CAR with every block under the CID that it has now, wherever the one that it had was named."""
    roots, blocks = list(roots), list(blocks)
    while True:
        stale = [at for at, (cid, block) in enumerate(blocks) if Cid.of(block, cid.codec) != cid]
        if not stale:
            return join(roots, blocks)
        old, content = blocks[stale[0]]
        new = Cid.of(content, old.codec)
        blocks[stale[0]] = (new, content)
        blocks = [(cid, _renamed(block, old, new)) for cid, block in blocks]
        roots = [new if root == old else root for root in roots]


def _renamed(block: bytes, old: Cid, new: Cid) -> bytes:
    # In binary in links and payloads, as text in the `cap` of a protected header.
    return block.replace(old, new).replace(str(old).encode(), str(new).encode())


def _bytes(event: car.Car, _sample: Sample, draw: Random) -> bytes:
    return change_bytes(join(event.roots, list(event.blocks)), draw)


def _truncated(event: car.Car, _sample: Sample, draw: Random) -> bytes:
    data = join(event.roots, list(event.blocks))
    return data[: draw.randrange(len(data))]


def _length(event: car.Car, _sample: Sample, draw: Random) -> bytes:
    """Another length before a section, or the same one in more bytes than needed."""
    pieces = [
        car.encode_header(event.roots),
        *(car.encode_section(cid, block) for cid, block in event.blocks),
    ]
    at = draw.randrange(len(pieces))
    length, start = car.read_length(pieces[at], 0)
    digits = varint.encode(length)
    wrong = (0, 1, 36, length - 1, length + 1, 2 * length, 1 << 22, (1 << 22) + 1, 1 << 40, (1 << 63) - 1)
    longer = digits[:-1] + bytes([digits[-1] | 0x80]) + b"\x80" * draw.randrange(8) + b"\0"
    lengths = [varint.encode(number) for number in wrong if number >= 0]
    pieces[at] = draw.choice([*lengths, longer, b"\xff" * 12]) + pieces[at][start:]
    return b"".join(pieces)


def _sections(event: car.Car, sample: Sample, draw: Random) -> bytes:
    """Sections removed, doubled, moved, or exchanged with those of another event."""
    blocks = list(event.blocks)
    for _ in range(draw.randint(1, 3)):
        other = draw.choice(sample).blocks
        at = draw.randrange(len(blocks) + 1)
        way = draw.randrange(6)
        if not blocks or way == 0:
            blocks.insert(at, draw.choice(other))
            continue
        hit = draw.randrange(len(blocks))
        if way == 1:
            del blocks[hit]
        elif way == 2:
            blocks.insert(at, blocks[hit])
        elif way == 3:
            blocks[hit] = draw.choice(other)
        elif way == 4:
            blocks[hit] = (blocks[hit][0], draw.choice(other)[1])
        else:
            draw.shuffle(blocks)
    return join(event.roots, blocks)


def _roots(event: car.Car, sample: Sample, draw: Random) -> bytes:
    """Other roots, or the blocks of two events in one CAR."""
    other = draw.choice(sample)
    cids = [cid for cid, _block in event.blocks]
    roots = draw.choice(([], [draw.choice(cids)], [*event.roots, *other.roots], other.roots, cids))
    return join(roots, [*event.blocks, *(other.blocks if draw.random() < 0.5 else ())])


def _value(event: car.Car, _sample: Sample, draw: Random) -> bytes:
    """Another value in a block, and every CID as it should be then."""
    blocks = list(event.blocks)
    at = draw.randrange(len(blocks))
    cid, block = blocks[at]
    value: Any = dagcbor.decode(block)
    for _ in range(draw.randint(1, 2)):
        value = change_value(value, draw)
    blocks[at] = (cid, dagcbor.encode(value))
    return rehash(event.roots, blocks)


def _block(event: car.Car, _sample: Sample, draw: Random) -> bytes:
    """Other bytes in a block, and every CID as it should be then."""
    blocks = list(event.blocks)
    at = draw.randrange(len(blocks))
    cid, block = blocks[at]
    blocks[at] = (cid, change_bytes(block, draw))
    return rehash(event.roots, blocks)


def _loose(event: car.Car, _sample: Sample, draw: Random) -> bytes:
    """The same value in CBOR that is not strict, and every CID as it should be then."""
    blocks = list(event.blocks)
    at = draw.randrange(len(blocks))
    cid, block = blocks[at]
    value: Any = dagcbor.decode(block)
    number = len(value) if isinstance(value, dict | list) else 0
    long_head = bytes([block[0] & 0xE0 | 24, number]) + block[1:] if number < 24 else block
    parts = [dagcbor.encode(key) + dagcbor.encode(value[key]) for key in value] if value and number else []
    backwards = block[:1] + b"".join(reversed(parts)) if isinstance(value, dict) and number < 24 else block
    blocks[at] = (cid, draw.choice((long_head, backwards)))
    return rehash(event.roots, blocks)


def _envelope(event: car.Car, sample: Sample, draw: Random) -> bytes:
    """Another envelope around the same payload, and every CID as it should be then."""
    blocks = list(event.blocks)
    at = next(at for at, (cid, _block) in enumerate(blocks) if cid.codec == DAG_JOSE)
    value: Any = dagcbor.decode(blocks[at][1])
    draw.choice(_ENVELOPES)(value, sample, draw)
    blocks[at] = (blocks[at][0], dagcbor.encode(value))
    return rehash(event.roots, blocks)


def _twin(value: Any, _sample: Sample, draw: Random) -> None:
    """The other `s` that fits as well, if the curve has one."""
    signature = value["signatures"][0]["signature"]
    half = signature[32:]
    s = int.from_bytes(half, "big")
    little = int.from_bytes(half, "little") + ED25519_ORDER
    twins = [(order - s) % (1 << 256) for order in (P256_ORDER, SECP256K1_ORDER)]
    halves = [*(twin.to_bytes(32, "big") for twin in twins), (little % (1 << 256)).to_bytes(32, "little")]
    value["signatures"][0]["signature"] = signature[:32] + draw.choice(halves)


def _signature(value: Any, sample: Sample, draw: Random) -> None:
    signature = value["signatures"][0]
    other = _other_envelope(sample, draw)["signatures"][0]
    name = draw.choice(("signature", "protected"))
    signature[name] = draw.choice((other[name], change_bytes(signature[name], draw), b""))


def _unprotected(value: Any, _sample: Sample, draw: Random) -> None:
    value["signatures"][0]["header"] = draw.choice(({}, {"alg": "none"}, {"kid": "x"}, None, [], 1))


def _signatures(value: Any, sample: Sample, draw: Random) -> None:
    other = _other_envelope(sample, draw)["signatures"]
    own = value["signatures"]
    value["signatures"] = draw.choice(([], own * 2, own + other, other + own, other, own * 100))


def _protected(value: Any, sample: Sample, draw: Random) -> None:
    signature = value["signatures"][0]
    other = json.loads(_other_envelope(sample, draw)["signatures"][0]["protected"])
    header = json.loads(signature["protected"])
    name = draw.choice(("alg", "kid", "cap", "typ", "crit"))
    values = (
        other.get(name),
        "none",
        "ES256",
        "ES256K",
        "EdDSA",
        "",
        1,
        None,
        ["b64"],
        f"{header.get(name)}x",
    )
    header[name] = draw.choice(values)
    if draw.random() < 0.2:
        del header[name]
    signature["protected"] = json.dumps(header, indent=draw.choice((None, None, 1))).encode()


def _payload(value: Any, sample: Sample, draw: Random) -> None:
    value["payload"] = draw.choice(
        (_other_envelope(sample, draw)["payload"], Cid(value["payload"]), b"", None)
    )


def _linked(value: Any, _sample: Sample, _draw: Random) -> None:
    value["link"] = Cid(value["payload"])


_ENVELOPES: Final = (_twin, _signature, _unprotected, _signatures, _protected, _payload, _linked)


def _other_envelope(sample: Sample, draw: Random) -> Any:
    while True:
        for cid, block in draw.choice(sample).blocks:
            if cid.codec == DAG_JOSE:
                value: Any = dagcbor.decode(block)
                if value["signatures"]:
                    return value


MUTATIONS: Final[dict[str, Mutation]] = {
    "bytes": _bytes,
    "truncated": _truncated,
    "length": _length,
    "sections": _sections,
    "roots": _roots,
    "value": _value,
    "block": _block,
    "loose": _loose,
    "envelope": _envelope,
}


def sample_of(cars: Iterable[bytes]) -> Sample:
    """Real events to be changed, without those that are no CAR themselves."""
    decoded = []
    for data in cars:
        try:
            decoded.append(car.decode(data))
        except CeramicError:
            continue
    return decoded


def mutate(event: car.Car, sample: Sample, draw: Random) -> tuple[str, bytes]:
    """The event changed in some way, and the way; by single bytes if another way does not fit it."""
    name = draw.choice(list(MUTATIONS))
    try:
        return name, MUTATIONS[name](event, sample, draw)
    except (CeramicError, StopIteration, LookupError, TypeError, ValueError):
        return "bytes", _bytes(event, sample, draw)
