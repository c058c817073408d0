"""Models with documents that fork, are anchored late, fail, and refer to one another: signed, from a seed."""

from __future__ import annotations

import random
from typing import Any, Final

from ceramic_protocol.cid import Cid
from ceramic_protocol.ids import METAMODEL, MODEL, MODEL_INSTANCE, StreamId
from tests.support import signing
from tests.support.chains import KnownChain
from tests.support.signing import Made, Signer, ed25519

_PROPERTIES: Final[dict[str, dict[str, object]]] = {
    "text": {"type": "string", "maxLength": 40},
    "count": {"type": "integer"},
    "share": {"type": "number"},
    "done": {"type": "boolean"},
    "tags": {"type": "array", "items": {"type": "string"}},
    "to": {"type": "string"},
}
_VALUES: Final[dict[str, tuple[object, ...]]] = {
    "text": ("a", "Ünï ✏", "", "x" * 40),
    "count": (0, -1, 2**53 - 1),
    "share": (0.5, 1e-9, 3),
    "done": (True, False),
    "tags": ([], ["a"], ["b", "a", "b"]),
}
_WRONG: Final = {"text": 7, "count": "many", "share": None, "done": 0, "tags": {"a": 1}}
_FIRST: Final = 1_700_000_000
"""The time from which on anchors are, in unix seconds."""


class LateSet:
    """Events by the text of their CID, and the chain of their anchors."""

    def __init__(self, seed: int, *, models: int = 12, documents: int = 12) -> None:
        """Make them.

        Args:
            seed: what all follows from.
            models: how many there are.
            documents: of each model.
        """
        self.cars: dict[str, bytes] = {}
        self.chain = KnownChain()
        self._chance = random.Random(seed)
        self._writers = [ed25519(seed * 100 + number) for number in range(1, 5)]
        self._linked: StreamId | None = None
        self._targets: list[Cid] = []
        for number in range(models):
            self._add_model(number, documents)

    def _add(self, made: Made) -> Made:
        self.cars[str(made.cid)] = made.car
        return made

    def _add_model(self, number: int, documents: int) -> None:
        names = self._chance.sample(list(_VALUES), 4)
        relations: dict[str, object] = {}
        if self._linked is not None:
            relations["to"] = {"type": "document", "model": str(self._linked)}
        properties = {name: _PROPERTIES[name] for name in [*names, *relations]}
        definition = {
            "version": "1.0",
            "name": f"Late{number}",
            "accountRelation": {"type": "list"},
            "schema": {"type": "object", "properties": properties, "additionalProperties": False},
            "relations": relations,
        }
        made = self._add(signing.init(self._writers[0], definition, model=METAMODEL))
        model = StreamId.of(MODEL, made.cid)
        self._targets = [self._add_document(model, names) for _ in range(documents)]
        self._linked = model

    def _add_document(self, model: StreamId, names: list[str]) -> Cid:
        writer = self._chance.choice(self._writers)
        content = {name: self._chance.choice(_VALUES[name]) for name in names}
        if self._targets:
            content["to"] = str(StreamId.of(MODEL_INSTANCE, self._chance.choice(self._targets)))
        unique = self._chance.randbytes(12)
        init = self._add(signing.init(writer, content, model=model, unique=unique))
        log = [init]
        for _ in range(self._chance.randint(1, 3)):
            # From anywhere in what is there, so that branches fork branches.
            log += self._branch(writer, init, self._chance.choice(log), names)
        return init.cid

    def _branch(self, writer: Signer, init: Made, start: Made, names: list[str]) -> list[Made]:
        found = [start]
        for _ in range(self._chance.randint(1, 4)):
            found.append(self._update(writer, init, found[-1], names))
            if self._chance.random() < 0.4:
                stamp = _FIRST + self._chance.randrange(10_000)
                found.append(self._add(signing.time(init, found[-1], self.chain, stamp)))
        return found[1:]

    def _update(self, writer: Signer, init: Made, prev: Made, names: list[str]) -> Made:
        name = self._chance.choice(names)
        fate = self._chance.random()
        value: Any = _WRONG[name] if fate < 0.1 else self._chance.choice(_VALUES[name])
        signer = next(other for other in self._writers if other is not writer) if fate > 0.95 else writer
        header = {"shouldIndex": self._chance.random() < 0.5} if self._chance.random() < 0.1 else {}
        patch = [{"op": "replace", "path": f"/{name}", "value": value}]
        return self._add(signing.data(signer, init, prev, patch, **header))
