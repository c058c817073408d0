"""The way back to the sections of a CAR archive behind damage.

The next section is one that is preceded by its own length and does hash to its CID.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Final

from ceramic_connectors.window import REACH, Window
from ceramic_protocol.cid import Cid
from ceramic_protocol.limits import MAX_HASHED_IN_VAIN_BYTES, MAX_HASHED_IN_VAIN_PER_BYTE, MAX_SECTION_BYTES

HASH_BYTES: Final = 32
"""Bytes of a SHA-256."""

_CID: Final = re.compile(rb"\x01(?:\x71|\x85\x01)\x12\x20")
_CID_OVERLAP: Final = 4
_LENGTH_BYTES: Final = 4
_SEARCHED_AT_ONCE: Final = 64 * 1024


class Checker:
    """Hashes blocks of a file against their CIDs, for as long as it isn't in vain too often.

    What is hashed in vain is paid from an allowance that grows with the position in the file, so that any
    file takes time linear in its length, however its sections seem to overlap. An honest file, damaged or
    not, comes nowhere near it.
    """

    def __init__(self, window: Window) -> None:
        self._window = window
        self.spent = 0

    def can_afford(self, pos: int, size: int) -> bool:
        """Whether `size` bytes may be hashed at `pos`."""
        return self.spent + size <= MAX_HASHED_IN_VAIN_BYTES + MAX_HASHED_IN_VAIN_PER_BYTE * pos

    def hashes(self, cid: Cid, body: int, end: int) -> bool:
        """Whether the block between two positions that are held has that CID; no, if it can't be afforded."""
        if not self.can_afford(body, end - body):
            return False
        base = self._window.base
        good = sha256(self._window.view[body - base : end - base]).digest() == cid[-HASH_BYTES:]
        if not good:
            self.spent += end - body
        return good and cid.is_sha256


def next_good(window: Window, checker: Checker, after: int, stop: int) -> int:
    """Position of the first section at or behind `after` and before `stop`; `stop` if there is none."""
    pos = after + 1
    while pos < stop:
        window.hold(max(after, pos - _LENGTH_BYTES), _SEARCHED_AT_ONCE)
        found = _CID.search(window.data, pos - window.base)
        if found is None:
            if window.end == window.size:
                break
            pos = max(window.end - _CID_OVERLAP, pos)
            continue
        pos = window.base + found.start()
        body = window.base + found.end() + HASH_BYTES
        start = _start_of_section(window, checker, max(after, pos - _LENGTH_BYTES), pos, body)
        if start is not None:
            return min(start, stop)
        pos += 1
    return stop


def _start_of_section(window: Window, checker: Checker, first: int, pos: int, body: int) -> int | None:
    """Where a section starts whose CID stands at `pos`, if one of the lengths that can be read there fits."""
    length = 0
    for start in range(pos - 1, first - 1, -1):
        byte = window.data[start - window.base]
        is_part = 0 < byte < 0x80 if start == pos - 1 else byte >= 0x80
        if not is_part:
            break
        length = length << 7 | byte & 0x7F
        end = pos + length
        if length <= MAX_SECTION_BYTES and body <= end <= window.size:
            window.hold(first, end - first + REACH)
            if checker.hashes(Cid(window.slice(pos, body)), body, end):
                return start
    return None
