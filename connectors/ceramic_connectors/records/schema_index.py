"""The index of a folder of schemas."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

import orjson

SUBJECT: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,254}")
"""A subject that can be the name of a folder: that of a topic, with `-value` behind it."""

_FILE: Final = re.compile(rf"{SUBJECT.pattern}/v[1-9][0-9]{{0,8}}\.avsc")


@dataclass(frozen=True, slots=True)
class Index:
    """The file of each id, and the ids of a subject's versions."""

    files: Mapping[int, str]
    subjects: Mapping[str, tuple[int, ...]]

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """An index from its bytes.

        Raises:
            ValueError, AttributeError, KeyError, TypeError: they are none.
        """
        said = orjson.loads(data)
        files = {int(number): file for number, file in said["files"].items() if _FILE.fullmatch(file)}
        subjects = {name: tuple(map(int, numbers)) for name, numbers in said["subjects"].items()}
        if any(number not in files for numbers in subjects.values() for number in numbers):
            raise ValueError("an id without a file")
        return cls(files, subjects)

    @property
    def written(self) -> bytes:
        """Its bytes, for people too."""
        files = {str(number): file for number, file in sorted(self.files.items())}
        said = {"files": files, "subjects": dict(sorted(self.subjects.items()))}
        return orjson.dumps(said, option=orjson.OPT_INDENT_2) + b"\n"

    def of(self, subject: str) -> tuple[int, ...]:
        """The ids of a subject's versions, the first one first."""
        return self.subjects.get(subject, ())
