"""`ceramic-streams resolve`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import click

from ceramic_pipelines.cli.judge import Stopwatch, count_stream, filled_ledger
from ceramic_pipelines.cli.options import Judging, judging, output_format, reducer_option
from ceramic_pipelines.cli.printing import print_rows, print_summary
from ceramic_pipelines.summary import Summary
from ceramic_pipelines.verdicts import stream_line
from ceramic_protocol.history import StreamHistory
from ceramic_protocol.reducers import Reducer

_COLUMNS = ("stream_id", "tip", "anchored_at", "content", "reason")


@click.command()
@click.argument("source")
@judging
@reducer_option
@output_format
def resolve(
    *,
    source: str,
    judging: Judging,
    reducer: Reducer | None,
    form: str,
) -> None:
    """Print every stream of SOURCE with its tip, canonical log and state.

    A stream without a valid init event is printed with tip null and the reason.

    \b
    Example:
      ceramic-streams resolve car:archive.car --chain chain.json --tie-break binary
    """
    watch, summary = Stopwatch(), Summary()
    with filled_ledger(source, judging.verifier) as ledger:
        histories = ledger.judge(ledger.histories(judging.rules))
        print_rows(_counted(histories, summary, reducer), form, _COLUMNS)
        for line in ledger.lines(judging.rules):
            summary.add(line.reason)
            summary.note_expiry(line.expires_in)
        summary.items, summary.damaged = ledger.items, ledger.damaged
    summary.duplicates = summary.items - summary.events
    summary.seconds = watch.seconds
    print_summary(summary.lines())


def _counted(
    histories: Iterable[StreamHistory], summary: Summary, reducer: Reducer | None
) -> Iterator[dict[str, Any]]:
    for history in histories:
        count_stream(summary, history)
        yield stream_line(history, reducer)
