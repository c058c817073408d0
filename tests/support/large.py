"""Large archives made of freshly signed events, and what the commands need to work through them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from ceramic_protocol import car
from ceramic_protocol.accounts.signers import Ed25519Signer
from ceramic_protocol.builder import EventBuilder
from ceramic_protocol.built import BuiltEvent
from ceramic_protocol.cid import Cid
from ceramic_protocol.ids import StreamId
from tests.support.vectors import PROJECT

MEGA: Final = 1_000_000
PEAKS: Final = {"verify": 400 * MEGA, "export": 900 * MEGA}
"""Most resident memory that a command may take, however large the archive, in bytes."""

_MODEL: Final = StreamId.of(2, Cid.of(b"a model"))
_STREAM_EVENTS: Final = 20
_TEXT: Final = "Wenn der Hahn kräht auf dem Mist, ändert sich das Wetter, oder es bleibt, wie es ist. " * 4


def check_large(folder: Path, size: int, files: int = 4) -> str:
    """Verify and export archives of `size` bytes in all; gives events, peaks of memory and speed in words.

    Raises:
        AssertionError: an event is lost or not valid, or a command takes more memory than stated.
    """
    archives = folder / "archives"
    archives.mkdir()
    events = sum(_write(archives / f"{number}.car", number, size // files) for number in range(files))
    total = sum(path.stat().st_size for path in archives.iterdir())
    said = [f"{total / MEGA:,.0f} MB in {files} archives, {events:,} events"]
    for job, limit in PEAKS.items():
        found = _measure(job, f"car:{archives}")
        assert found["valid"] == events, f"{job}: {found['valid']} of {events} events are valid"
        assert found["peak"] <= limit, f"{job}: {found['peak'] / MEGA:.0f} MB"
        rate = events / found["seconds"]
        said.append(
            f"{job} {found['peak'] / MEGA:.0f} MB at most (stated {limit / MEGA:.0f}), {rate:,.0f} events/s"
        )
    shutil.rmtree(archives)
    return "; ".join(said)


def _measure(job: str, uri: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.child", job, uri]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _write(path: Path, number: int, size: int) -> int:
    """An archive of about that size; gives the number of its events."""
    sections, roots = path.with_suffix(".sections"), []
    with sections.open("wb") as out:
        for event in _events(number):
            roots.append(event.cid)
            out.writelines(car.encode_section(cid, block) for cid, block in car.decode(event.car).blocks)
            if out.tell() >= size:
                break
    with path.open("wb") as out, sections.open("rb") as made:
        out.write(car.encode_header(roots))
        shutil.copyfileobj(made, out)
    sections.unlink()
    return len(roots)


def _events(number: int) -> Iterator[BuiltEvent]:
    """Streams without end, a different author for each archive."""
    builder = EventBuilder(Ed25519Signer(bytes([number]) * 32))
    count = 0
    while True:
        count += 1
        first = last = builder.init(_MODEL, {"body": _TEXT, "n": count}, unique=count.to_bytes(12, "big"))
        yield first
        for edit in range(1, _STREAM_EVENTS):
            patch = [{"op": "replace", "path": "/body", "value": f"{edit} {_TEXT}"}]
            last = builder.data(first.cid, last.cid, patch)
            yield last
