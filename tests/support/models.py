"""A real model, for tests that go through commands and can't say what they know of models."""

from __future__ import annotations

from typing import Final

from ceramic_protocol.ids import METAMODEL, MODEL, StreamId
from tests.support import signing
from tests.support.signing import Made, ed25519

DEFINITION: Final[dict[str, object]] = {
    "version": "1.0",
    "name": "Note",
    "accountRelation": {"type": "list"},
    "schema": {
        "type": "object",
        "properties": {"text": {"type": "string"}, "a": {"type": "integer"}},
        "additionalProperties": False,
    },
}
NOTES: Final[Made] = signing.init(ed25519(99), DEFINITION, model=METAMODEL)
"""The model's init event."""

NOTE: Final = StreamId.of(MODEL, NOTES.cid)
"""The model."""
