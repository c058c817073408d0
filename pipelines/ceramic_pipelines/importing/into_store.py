"""Into the store of a node that doesn't run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ceramic_node.config import NodeConfig
from ceramic_node.http.v1.events.posting import outcome_of
from ceramic_node.intake import Answer
from ceramic_node.operation.taking_in import TakeIn, taking_in
from ceramic_pipelines.importing.outcomes import Outcome
from ceramic_protocol.limits import MAX_WAITING_EVENTS
from ceramic_protocol.verify import Verifier


class StoreTarget:
    """See `target.Target`."""

    def __init__(self, take_in: TakeIn) -> None:
        self._take_in: Final = take_in

    def submit(self, cars: Sequence[bytes]) -> Future[list[Outcome]]:
        """See `Target.submit`."""
        found: Future[list[Outcome]] = Future()

        def tell(answers: Future[list[Answer]]) -> None:
            error = answers.exception()
            if error is not None:
                found.set_exception(error)
            else:
                found.set_result([Outcome.of(outcome_of(answer)) for answer in answers.result()])

        self._take_in(cars).add_done_callback(tell)
        return found


@contextmanager
def store_target(
    folder: Path,
    config: NodeConfig,
    max_waiting: int = MAX_WAITING_EVENTS,
    verifier: Verifier | None = None,
) -> Iterator[StoreTarget]:
    """The store in a folder until the block ends; see `taking_in` for arguments and errors."""
    with taking_in(folder, config, max_waiting, verifier) as take_in:
        yield StoreTarget(take_in)
