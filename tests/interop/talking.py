"""Talking with a script for Node in lines of JSON: each order is answered before the next one is given."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from tempfile import TemporaryFile
from threading import Thread
from typing import IO, Any

from tests.interop import node
from tests.support import npm

_LINES = Path(__file__).parent / "lines.mjs"
_END_SECONDS = 60


class Failed(AssertionError):
    """What was ordered ended with an error."""


class Talk:
    """A script that is running."""

    def __init__(self, process: subprocess.Popen[str], said: IO[str]) -> None:
        self._process = process
        self._said = said
        self._answers: Queue[str] = Queue()
        Thread(target=self._read, name="answers", daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._answers.put(line)

    def ask(self, do: str, **members: Any) -> Any:
        """The result of an order.

        Raises:
            Failed: it has none, but an error.
        """
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": do, **members}) + "\n")
        self._process.stdin.flush()
        try:
            answer = json.loads(self._answers.get(timeout=node.ANSWER_SECONDS))
        except Empty:
            self._said.seek(0)
            raise Failed(f"no answer to {do}: {self._said.read()[-2000:]}") from None
        if "error" in answer:
            raise Failed(answer["error"])
        return answer.get("result")


@contextmanager
def talking(source: Path, scripts: Sequence[str], *arguments: str) -> Iterator[Talk]:
    """A script that runs with the packages that the settings in `source` name, until the context ends.

    Args:
        source: the folder of settings and scripts.
        scripts: the script, and others that it imports.
        arguments: what the script is given.
    """
    node.need_node()
    folder = npm.installed(source)
    for path in (_LINES, *(source / name for name in scripts)):
        # Another process may be running the script that stands there.
        new = folder / f".{path.name}.{os.getpid()}"
        shutil.copyfile(path, new)
        new.replace(folder / path.name)
    command = ["node", scripts[0], *arguments]
    with (
        TemporaryFile("w+") as said,
        subprocess.Popen(
            command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, text=True
        ) as process,
    ):
        try:
            yield Talk(process, said)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
