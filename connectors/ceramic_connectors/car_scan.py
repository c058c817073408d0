"""The sections of a CAR archive one after another, and the gaps between them.

A section whose block does not hash to its CID counts as one only if no good section begins inside and
something like a section follows: otherwise its length is not to be trusted either.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Final, NamedTuple, TypeAlias

from ceramic_connectors.car_resync import HASH_BYTES, Checker, next_good
from ceramic_connectors.window import REACH, Window
from ceramic_protocol import car
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import DecodeError, IdentifierError
from ceramic_protocol.limits import MAX_SECTION_BYTES

_CBOR: Final = b"\x01\x71\x12\x20"
_JOSE: Final = b"\x01\x85\x01\x12\x20"
_CBOR_BYTES: Final = len(_CBOR) + HASH_BYTES
_JOSE_BYTES: Final = len(_JOSE) + HASH_BYTES
_LONG: Final = 1 << 7
_PLAIN_LENGTH: Final = 1 << 14


class Section(NamedTuple):
    """A block in its file: positions in bytes of the section, the block and its end; `good` if it hashes."""

    cid: Cid
    position: int
    body: int
    end: int
    good: bool
    block: memoryview

    @property
    def is_usual(self) -> bool:
        """Whether its length is written as everybody writes it: in as few bytes as it takes, two at most."""
        length, space = self.end - self.position, self.body - len(self.cid) - self.position
        return space == (1 if length - space < _LONG else 2) and length < _PLAIN_LENGTH


class Gap(NamedTuple):
    """A stretch, in bytes from the start of the file, without a section that can be read."""

    position: int
    length: int
    detail: str


_Head: TypeAlias = tuple[Cid, int, int] | str
"""CID, start and end of a block; or why there is none."""


class Scanner:
    """Splits what a window looks at into sections and gaps."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._checker = Checker(window)

    def scan(self, pos: int, problem: str | None = None) -> Iterator[Section | Gap]:
        """Sections and gaps from `pos` to the end of the file.

        With a `problem` no section is expected at `pos`, and what stands before the first one is a gap.
        """
        if problem is not None:
            after = next_good(self._window, self._checker, pos, self._window.size)
            if after > pos or after == self._window.size:
                yield Gap(pos, after - pos, problem)
            pos = after
        head = self._head(pos)
        while head is not None:
            outcome = head if isinstance(head, str) else self._section(pos, *head)
            if isinstance(outcome, str):
                after = next_good(self._window, self._checker, pos + 1, self._window.size)
                yield Gap(pos, after - pos, outcome)
            else:
                yield outcome
                after = outcome.end
            for section in self._plain_run(after):
                yield section
                after = section.end
            pos, head = after, self._head(after)

    def _plain_run(self, pos: int) -> Iterator[Section]:
        """The good sections of the usual form from `pos` on: nearly all, at a third of the cost."""
        data, view, base = self._window.data, self._window.view, self._window.base
        last = len(data) - REACH if self._checker.can_afford(pos, 0) else 0
        at = pos - base
        while 0 <= at < last:
            length, start = data[at], at + 1
            if length >= 0x80:
                length, start = length & 0x7F | data[start] << 7, at + 2
            end = start + length
            if data.startswith(_CBOR, start):
                body = start + _CBOR_BYTES
            elif data.startswith(_JOSE, start):
                body = start + _JOSE_BYTES
            else:
                return
            # A length of three bytes or more comes out as over this limit.
            if length >= _PLAIN_LENGTH or not body <= end <= last:
                return
            block = view[body:end]
            if sha256(block).digest() != data[body - HASH_BYTES : body]:
                self._checker.spent += end - body
                return
            yield Section(Cid(data[start:body]), base + at, base + body, base + end, True, block)
            at = end

    def _head(self, pos: int) -> _Head | None:
        window = self._window
        if pos >= window.size:
            return None
        window.hold(pos, REACH)
        base = window.base
        try:
            length, start = car.read_length(window.data, pos - base)
            if not 0 < length <= MAX_SECTION_BYTES:
                return f"a section of {length} bytes is not between 1 and {MAX_SECTION_BYTES}"
            cid, body = Cid.read(window.data, start)
        except DecodeError:
            return "the length of a section has no end"
        except IdentifierError as error:
            return f"no CID in front of a block: {error}"
        end = start + length
        return (cid, body + base, end + base) if body <= end else "a section is shorter than its CID"

    def _section(self, pos: int, cid: Cid, body: int, end: int) -> Section | str:
        window = self._window
        if end > window.size:
            return f"the file ends inside a section, {end - window.size} bytes too early"
        window.hold(pos, end - pos + REACH)
        block = window.view[body - window.base : end - window.base]
        good = self._checker.hashes(cid, body, end)
        if not good and not self._can_be_trusted(pos, end):
            return "a block does not hash to its CID, and its length seems to be wrong"
        return Section(cid, pos, body, end, good, block)

    def _can_be_trusted(self, pos: int, end: int) -> bool:
        """Whether a section with a bad block is one: nothing good begins inside, and something follows."""
        self._window.hold(pos, end - pos + MAX_SECTION_BYTES + REACH)
        inside = next_good(self._window, self._checker, pos + 1, end)
        return inside >= end and not isinstance(self._head(end), str)
