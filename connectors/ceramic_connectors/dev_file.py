"""The file that a development chain lives in: a JSON list of transactions that grows and survives crashes."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Any, Final

import orjson

from ceramic_connectors.outside import outside
from ceramic_connectors.rename import sync
from ceramic_protocol.errors import OutsideError, UsageError
from ceramic_protocol.limits import MAX_DEV_ENTRY_BYTES

_BEGIN: Final = b"[\n"
_BETWEEN: Final = b",\n"
_END: Final = b"\n]\n"
_ENTRY: Final = b'{"chainId":'


class DevFile:
    """One entry a line; the end of the list is written over by the next entry.

    A crash can leave half an entry there, or zeros. Opening drops them: nobody was told of that entry.
    """

    def __init__(self, path: Path) -> None:
        """Open the file, or make one, for this object alone.

        Raises:
            UsageError: the file is another one than was written here; it is as it was.
            OutsideError: it can't be read or written, or is open elsewhere.
        """
        self._doing = f"write the chain's file {path}"
        with outside(self._doing):
            self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        self._is_open = True
        try:
            self._lock()
            with outside(self._doing):
                data = path.read_bytes()
                self._size = _whole(data, path)
                self._mend(data)
                sync(path.absolute().parent)
        except BaseException:
            self.close()
            raise

    def append(self, entry: dict[str, Any]) -> None:
        """Write an entry, whose first member is `chainId`, and wait until it is on the disk.

        Raises:
            OutsideError: the disk refused; nothing more can be written before the file is opened again.
        """
        if not self._is_open:
            raise OutsideError(f"can't {self._doing}: it is closed; open it again")
        line = (b"" if self._size == len(_BEGIN) else _BETWEEN) + orjson.dumps(entry)
        try:
            with outside(self._doing):
                _write(self._handle, line + _END, self._size)
        except BaseException:
            self.close()
            raise
        self._size += len(line)

    def close(self) -> None:
        """Close it; a second time does nothing."""
        if self._is_open:
            self._is_open = False
            os.close(self._handle)

    def _lock(self) -> None:
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise OutsideError(f"can't {self._doing}: it is open elsewhere; close it there") from None

    def _mend(self, data: bytes) -> None:
        """Let the file be a whole list."""
        if self._size == 0:
            self._size = len(_BEGIN)
            rest, start = _BEGIN + _END[1:], 0
        else:
            rest, start = _END[1:] if self._size == len(_BEGIN) else _END, self._size
        if data[start:] != rest:
            os.ftruncate(self._handle, start + len(rest))
            _write(self._handle, rest, start)


def _write(handle: int, data: bytes, position: int) -> None:
    while data:
        written = os.pwrite(handle, data, position)
        data, position = data[written:], position + written
    os.fsync(handle)


def _whole(data: bytes, path: Path) -> int:
    """How much of a file is the beginning of a list with whole entries, without the comma after the last.

    Raises:
        UsageError: what follows can't be what a crash leaves.
    """
    end = start = len(_BEGIN) if data.startswith(_BEGIN) else 0
    while start and start < len(data):
        line = data[start:].split(b"\n", 1)[0]
        entry = line[: line.rfind(b"}") + 1]
        if not _is_entry(entry):
            break
        end, start = start + len(entry), start + len(line) + 1
    rest = data[end:]
    begun = rest.strip(b"\0").removeprefix(_BETWEEN).lstrip(b"\0")
    is_half = begun.startswith(_ENTRY[: len(begun)]) and (b"\n" not in begun or b"\0" in begun)
    # What stands where the next entry begins is of the old end, of the entry, or zeros.
    is_end = end > 0 and set(rest) <= set(_END + _BETWEEN + _ENTRY[:1] + b"\0")
    if end == 0:
        is_half = begun in (b"", _BEGIN[:1])
    if len(rest) > MAX_DEV_ENTRY_BYTES or not (is_half or is_end):
        raise UsageError(f"{path} is no file of a development chain")
    return end


def _is_entry(line: bytes) -> bool:
    try:
        return line.startswith(_ENTRY) and isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        return False
