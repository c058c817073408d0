"""The SDK's clients beside a node of ours, and the models that tests use with them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.interop.talking import Talk, talking
from tests.support.node import RunningNode, running_node

_HERE = Path(__file__).parent

TEXT = {"type": "string", "maxLength": 100}


def definition(name: str, relation: dict[str, Any], **schema: Any) -> dict[str, Any]:
    """A model of documents with a title and a text."""
    return {
        "version": "2.0",
        "name": name,
        "accountRelation": relation,
        "interface": False,
        "implements": [],
        "schema": {
            "type": "object",
            "properties": {"title": TEXT, "text": TEXT},
            "required": ["title"],
            "additionalProperties": False,
            **schema,
        },
    }


LIST = definition("Note", {"type": "list"})
SINGLE = definition("Profile", {"type": "single"})
SET = definition("Entry", {"type": "set", "fields": ["title"]})


@contextmanager
def beside(folder: Path | None = None) -> Iterator[tuple[RunningNode, Talk]]:
    """A node, and the SDK that talks with it."""
    with running_node(folder) as node, sdk(node) as talk:
        yield node, talk


@contextmanager
def sdk(node: RunningNode) -> Iterator[Talk]:
    """The SDK that talks with a node."""
    with talking(_HERE, ["sdk.mjs"], node.url) as talk:
        yield talk
