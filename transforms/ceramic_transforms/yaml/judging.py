"""Verification, resolution and fold, with their rules as plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import apache_beam as beam
import pyarrow as pa
from apache_beam.typehints import with_input_types, with_output_types

from ceramic_connectors.find_reducer import find_reducer
from ceramic_connectors.judging import judging_of
from ceramic_connectors.tables import arrow_schema
from ceramic_protocol.errors import UsageError
from ceramic_protocol.rules import DEFAULT_SKEW
from ceramic_protocol.tables import REJECTED
from ceramic_transforms import fold, resolve, verify
from ceramic_transforms.evaluate_streams import shown_rules
from ceramic_transforms.failures import passed_on
from ceramic_transforms.fold import FoldedStream
from ceramic_transforms.rows import BatchesToRows
from ceramic_transforms.table_parts import TablePart
from ceramic_transforms.verify import DEAD_LETTERS
from ceramic_transforms.yaml.plain import plain


@with_input_types(pa.RecordBatch)
class VerifyEvents(beam.PTransform[beam.PCollection[pa.RecordBatch], Any]):
    """Check what can be said of each event alone: form, hashes, signature, proof of time.

    Gives the checked events and, under the name in `error_handling`, rows of the table `rejected` for what is
    no event at all. Without `error_handling` the first of these ends the job. Events that are well-formed but
    refused are among the checked ones, as others may build on them; ResolveStreams says so.

    Args:
        chain: JSON file with all known anchor transactions.
        rpc: JSON-RPC endpoints of EVM chains, asked about anchors unless there is `chain`, and about wallets
            that are contracts; `env:NAME` or `file:PATH` where an address holds a key.
        profile: whose rules on accounts apply: strict, js or ceramic-one.
        network: refuse anchors on chains of other networks than this one.
        anchor_contracts: CHAIN=ADDRESS where the anchor contract of a chain isn't the usual one.
        threads: that check signatures in each process; by default one per core.
        error_handling: `output` names the output for what is no event.
    """

    def __init__(
        self,
        *,
        chain: str | None = None,
        rpc: Sequence[str] = (),
        profile: str = "strict",
        network: str | None = None,
        anchor_contracts: Sequence[str] = (),
        threads: int | None = None,
        error_handling: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__()
        judging = judging_of(
            chain=chain, rpc=rpc, profile=profile, network=network, anchor_contracts=anchor_contracts
        )
        self._verify = verify.VerifyEvents(judging.verifier, threads)
        self._output = _output_of(error_handling)

    def expand(self, raw: beam.PCollection[pa.RecordBatch]) -> Any:
        """Verify, and give dead letters a schema."""
        verified = raw | "Verify" >> self._verify
        if self._output is None:
            refuse = beam.Map(_refuse).with_output_types(pa.RecordBatch)
            none = verified[DEAD_LETTERS] | "Refuse" >> refuse
            return (verified.checked, none) | "Checked" >> beam.Flatten()
        letters = verified[DEAD_LETTERS] | "DeadLetters" >> BatchesToRows(arrow_schema(REJECTED))
        return {"good": verified.checked, self._output: letters}

    def display_data(self) -> dict[str, Any]:
        """As the transform itself, and what becomes of dead letters."""
        return {**self._verify.display_data(), "error_handling": self._output or "fail"}


def _output_of(error_handling: Mapping[str, str] | None) -> str | None:
    if error_handling is None:
        return None
    output = error_handling.get("output")
    if not isinstance(output, str) or len(error_handling) != 1 or output == "good":
        raise UsageError("error_handling takes output alone: the name of the output for dead letters")
    return output


def _refuse(letters: pa.RecordBatch) -> pa.RecordBatch:
    first = letters.slice(0, 1).to_pylist()[0]
    with passed_on():
        where = f"{first['source']} at {first['position']}"
        raise UsageError(
            f"{where}: no event ({first['reason']}); to go on without it, name error_handling: {{output: …}}"
        )


@with_input_types(pa.RecordBatch)
@with_output_types(TablePart)
class ResolveStreams(beam.PTransform[beam.PCollection[pa.RecordBatch], beam.PCollection[TablePart]]):
    """Judge each event in the history of its stream, decide which branch counts, and fold states.

    Takes what VerifyEvents gives; gives parts of all tables, for TableToRows and WriteTables.

    Args:
        at: the time that counts as now, RFC 3339 or unix seconds; by default when the pipeline is built.
        tie_break: how CIDs are compared when nothing else decides: js or binary.
        profile: as for VerifyEvents.
        grace: seconds that an expired capability goes on; by default those of the profile.
        skew: seconds that clocks may be apart.
        reducer: an application's own fold, a registered name or module:attribute.
    """

    def __init__(
        self,
        *,
        at: str | None = None,
        tie_break: str = "js",
        profile: str = "strict",
        grace: int | None = None,
        skew: int = DEFAULT_SKEW,
        reducer: str | None = None,
    ) -> None:
        super().__init__()
        rules = judging_of(at=at, tie_break=tie_break, profile=profile, grace=grace, skew=skew).rules
        found = None if reducer is None else find_reducer(reducer)
        self._resolve = resolve.ResolveStreams(rules, reducer=found)

    def expand(self, checked: beam.PCollection[pa.RecordBatch]) -> beam.PCollection[TablePart]:
        """Resolve."""
        return checked | "Resolve" >> self._resolve

    def display_data(self) -> dict[str, Any]:
        """As the transform itself."""
        return self._resolve.display_data()


@with_input_types(pa.RecordBatch)
@with_output_types(FoldedStream)
class FoldStreams(beam.PTransform[beam.PCollection[pa.RecordBatch], beam.PCollection[FoldedStream]]):
    """Fold the canonical log of every stream that an application's reducer handles.

    Takes what VerifyEvents gives; gives rows with stream_id, tip, height and the state as JSON text.

    Args:
        reducer: a registered name or module:attribute.
        at: as for ResolveStreams, as the others are.
        tie_break: js or binary.
        profile: strict, js or ceramic-one.
        grace: seconds that an expired capability goes on.
        skew: seconds that clocks may be apart.
    """

    def __init__(
        self,
        *,
        reducer: str,
        at: str | None = None,
        tie_break: str = "js",
        profile: str = "strict",
        grace: int | None = None,
        skew: int = DEFAULT_SKEW,
    ) -> None:
        super().__init__()
        self._rules = judging_of(at=at, tie_break=tie_break, profile=profile, grace=grace, skew=skew).rules
        self._reducer = reducer
        self._fold = fold.FoldStreams(find_reducer(reducer), self._rules)

    def expand(self, checked: beam.PCollection[pa.RecordBatch]) -> beam.PCollection[FoldedStream]:
        """Fold."""
        return checked | "Fold" >> self._fold

    def display_data(self) -> dict[str, Any]:
        """The reducer and the rules."""
        return {"reducer": self._reducer, **shown_rules(self._rules)}


verify_events = plain(VerifyEvents)
resolve_streams = plain(ResolveStreams)
fold_streams = plain(FoldStreams)
