"""A part of a large file in memory, that moves forward."""

from __future__ import annotations

from typing import BinaryIO, Final

from ceramic_connectors.files import SourceFile
from ceramic_protocol.limits import MAX_SECTION_BYTES

REACH: Final = 256
"""Bytes that hold the length and the CID of a section, and more."""

_CHUNK: Final = 4 * (MAX_SECTION_BYTES + REACH)


class Window:
    """Bytes `base` to `base + len(data)` of a file of `size` bytes.

    What is asked for is at most half of what is read at once, so that going forward through a file reads
    no part of it more than about twice, however the file is made.
    """

    def __init__(self, source: SourceFile, file: BinaryIO) -> None:
        self._source = source
        self._file = file
        self.size = source.size
        self.base = 0
        self.data = b""
        self.view = memoryview(self.data)
        self.end = 0

    def hold(self, start: int, length: int) -> None:
        """Make `data` contain that stretch, as far as the file goes.

        Raises:
            OutsideError: the file is no longer as long as it was.
        """
        if start >= self.base and (start + length <= self.end or self.end == self.size):
            return
        self._file.seek(start)
        expected = min(_CHUNK, self.size - start)
        self.data = self._file.read(expected)
        if len(self.data) != expected:
            raise self._source.has_changed()
        self.view = memoryview(self.data)
        self.base = start
        self.end = start + len(self.data)

    def slice(self, start: int, end: int) -> bytes:
        """Bytes of a stretch that is held, by position in the file."""
        return self.data[start - self.base : end - self.base]
