"""`ceramic-streams resolve`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import click

from ceramic_connectors.judging import Judging
from ceramic_pipelines.cli.asked import Asked, asking
from ceramic_pipelines.cli.judge import Stopwatch, count_stream, filled_ledger
from ceramic_pipelines.cli.options import judging, output_format, reducer_option
from ceramic_pipelines.cli.printing import print_rows, print_summary
from ceramic_pipelines.cli.streams import find_history
from ceramic_pipelines.ledger import Ledger
from ceramic_pipelines.states import state_line
from ceramic_pipelines.summary import Summary
from ceramic_pipelines.verdicts import stream_line
from ceramic_protocol.audit import state_at_commit, state_at_time
from ceramic_protocol.choices import StreamTree, stream_tree
from ceramic_protocol.drawing.as_json import tree_json
from ceramic_protocol.drawing.as_mermaid import tree_mermaid
from ceramic_protocol.drawing.as_svg import tree_svg
from ceramic_protocol.drawing.as_text import tree_text
from ceramic_protocol.history import StreamHistory
from ceramic_protocol.reducers import Reducer

_COLUMNS: Final = ("stream_id", "tip", "anchored_at", "content", "reason")
_STATE_COLUMNS: Final = ("stream_id", "commit_id", "anchored_at", "content", "reason")
_DRAWINGS: Final = {"text": tree_text, "mermaid": tree_mermaid, "svg": tree_svg}


@click.command()
@click.argument("source")
@asking
@judging
@reducer_option
@output_format
def resolve(
    *,
    source: str,
    asked: Asked,
    judging: Judging,
    reducer: Reducer | None,
    form: str,
) -> None:
    """Print every stream of SOURCE with its tip, canonical log and state.

    A stream without a valid init event is printed with tip null and the reason.

    \b
    Examples:
      ceramic-streams resolve car:archive.car --chain chain.json --tie-break binary
      ceramic-streams resolve car:archive.car --chain chain.json --as-of 2024-03-05T12:00:00Z
      ceramic-streams resolve car:archive.car --chain chain.json --explain STREAM --explain-format svg
    """
    watch = Stopwatch()
    columns = _COLUMNS if asked.as_of is None and not asked.at_event else _STATE_COLUMNS
    with filled_ledger(source, judging.verifier) as ledger:
        if asked.named is not None:
            history = find_history(ledger, asked.named, judging.rules)
            if asked.drawing is not None:
                _draw(stream_tree(history, judging.rules.tie_break), asked.drawing, full=asked.full)
            else:
                print_rows([_line(history, asked, reducer)], form, columns)
            return
        summary = Summary()
        histories = ledger.judge(ledger.histories(judging.rules))
        print_rows(
            (_line(history, asked, reducer) for history in _counted(histories, summary)), form, columns
        )
        _summarise(ledger, judging, summary, watch)


def _line(history: StreamHistory, asked: Asked, reducer: Reducer | None) -> dict[str, Any]:
    if asked.at_event and asked.named is not None and asked.named.event is not None:
        return state_line(history, state_at_commit(history, asked.named.event), reducer)
    if asked.as_of is not None:
        return state_line(history, state_at_time(history, asked.as_of), reducer)
    return stream_line(history, reducer)


def _draw(tree: StreamTree, drawing: str, *, full: bool) -> None:
    if drawing == "json":
        print_rows([tree_json(tree)], "ndjson", ())
        return
    for line in _DRAWINGS[drawing](tree, full=full):
        click.echo(line)


def _counted(histories: Iterable[StreamHistory], summary: Summary) -> Iterator[StreamHistory]:
    for history in histories:
        count_stream(summary, history)
        yield history


def _summarise(ledger: Ledger, judging: Judging, summary: Summary, watch: Stopwatch) -> None:
    for line in ledger.lines(judging.rules):
        summary.add(line.reason)
        summary.note_expiry(line.expires_in)
    summary.items, summary.damaged = ledger.items, ledger.damaged
    summary.duplicates = summary.items - summary.events
    summary.seconds = watch.seconds
    print_summary(summary.lines())
