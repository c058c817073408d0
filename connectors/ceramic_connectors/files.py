"""Files of a source: finding them, and noticing when they change under our hands."""

from __future__ import annotations

import glob
import os
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

from ceramic_connectors.outside import outside, sentence
from ceramic_protocol.errors import OutsideError

_MAX_OPEN: Final = 64


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file as it was when it was first read: size in bytes, time of last change in nanoseconds."""

    path: str
    size: int
    changed: int

    @classmethod
    def of(cls, path: str) -> Self:
        """The state of a file now.

        Raises:
            OutsideError: there is no such regular file, or it can't be read.
        """
        with outside(f"read {path}"):
            if not Path(path).is_file():
                msg = f"there is no file {path}; check the path"
                raise OutsideError(msg)
            status = Path(path).stat()
            with Path(path).open("rb"):
                return cls(path, status.st_size, status.st_mtime_ns)

    def open(self, buffering: int = 0) -> BinaryIO:
        """The file, with a buffer of that many bytes.

        Raises:
            OutsideError: it can't be read, or is no longer what it was.
        """
        with outside(f"read {self.path}"):
            file = Path(self.path).open("rb", buffering=buffering)  # noqa: SIM115  # the caller closes it
        status = os.fstat(file.fileno())
        if (status.st_size, status.st_mtime_ns) != (self.size, self.changed):
            file.close()
            raise self.has_changed()
        return file

    def has_changed(self) -> OutsideError:
        """The error for a file that is not what it was."""
        return OutsideError(f"{self.path} was changed while it was being read; start again")


def find_files(path: str, endings: tuple[str, ...]) -> list[SourceFile]:
    """The files that a path means: itself, a folder's own files with one of the endings, or a glob's matches.

    They come sorted by name.

    Raises:
        OutsideError: there is none, or one can't be read.
    """
    with outside(f"look for {path}"):
        if Path(path).is_dir():
            paths = _in_folder(path, endings)
        elif glob.has_magic(path) and not Path(path).exists():
            paths = sorted(found for found in glob.glob(path) if Path(found).is_file())  # noqa: PTH207  # as given
        else:
            paths = [path]
    if not paths:
        msg = f"no file matches {path}; check the pattern"
        raise OutsideError(msg)
    return [SourceFile.of(path) for path in paths]


def _in_folder(path: str, endings: tuple[str, ...]) -> list[str]:
    files = [file for file in Path(path).iterdir() if file.name.endswith(endings) and file.is_file()]
    if not files:
        msg = f"no file in the folder {path} ends with {' or '.join(endings)}; check the path"
        raise OutsideError(msg)
    return sorted(map(str, files))


class OpenFiles:
    """Reads pieces of many files by number, with few of them open at a time."""

    def __init__(self, describe: Callable[[int], SourceFile]) -> None:
        self._describe = describe
        self._open: OrderedDict[int, tuple[SourceFile, BinaryIO]] = OrderedDict()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while self._open:
            self._open.popitem()[1][1].close()

    def path(self, number: int) -> str:
        """Path of a file, as given."""
        return self._get(number)[0].path

    def read(self, number: int, offset: int, length: int) -> bytes:
        """`length` bytes from `offset` on.

        Raises:
            OutsideError: the file can't be read, or is no longer what it was.
        """
        described, file = self._get(number)
        try:
            data = os.pread(file.fileno(), length, offset)
        except OSError as error:
            raise OutsideError(sentence(f"read {described.path}", error)) from error
        if len(data) != length:
            raise described.has_changed()
        return data

    def _get(self, number: int) -> tuple[SourceFile, BinaryIO]:
        held = self._open.get(number)
        if held is None:
            described = self._describe(number)
            held = self._open[number] = (described, described.open())
            if len(self._open) > _MAX_OPEN:
                self._open.popitem(last=False)[1][1].close()
        return held
