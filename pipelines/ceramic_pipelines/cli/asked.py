"""Options of `resolve` that ask for less than all streams as they are now, or for a reason."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, Final, NamedTuple, TypeVar, cast

import click

from ceramic_pipelines.cli.options import Time
from ceramic_pipelines.cli.streams import Named, parse_name
from ceramic_protocol.errors import UsageError
from ceramic_protocol.limits import MAX_QUOTED_CHARS

_Command = TypeVar("_Command", bound=Callable[..., Any])

TEXT: Final = "text"
DRAWINGS: Final = (TEXT, "mermaid", "svg", "json")


class Asked(NamedTuple):
    """What is asked for: of which stream, None for all, and how.

    `at_event` means the state at the event that is named, `as_of` the one at that time in unix seconds;
    `drawing` is how the tree is to be drawn, None for no tree, and `full` asks for all of it.
    """

    named: Named | None
    at_event: bool
    as_of: int | None
    drawing: str | None
    full: bool


_OPTIONS: Final = (
    click.option("--full", is_flag=True, help="With --explain: fold nothing."),
    click.option(
        "--explain-format",
        "drawing",
        type=click.Choice(DRAWINGS),
        show_default=TEXT,
        help="With --explain: text to read, a Mermaid chart, an SVG picture, or JSON with everything.",
    ),
    click.option(
        "--explain",
        metavar="STREAM",
        help="Print the tree of this stream's events, with the reason for each choice.",
    ),
    click.option(
        "--commit",
        metavar="COMMIT",
        help="Print the state at one event, on whichever branch it is: a CommitID, or the event's CID.",
    ),
    click.option(
        "--as-of",
        type=Time(),
        help="Print the state that anchors prove for this time: at the last time event up to it on the"
        " canonical log, or at the init event before the first.",
    ),
    click.option(
        "--stream",
        metavar="STREAM",
        help="Print this stream only: a StreamID, or the CID of one of its events.",
    ),
)


def asking(command: _Command) -> _Command:
    """Add these options; the command gets them as one `asked`."""

    @wraps(command)
    def with_asked(
        *args: Any,
        stream: str | None,
        as_of: datetime | None,
        commit: str | None,
        explain: str | None,
        drawing: str | None,
        full: bool,
        **others: Any,
    ) -> Any:
        _check(stream=stream, as_of=as_of, commit=commit, explain=explain)
        if explain is None and (drawing or full):
            msg = "--explain-format and --full say how --explain STREAM prints; give that as well"
            raise UsageError(msg)
        name = stream or commit or explain
        asked = Asked(
            named=None if name is None else parse_name(name),
            at_event=commit is not None,
            as_of=None if as_of is None else math.floor(as_of.timestamp()),
            drawing=None if explain is None else drawing or TEXT,
            full=full,
        )
        return command(*args, asked=asked, **others)

    wrapped: Any = with_asked
    for option in _OPTIONS:
        wrapped = option(wrapped)
    return cast("_Command", wrapped)


def _check(*, stream: str | None, as_of: datetime | None, commit: str | None, explain: str | None) -> None:
    given = [f"--{name}" for name, value in (("commit", commit), ("explain", explain)) if value is not None]
    if given:
        given += [f"--{name}" for name, value in (("as-of", as_of), ("stream", stream)) if value is not None]
    if len(given) > 1:
        msg = f"{' and '.join(given)} can't be combined: each asks for something else"
        raise UsageError(msg)
    if commit is not None and parse_name(commit).event is None:
        quoted = commit[:MAX_QUOTED_CHARS]
        msg = f"{quoted!r} names a stream and no event of it; --stream prints it as it is now"
        raise UsageError(msg)
