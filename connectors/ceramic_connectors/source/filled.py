"""What a source knows of a node that somebody has filled for it and runs for it alone."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple


class Filled(NamedTuple):
    """How a node was filled; can be pickled.

    Attributes:
        is_bounded: whether nothing more comes, so that the source ends when it has written all that is there.
        refused: file with what was refused on its way into the node, see `refused`; None if there is none.
    """

    is_bounded: bool = False
    refused: Path | None = None


UNFILLED: Final = Filled()
"""A node that has nothing to do with the source, as most are."""
