"""A client of an anchor service, a book and a sink, on a clock that is set by hand."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ceramic_node.anchoring import (
    AnchorApi,
    AnchorService,
    Book,
    RemoteAnchorer,
    Trouble,
)
from ceramic_protocol.accounts.signers import Ed25519Signer
from tests.node.anchoring.making import Clock, Collected
from tests.node.anchoring.service_stub import Service

SIGNER = Ed25519Signer(b"\x07" * 32)


@dataclass
class World:
    """A service, a book and a sink."""

    service: Service
    folder: Path
    options: dict[str, Any] = field(default_factory=dict)
    signer: Ed25519Signer | None = None
    limit: int | None = None
    sink: Collected = field(default_factory=Collected)
    clock: Clock = field(default_factory=Clock)

    def anchorer(self, **options: Any) -> RemoteAnchorer:
        api = AnchorApi(self.service.url, self.signer, timeout=30.0, backoff=0.001)
        usual: dict[str, Any] = {"pause": 15.0, "clock": self.clock}
        return RemoteAnchorer(api, **(usual | {"chain": self.service.chain} | self.options | options))

    def book(self) -> Book:
        return Book(self.folder / "book", self.clock)

    def make(self, book: Book, **options: Any) -> AnchorService:
        anchorer = self.anchorer(**options)
        return AnchorService(book, anchorer, self.sink, limit=self.limit, clock=self.clock)

    def ticks(self, made: AnchorService, count: int = 40) -> None:
        for _ in range(count):
            while made.step():
                pass
            self.clock.sleep(10.0)

    def troubles(self, made: AnchorService) -> set[Trouble]:
        return {trouble for trouble, _ in made.troubles.values()}


def witness(car: bytes) -> str:
    return base64.b64encode(car).decode().rstrip("=")
