"""An anchor service in this process, which answers as the real one was recorded to answer.

It takes requests in both forms, looks at who sends them as the real one does, batches them on a development
chain, and answers with witness CARs. It can be told to lie.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ceramic_connectors.dev_chain import DevChain
from ceramic_node.anchoring.proofs import transaction_proof
from ceramic_protocol import car as carv1
from ceramic_protocol import dagcbor
from ceramic_protocol.accounts.did import resolve_did_key
from ceramic_protocol.accounts.signatures import verify
from ceramic_protocol.cid import Cid
from ceramic_protocol.ids import StreamId
from ceramic_protocol.merkle import MerkleTree, Shape, cas_order
from tests.support.web import Answer, Exchange, serving

REQUESTS = "/api/v0/requests"
CREATED, UPDATED = 1722298275631, 1722299317361

Body: TypeAlias = dict[str, Any]
Lie: TypeAlias = Callable[[Body], Any]


@dataclass
class Asked:
    """A request as the service keeps it."""

    stream: StreamId
    tip: Cid
    timestamp: str
    status: str = "PENDING"
    message: str = "Request is pending."
    completed: Body = field(default_factory=dict)

    def body(self) -> Body:
        return {
            "id": "11cd5610-8e1a-425d-8282-4974af4e814e",
            "status": self.status,
            "cid": str(self.tip),
            "streamId": str(self.stream),
            "message": self.message,
            "createdAt": CREATED,
            "updatedAt": UPDATED,
            **self.completed,
        }


@dataclass
class Service:
    """The service. `lie` changes a body, `fault` answers instead, `allowed` are the DIDs that it knows."""

    chain: DevChain
    known: dict[Cid, Asked] = field(default_factory=dict)
    posts: int = 0
    gets: int = 0
    lie: Lie | None = None
    fault: Answer | None = None
    allowed: set[str] | None = None
    url: str = ""
    forms: list[str] = field(default_factory=list)

    def __call__(self, exchange: Exchange) -> None:
        if self.fault is not None:
            self.fault(exchange)
        elif not self._authorized(exchange):
            exchange.reply(403, b'{"error":"Unauthorized"}')
        elif exchange.command == "POST" and exchange.path == REQUESTS:
            self.posts += 1
            self._post(exchange)
        elif exchange.command == "GET" and exchange.path.startswith(f"{REQUESTS}/"):
            self.gets += 1
            self._get(exchange, exchange.path.removeprefix(f"{REQUESTS}/"))
        else:
            exchange.reply(404, b"Cannot find it")

    def process(self) -> None:
        """Anchor what is pending, the newest of each stream."""
        pending = {each.tip: each for each in self.known.values() if each.status == "PENDING"}
        if not pending:
            return
        tree = MerkleTree.build(cas_order(pending), Shape.CAS)
        proof = transaction_proof(tree.root, self.chain.anchor(tree.root), self.chain.chain_id)
        for index, tip in enumerate(tree.leaves):
            event = tree.time_event(index, pending[tip].stream.cid, proof)
            pending[tip].status, pending[tip].message = "COMPLETED", "CID successfully anchored."
            witness = base64.b64encode(event.car).decode().rstrip("=")
            pending[tip].completed = {"anchorCommit": {"cid": str(event.cid)}, "witnessCar": witness}

    def _post(self, exchange: Exchange) -> None:
        asked = _asked(exchange)
        self.forms.append(exchange.headers["Content-Type"])
        known = self.known.get(asked.tip)
        if known is None:
            for each in self.known.values():
                if each.stream == asked.stream and each.status == "PENDING":
                    each.status, each.message = "REPLACED", f"Replaced by {asked.tip}"
            self.known[asked.tip] = asked
        self._reply(exchange, 202 if known else 201, (known or asked).body())

    def _get(self, exchange: Exchange, name: str) -> None:
        found = self.known.get(Cid.parse(name))
        if found is None:
            exchange.reply(404, b'{"error":"Request doesn\'t exist"}')
        else:
            self._reply(exchange, 200, found.body())

    def _reply(self, exchange: Exchange, status: int, body: Body) -> None:
        said = body if self.lie is None else self.lie(body)
        exchange.reply(status, said if isinstance(said, bytes) else json.dumps(said).encode())

    def _authorized(self, exchange: Exchange) -> bool:
        if self.allowed is None:
            return True
        token = exchange.headers.get("Authorization", "").removeprefix("Bearer ")
        header, payload, signature = token.split(".")
        kid, said = _json(header)["kid"], _json(payload)
        assert said["nonce"]
        assert said["url"] == self.url + exchange.path
        did = kid.split("#")[0]
        key = resolve_did_key(did)
        signed = verify(key, f"{header}.{payload}".encode(), _decoded(signature))
        return signed and did in self.allowed and said.get("digest") == _digest(exchange)


def _digest(exchange: Exchange) -> str | None:
    """As the service computes it (auth.middleware.ts of ceramic-anchor-service)."""
    if not exchange.body:
        return None
    if exchange.headers["Content-Type"] == "application/vnd.ipld.car":
        return str(carv1.decode(exchange.body).roots[0])
    parsed = json.dumps(json.loads(exchange.body), separators=(",", ":"), ensure_ascii=False)
    return f"0x{hashlib.sha256(parsed.encode()).hexdigest()}"


def _asked(exchange: Exchange) -> Asked:
    if exchange.headers["Content-Type"] == "application/json":
        said = json.loads(exchange.body)
        return Asked(StreamId.parse(said["streamId"]), Cid.parse(said["cid"]), said["timestamp"])
    car = carv1.decode(exchange.body)
    blocks = dict(car.blocks)
    root: Any = dagcbor.decode(blocks[car.roots[0]])
    asked = Asked(StreamId.from_bytes(root["streamId"]), Cid.from_bytes(root["tip"]), root["timestamp"])
    assert asked.stream.cid in blocks, "the service needs the init event"
    return asked


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _json(text: str) -> Any:
    return json.loads(_decoded(text))


@contextmanager
def service(chain: DevChain) -> Iterator[Service]:
    """A running service."""
    made = Service(chain)
    with serving(made) as web:
        made.url = web.url
        yield made
