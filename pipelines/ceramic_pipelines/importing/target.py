"""Where events are handed in."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from typing import Protocol

from ceramic_pipelines.importing.outcomes import Outcome


class Target(Protocol):
    """Takes events in, in the order in which it is given them."""

    def submit(self, cars: Sequence[bytes]) -> Future[list[Outcome]]:
        """What will have become of some events, in order, as soon as they are kept for good.

        Args:
            cars: at most `MAX_INTAKE_BATCH`, of `MAX_IMPORT_CHUNK_BYTES` or a single one.

        The future raises `OutsideError` if they can't be handed in.
        """
        ...
