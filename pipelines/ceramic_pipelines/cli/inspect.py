"""`ceramic-streams inspect`."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from ceramic_connectors.outside import outside
from ceramic_pipelines.explain import Explanation, explain_car, explain_text
from ceramic_pipelines.explain_block import explain_block
from ceramic_pipelines.sources import open_source
from ceramic_protocol.dagjson import dump
from ceramic_protocol.limits import MAX_SECTION_BYTES
from ceramic_protocol.plain_text import plain


@click.command()
@click.argument("thing")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Words to read, or one JSON object.",
)
def inspect(*, thing: str, form: str) -> None:
    """Explain THING in words.

    THING is a StreamID, CommitID, CID, EventID, Interest, DID (did:key or did:pkh) or code of a reason, or a
    file with a CAR or a single block.

    \b
    Examples:
      ceramic-streams inspect kh4q0ozorrgaq2mezktnrmdwleo1d
      ceramic-streams inspect did:pkh:eip155:1:0xb9c5714089478a327f09197987f16f9e5d936e8a
      ceramic-streams inspect cacao_expired
    """
    found = _explain(thing)
    if form == "json":
        click.echo(dump(found).decode())
    else:
        for line in _lines(found):
            click.echo(line)


def _explain(thing: str) -> Explanation:
    path = Path(thing)
    if not path.is_file():
        return explain_text(thing)
    with outside(f"read {path}"):
        block = path.read_bytes() if path.stat().st_size <= MAX_SECTION_BYTES else b""
    found = explain_block(block)
    if found is not None:
        return found
    with tempfile.TemporaryDirectory(prefix="ceramic-streams-") as work_dir:
        return explain_car(open_source(f"car:{thing}", Path(work_dir)))


def _lines(found: Explanation) -> Iterator[str]:
    width = max(map(len, found))
    for label, value in found.items():
        if value is not None:
            yield f"{label:<{width}}  {_words(value)}"


def _words(value: Any) -> str:
    if isinstance(value, str | int):
        return plain(str(value))
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return plain(", ".join(value))
    return plain(dump(value).decode())
