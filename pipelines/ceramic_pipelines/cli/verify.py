"""`ceramic-streams verify`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import click

from ceramic_pipelines.cli.judge import Stopwatch, count_stream, filled_ledger
from ceramic_pipelines.cli.options import output_format, rules
from ceramic_pipelines.cli.printing import print_rows, print_summary
from ceramic_pipelines.summary import Summary
from ceramic_pipelines.verdicts import VerdictLine
from ceramic_protocol.ports import Chain
from ceramic_protocol.reasons import Outcome
from ceramic_protocol.resolve import TieBreak

_COLUMNS = ("cid", "kind", "height", "verdict", "reason", "detail")


@click.command()
@click.argument("source")
@rules
@output_format
@click.pass_context
def verify(
    ctx: click.Context, *, source: str, at: datetime, chain: Chain, tie_break: TieBreak, form: str
) -> None:
    """Give a verdict on every event of SOURCE: valid, rejected or pending, and why.

    Exit code 1 if anything is rejected; pending alone is 0.

    \b
    Example:
      ceramic-streams verify ndjson:events.ndjson.gz --chain chain.json
    """
    del at
    watch, summary = Stopwatch(), Summary()
    with filled_ledger(source, chain) as ledger:
        for history in ledger.judge(ledger.histories(tie_break)):
            count_stream(summary, history)
        print_rows(_counted(ledger.lines(), summary), form, _COLUMNS)
        summary.items, summary.damaged = ledger.items, ledger.damaged
    summary.duplicates = summary.items - summary.events
    summary.seconds = watch.seconds
    print_summary(summary.lines())
    ctx.exit(1 if summary.number(Outcome.REJECTED) else 0)


def _counted(lines: Iterable[VerdictLine], summary: Summary) -> Iterator[dict[str, Any]]:
    for line in lines:
        summary.add(line.reason)
        yield line.as_json()
