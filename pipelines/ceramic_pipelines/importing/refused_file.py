"""What was refused, as lines of JSON that can be read as a source again (`ndjson:PATH`)."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import orjson

from ceramic_connectors.outside import outside
from ceramic_connectors.source.refused.keeping import Refused


@contextmanager
def refused_file(path: Path) -> Iterator[Callable[[Sequence[Refused]], None]]:
    """What writes to a file, in place of one that is there, until the block ends.

    Raises:
        OutsideError: it can't be written.
    """
    with outside(f"write {path}"), path.open("wb") as file:

        def write(items: Sequence[Refused]) -> None:
            with outside(f"write {path}"):
                file.writelines(map(_line, items))

        yield write


def _line(refused: Refused) -> bytes:
    cid, reason, detail, raw = refused
    car = "m" + base64.b64encode(raw).rstrip(b"=").decode()
    return orjson.dumps({"cid": cid, "car": car, "reason": reason, "detail": detail}) + b"\n"
