"""Verification of events by themselves, as a transform."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import apache_beam as beam
import pyarrow as pa
from apache_beam.pvalue import DoOutputsTuple, TaggedOutput
from apache_beam.typehints import with_input_types, with_output_types
from apache_beam.utils.windowed_value import WindowedValue

from ceramic_connectors.tables import arrow_schema
from ceramic_protocol.batch import Running, SignaturePool
from ceramic_protocol.events import InvalidEvent
from ceramic_protocol.payloads import said_by
from ceramic_protocol.ports import Damage, SourceItem
from ceramic_protocol.tables import REJECTED
from ceramic_protocol.verify import Verifier
from ceramic_transforms.batches import CHECKED_EVENTS, checked_row, raw_items, to_batch
from ceramic_transforms.metrics import DAMAGED, Tally

DEAD_LETTERS: Final = "rejected"
"""Tag of the output with rows of the table `rejected`."""


@with_input_types(pa.RecordBatch)
@with_output_types(pa.RecordBatch)
class VerifyEvents(beam.PTransform[beam.PCollection[pa.RecordBatch], DoOutputsTuple]):
    """Decode events and check what can be said of each one alone: form, hashes, signature, proof of time.

    Takes batches of `RAW_EVENTS`. The main output has batches of `CHECKED_EVENTS`, among them events that
    were refused but are well-formed, as others may build on them; their verdict is spoken by
    `ResolveStreams`. The output tagged `rejected` has rows of the table `rejected` for what is no event.

    Args:
        verifier: the rules for accounts, and where chains and contracts are asked.
        threads: that check signatures in each process; by default one per core.
    """

    def __init__(self, verifier: Verifier, threads: int | None = None) -> None:
        super().__init__()
        self._verifier = verifier
        self._threads = threads

    def expand(self, raw: beam.PCollection[pa.RecordBatch]) -> DoOutputsTuple:
        """One pass over every batch."""
        # Said in so many words, for Beam can't read annotations that are text and would pickle the batches.
        check = beam.ParDo(_CheckBatch(self._verifier, self._threads)).with_output_types(pa.RecordBatch)
        return raw | "Check" >> check.with_outputs(DEAD_LETTERS, main="checked")

    def display_data(self) -> dict[str, Any]:
        """Whose rules, which network, and where chains are asked."""
        verifier = self._verifier
        shown = {
            "profile": verifier.profile.value,
            "chain": type(verifier.chain).__name__,
            "network": verifier.network and verifier.network.name,
            "threads": self._threads,
        }
        return {name: value for name, value in shown.items() if value is not None}


class _Held(NamedTuple):
    """A batch that is being checked, and where in event time its results belong."""

    running: Running
    timestamp: Any
    window: Any


class _CheckBatch(beam.DoFn):
    """Always one batch behind, so that threads check signatures while Python works on rows."""

    def __init__(self, verifier: Verifier, threads: int | None) -> None:
        self._verifier = verifier
        self._threads = threads

    def setup(self) -> None:
        self._pool = SignaturePool(self._threads).__enter__()

    def teardown(self) -> None:
        self._pool.__exit__(None, None, None)

    def start_bundle(self) -> None:
        self._held: _Held | None = None

    def process(
        self,
        batch: pa.RecordBatch,
        timestamp: Any = beam.DoFn.TimestampParam,
        window: Any = beam.DoFn.WindowParam,
    ) -> Iterator[Any]:
        running = self._pool.begin(list(raw_items(batch)), self._verifier)
        before, self._held = self._held, _Held(running, timestamp, window)
        if before is not None:
            yield from _results(before)

    def finish_bundle(self) -> Iterator[Any]:
        before, self._held = self._held, None
        if before is not None:
            yield from _results(before)


def _results(held: _Held) -> Iterator[Any]:
    checked, refused = [], []
    tally = Tally()
    for item, (found, event) in zip(held.running.items, held.running.answers(), strict=True):
        if isinstance(found, InvalidEvent):
            refused.append(_refused_row(item, found))
            tally.add_verdict(found.reason)
        if isinstance(item, Damage):
            tally.add(DAMAGED)
        elif not isinstance(found, InvalidEvent):
            checked.append(checked_row(found, item, said_by(event)))
    tally.flush()
    if checked:
        yield _at(held, to_batch(CHECKED_EVENTS, checked))
    if refused:
        yield TaggedOutput(DEAD_LETTERS, _at(held, to_batch(arrow_schema(REJECTED), refused)))


def _at(held: _Held, batch: pa.RecordBatch) -> WindowedValue:
    return WindowedValue(batch, held.timestamp, (held.window,))


def _refused_row(item: SourceItem, found: InvalidEvent) -> tuple[Any, ...]:
    reason = found.reason
    codes = (reason.outcome.value, found.cid, None, reason.layer.value, reason.value, found.detail)
    return *codes, item.raw if isinstance(item, Damage) else item.car, item.source, item.position
