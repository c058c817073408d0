"""`ceramic-streams verify`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import click

from ceramic_connectors.judging import Judging
from ceramic_pipelines.cli.judge import Stopwatch, count_stream, filled_ledger
from ceramic_pipelines.cli.options import judging, output_format
from ceramic_pipelines.cli.printing import Tally, print_rows, print_summary
from ceramic_pipelines.summary import Summary
from ceramic_pipelines.verdicts import VerdictLine, differences
from ceramic_protocol.profiles.profile import Profile
from ceramic_protocol.reasons import Outcome

_COLUMNS = ("cid", "kind", "height", "verdict", "reason", "detail")
_COMPARED = ("cid", "kind", "verdict", "reason", "compared_verdict", "compared_reason", "compared_detail")


@click.command()
@click.argument("source")
@click.option(
    "--compare",
    type=click.Choice([profile.value for profile in Profile]),
    help="Judge by this profile as well, and print only the events on which the two disagree.",
)
@judging
@output_format
@click.pass_context
def verify(ctx: click.Context, *, source: str, judging: Judging, compare: str | None, form: str) -> None:
    """Give a verdict on every event of SOURCE: valid, rejected or pending, and why.

    Exit code 1 if anything is rejected, or if the two disagree with --compare; pending alone is 0.

    \b
    Examples:
      ceramic-streams verify ndjson:events.ndjson.gz --chain chain.json
      ceramic-streams verify car:archive.car --compare js
    """
    watch, summary = Stopwatch(), Summary()
    lines = _judged(source, judging, summary)
    if compare is None:
        print_rows((line.as_json() for line in lines), form, _COLUMNS)
        found = bool(summary.number(Outcome.REJECTED))
    else:
        others = _judged(source, judging.under(Profile(compare)), Summary())
        tally = Tally(differences(lines, others))
        print_rows(tally, form, _COMPARED)
        found = tally.number > 0
    summary.duplicates = summary.items - summary.events
    summary.seconds = watch.seconds
    print_summary(summary.lines())
    if compare is not None:
        print_summary([f"{tally.number:>8,}  judged otherwise by the profile {compare}"])
    ctx.exit(1 if found else 0)


def _judged(source: str, judging: Judging, summary: Summary) -> Iterator[VerdictLine]:
    with filled_ledger(source, judging.verifier) as ledger:
        for history in ledger.judge(ledger.histories(judging.rules)):
            count_stream(summary, history)
        yield from _counted(ledger.lines(judging.rules), summary)
        summary.items, summary.damaged = ledger.items, ledger.damaged


def _counted(lines: Iterable[VerdictLine], summary: Summary) -> Iterator[VerdictLine]:
    for line in lines:
        summary.add(line.reason)
        summary.note_expiry(line.expires_in)
        yield line
