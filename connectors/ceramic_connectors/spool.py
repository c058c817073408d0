"""Unpacking a gzip file into the work folder, as far as it can be read."""

from __future__ import annotations

import os
import tempfile
import zlib
from pathlib import Path
from typing import BinaryIO, Final

from ceramic_connectors.files import SourceFile
from ceramic_connectors.outside import outside
from ceramic_connectors.progress import Meter

_MAGIC: Final = b"\x1f\x8b"
_GZIP: Final = 16 + zlib.MAX_WBITS
_READ: Final = 64 * 1024
_WRITE: Final = 1024 * 1024


def is_gzip(source: SourceFile) -> bool:
    """Whether the file starts as gzip files do.

    Raises:
        OutsideError: it can't be read.
    """
    with source.open() as file, outside(f"read {source.path}"):
        return file.read(len(_MAGIC)) == _MAGIC


def unpack(source: SourceFile, work_dir: Path, meter: Meter) -> tuple[SourceFile, str | None]:
    """A plain copy of a gzip file, and what is wrong with the file, if something is.

    Raises:
        OutsideError: the file can't be read, or the disk of the work folder is full; nothing is left behind.
    """
    with outside(f"unpack {source.path} into {work_dir}"):
        handle, name = tempfile.mkstemp(prefix="unpacked-", suffix=".ndjson", dir=work_dir)
        try:
            with os.fdopen(handle, "wb") as target, source.open() as file:
                problem = _Unpacker(file, target).run(meter)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    return SourceFile.of(name), problem


class _Unpacker:
    """Follows the members of a gzip file (RFC 1952) and keeps every byte before the first fault."""

    def __init__(self, file: BinaryIO, target: BinaryIO) -> None:
        self._file = file
        self._target = target
        self._member = zlib.decompressobj(_GZIP)
        self._has_begun = False
        self._has_more = False

    def run(self, meter: Meter) -> str | None:
        """Unpack everything; what is wrong, or None."""
        done = 0
        while packed := self._file.read(_READ):
            problem = self._feed_all(packed)
            if problem is not None:
                return f"{problem} near byte {done} of the packed file"
            done += len(packed)
            meter.advance(len(packed))
        return "the gzip file ends early" if self._has_begun else None

    def _feed_all(self, packed: bytes) -> str | None:
        while packed or self._has_more:
            if not self._has_begun:
                # Tools pad gzip files with zeros up to the size of a disk block.
                packed = packed.lstrip(b"\0")
            before = self._member.copy()
            try:
                packed = self._feed(packed)
            except zlib.error as error:
                self._salvage(before, packed)
                return f"the gzip file is corrupt ({error})"
        return None

    def _feed(self, packed: bytes) -> bytes:
        data = self._member.decompress(packed, _WRITE)
        self._target.write(data)
        if self._member.eof:
            rest = self._member.unused_data
            self._member = zlib.decompressobj(_GZIP)
            self._has_begun = self._has_more = False
            return rest
        self._has_begun = self._has_begun or bool(packed)
        self._has_more = len(data) == _WRITE
        return self._member.unconsumed_tail

    def _salvage(self, member: zlib._Decompress, packed: bytes) -> None:
        """Write what stands before the fault: zlib throws away what it had found in the same call."""
        for at in range(len(packed)):
            try:
                self._target.write(member.decompress(packed[at : at + 1]))
            except zlib.error:
                return
