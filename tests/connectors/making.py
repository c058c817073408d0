"""Small archives made by hand, and what to do with sources in tests."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ceramic_connectors.sources import open_source
from ceramic_protocol import car, dagcbor
from ceramic_protocol.cid import DAG_JOSE, Cid
from ceramic_protocol.ports import Damage, EventSource, RawEvent, SourceItem

Block = tuple[Cid, bytes]

STREAM = Cid.of(b"init")
KID = "did:key:z6MkkMskNSXMiJQ4QXpfXrtgrc4vg74SUQGiJzqEb43sgen1"


@dataclass(frozen=True)
class Made:
    """An event and its blocks in the order in which they belong into a CAR."""

    root: Cid
    blocks: tuple[Block, ...]


def of(value: object, codec: int = 0x71) -> Block:
    block = dagcbor.encode(value)
    return Cid.of(block, codec), block


def signed(payload: object, cap: Cid | None = None) -> Made:
    """An event in an envelope, whose signature is no signature."""
    inner = of(payload)
    header = (
        f'{{"alg":"EdDSA","cap":"ipfs://{cap}","kid":"{KID}"}}' if cap else f'{{"alg":"EdDSA","kid":"{KID}"}}'
    )
    signature = {"protected": header.encode(), "signature": bytes(64)}
    envelope = of({"payload": bytes(inner[0]), "signatures": [signature]}, DAG_JOSE)
    return Made(envelope[0], (inner, envelope))


def data_event(number: int, size: int = 20) -> Made:
    return signed({"id": STREAM, "prev": STREAM, "data": [number, "x" * size]})


def init_event(number: int, size: int = 20) -> Made:
    block = of({"data": None, "header": {"controllers": [KID], "sep": f"{number}{'x' * size}"}})
    return Made(block[0], (block,))


def capability_event(number: int) -> Made:
    capability = of({"h": {"t": "eip4361"}, "p": {"iss": f"{number}"}})
    event = signed({"id": STREAM, "prev": STREAM, "data": [number]}, capability[0])
    return Made(event.root, (capability, *event.blocks))


def time_event(number: int, prev: Cid = STREAM, stream: Cid | None = STREAM) -> Made:
    """Anchored two levels below the Merkle root; without a stream as old ones are."""
    leaf = of([prev, Cid.of(b"%d" % number)])
    node = of([Cid.of(b"left"), leaf[0]])
    proof = of({"root": node[0], "txHash": STREAM, "txType": "f(bytes32)", "chainId": "eip155:1"})
    named = {} if stream is None else {"id": stream}
    event = of({**named, "prev": prev, "proof": proof[0], "path": "1/0"})
    return Made(event[0], (event, proof, node, leaf))


def old_time_event(number: int) -> Made:
    return time_event(number, stream=None)


def mixture(count: int) -> list[Made]:
    kinds = (data_event, init_event, capability_event, time_event, old_time_event)
    return [kinds[number % len(kinds)](number) for number in range(count)]


def archive(events: Sequence[Made], roots: Iterable[Cid] | None = None) -> bytes:
    """The events one after another; `roots` instead of theirs."""
    listed = [event.root for event in events] if roots is None else list(roots)
    blocks = [block for event in events for block in event.blocks]
    return car.encode_header(listed) + b"".join(car.encode_section(cid, block) for cid, block in blocks)


def open_bytes(folder: Path, data: bytes, name: str = "made.car") -> EventSource:
    """A source of one file with that content."""
    (folder / name).write_bytes(data)
    return open_source(str(folder / name), folder / "work")


def items(source: EventSource) -> list[SourceItem]:
    found = [item for page in source.read(0, source.count) for item in page.items]
    assert len(found) == source.count
    return found


def events(source: EventSource) -> list[RawEvent]:
    return [item for item in items(source) if isinstance(item, RawEvent)]


def damages(source: EventSource) -> list[Damage]:
    return [item for item in items(source) if isinstance(item, Damage)]


def made_of(event: RawEvent) -> Made:
    """An event that was read, in the form in which it was made."""
    decoded = car.decode(event.car)
    assert decoded.roots == (event.cid,)
    return Made(decoded.roots[0], decoded.blocks)


def run_python(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Another Python process with the same modules at hand."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env={"PYTHONPATH": ":".join(sys.path)}
    )
