"""Bytes that each target should accept, or nearly: what a search starts from."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from functools import cache
from typing import Any, Final

from ceramic_protocol import car, dagcbor, dagjson, multibase
from ceramic_protocol.cid import DAG_JOSE, ETH_TX, Cid
from ceramic_protocol.event_ids import EVERYTHING, EventId
from ceramic_protocol.ids import METAMODEL, CommitId, StreamId
from ceramic_protocol.interests import MAX_PEER_KEY, Interest, PeerId, PeerKey
from ceramic_protocol.networks import IN_MEMORY, MAINNET, Network
from tests.connectors import making
from tests.fuzz.account_seeds import ACCOUNT_SEEDS
from tests.fuzz.event_mutations import sample_of
from tests.fuzz.record_seeds import RECORD_SEEDS
from tests.support import corpus, vectors

_MAX_EVENT: Final = 3000
_OLD: Final = making.old_time_event(1)
_ED25519: Final = "did:key:z6MkkMskNSXMiJQ4QXpfXrtgrc4vg74SUQGiJzqEb43sgen1"

_NOT_STRICT: Final = (
    *("f93c00", "fa3f800000", "fb3ff8000000000000", "f7", "1801", "a2616201616102", "780161", "9801f6"),
    *(
        "3bffffffffffffffff",
        "a26161a16162804161",
        "d82a450001550000",
        "d9002a450001550000",
        "fb7ff0000000000000",
    ),
)
_JSON: Final = (
    '{"a":[1,-0,1.5,1e2,18446744073709551615,-18446744073709551616],"":null,"\\ud83d\\ude00":"\\u0000"}',
    '{"/":{"bytes":"/wAQ"}}',
    '[{"/":true,"b":1},{"/":{"bytes":{"/":{"bytes":""}}}},{"!":1,"/":"x"},{"/":{"a":1,"bytes":"AA"}}]',
    "[" * 225 + "]" * 225,
)
_PATCHES: Final = (
    '[{"a":{"b":[1,2,3]},"c":"x"},[{"op":"add","path":"/a/b/1","value":{"d":null}}]]',
    '[{"a":{"b":[1,2,3]}},[{"op":"remove","path":"/a/b/-"},{"op":"replace","path":"/a/b/9","value":1}]]',
    '[{"a/b":{"~":1}},[{"op":"test","path":"/a~1b/~0","value":1.0}]]',
    '[{"a":{"b":1}},[{"op":"copy","from":"/a","path":"/x"},{"op":"move","from":"/x","path":"/a/y"}]]',
    '[[[[1]]],[{"op":"move","from":"/0/0","path":""},{"op":"add","path":"","value":[0]}]]',
    '[[[1]],[{"op":"add","path":"/-","value":2},{"op":"copy","from":"","path":"/0"}]]',
    '[null,[{"op":"remove","path":""},{"op":"add","path":"","value":{}},{"op":"test","path":"/a"}]]',
)


@cache
def _events() -> list[bytes]:
    """One small event of each kind and reason."""
    found: dict[tuple[Any, ...], bytes] = {}
    for cid, entry in corpus.expected()["events"].items():
        data = corpus.cars()[cid]
        if len(data) < _MAX_EVENT:
            key = (entry["kind"], entry["reason"], entry.get("signer_key"), bool(entry.get("cacao")))
            found.setdefault(key, data)
    return list(found.values())


@cache
def _blocks() -> list[tuple[Cid, bytes]]:
    return [block for whole in sample_of(_events()) for block in whole.blocks]


def _contents() -> list[bytes]:
    return [block for _cid, block in _blocks()]


def _envelopes() -> list[bytes]:
    found = [block for cid, block in _blocks() if cid.codec == DAG_JOSE]
    value: Any = dagcbor.decode(found[0])
    value["signatures"][0]["header"] = {}
    return [*found, dagcbor.encode(value)]


def _protected() -> list[bytes]:
    values: list[Any] = [dagcbor.decode(block) for block in _envelopes()]
    return [signature["protected"] for value in values for signature in value["signatures"]]


def _cids() -> list[Cid]:
    odd = (Cid.of(b"", ETH_TX), METAMODEL.cid, Cid(b"\x12\x20" + bytes(32)), Cid(b"\x01\x55\x1b\x02ab"))
    return [*odd, *(cid for cid, _block in _blocks()[:10])]


def _streams() -> list[StreamId]:
    return [METAMODEL, *(StreamId.of(kind, cid) for kind, cid in enumerate(_cids()))]


def _commits() -> list[CommitId]:
    return [CommitId.of(stream, cid) for stream in _streams()[:4] for cid in (None, *_cids()[:4])]


def _event_ids() -> list[EventId]:
    networks = (MAINNET, IN_MEMORY, Network.local(7))
    found = [
        EventId.of(network, METAMODEL, _ED25519, cid, cid) for network in networks for cid in _cids()[:4]
    ]
    return [*found, *EVERYTHING, found[0].with_min_event(), found[0].with_max_event()]


def _interests() -> list[Interest]:
    own = PeerId.of_ed25519(bytes(32))
    first, second, *_rest = _event_ids()
    ranged = Interest.of(own, first, second, 1 << 40)
    return [ranged, Interest.of(own, b"", b"\xff"), Interest.min_of(own), Interest.max_of(own)]


def _peers() -> list[bytes]:
    own = PeerId.of_ed25519(bytes(range(32)))
    texts = (
        str(own),
        MAX_PEER_KEY,
        PeerKey.of(7, "e30.e30.AA"),
        "local-42",
        "testnet-clay",
        "0xff",
        "4294967296",
    )
    return [own, b"\x12\x20" + bytes(32), *(text.encode() for text in texts)]


def _dids() -> list[bytes]:
    found = {entry.get("controller") for entry in corpus.expected()["events"].values()}
    cases = str(vectors.accounts("did.json")).replace("'", " ").split()
    found.update(word for word in cases if word.startswith("did:") and len(word) < 200)
    return [did.encode() for did in sorted(filter(None, found))[::20]] + [_ED25519.encode()]


def _both(items: list[Any]) -> list[bytes]:
    """Identifiers in binary form and as text."""
    return [*map(bytes, items), *(str(item).encode() for item in items)]


def _json() -> list[bytes]:
    values = [dagcbor.decode(block) for block in _contents()[:20] if not block.startswith(b"\xff")]
    return [*(text.encode() for text in _JSON), *map(dagjson.encode, values)]


def _lines() -> list[bytes]:
    lines = [
        dagjson.dump({"cid": str(whole.roots[0]), "car": multibase.encode(data, base)}) + b"\n"
        for data, base in zip(_events(), "mubfmmmm", strict=False)
        for whole in sample_of([data])
    ]
    short = b'{"car":"zabc"}\n\r\n \n{"car":"k0","cid":null}\n[1]'
    return [*lines, b"".join(lines[:3]), short, lines[0].strip() + b"\r\n" + lines[1]]


def _archives() -> list[bytes]:
    made = making.mixture(8)
    small = making.archive(made[:2])
    return [making.archive(made), making.archive(made, []), small, small + small, *_events()[:6]]


SEEDS: Final[dict[str, Callable[[], list[bytes]]]] = {
    "dagcbor": lambda: [*_contents(), *map(bytes.fromhex, _NOT_STRICT)],
    "dagcbor-lenient": lambda: [*_contents(), *map(bytes.fromhex, _NOT_STRICT)],
    "dagjson": _json,
    "car": _events,
    "event": lambda: [*_events(), car.encode([_OLD.root], _OLD.blocks)],
    "envelope": _envelopes,
    "protected": _protected,
    "cid": lambda: _both(_cids()),
    "stream-id": lambda: _both(_streams()),
    "commit-id": lambda: [*_both(_commits()), f"ceramic://{METAMODEL}?commit=0".encode()],
    "event-id": lambda: [*_both(_event_ids()), *(b"f" + item.hex().encode() for item in _event_ids())],
    "interest": lambda: _both(_interests()),
    "peer": _peers,
    "did-key": _dids,
    "json-patch": lambda: [text.encode() for text in _PATCHES],
    "ndjson": _lines,
    "ndjson-file": lambda: [gzip.compress(lines, mtime=0) for lines in _lines()[-4:]],
    "archive": _archives,
    **ACCOUNT_SEEDS,
    **RECORD_SEEDS,
}
"""The seeds of each target."""
