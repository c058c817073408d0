"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from ceramic_connectors.chain import FileChain
from ceramic_pipelines.find_reducer import find_reducer
from ceramic_protocol.ports import Chain, NoChain
from ceramic_protocol.reducers import Reducer
from ceramic_protocol.resolve import TieBreak

_Command = TypeVar("_Command", bound=Callable[..., Any])

FORMATS: Final = ("table", "json", "ndjson")


class _Time(click.ParamType[datetime]):
    """A moment: RFC 3339, or unix seconds."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            moment = (
                datetime.fromtimestamp(int(value), UTC) if value.isdigit() else datetime.fromisoformat(value)
            )
        except (ValueError, OverflowError, OSError):
            self.fail(f"{value!r} is no time; give 2026-01-31T12:00:00Z or unix seconds", param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class _ChainFile(click.ParamType[Chain]):
    """A file of known anchor transactions."""

    name = "file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Chain:
        del param, ctx
        return FileChain.load(Path(value)) if isinstance(value, str) else value


def rules(command: _Command) -> _Command:
    """Add --at, --chain and --tie-break: the rules under which events are judged."""
    for option in (
        click.option(
            "--tie-break",
            type=click.Choice([way.value for way in TieBreak]),
            default=TieBreak.JS.value,
            show_default=True,
            callback=lambda _ctx, _param, value: TieBreak(value),
            help="How CIDs are compared when nothing else decides: as js-ceramic does, or by their bytes.",
        ),
        click.option(
            "--chain",
            type=_ChainFile(),
            default=NoChain,
            help="JSON file with all known anchor transactions; without it, anchors stay pending.",
        ),
        click.option(
            "--at",
            type=_Time(),
            default=lambda: datetime.now(UTC),
            show_default="now",
            help="The time that counts as now: RFC 3339, or unix seconds.",
        ),
    ):
        command = option(command)
    return command


class _ReducerName(click.ParamType[Reducer]):
    """An application's reducer, by name."""

    name = "name"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Reducer:
        del param, ctx
        return find_reducer(value) if isinstance(value, str) else value


def reducer_option(command: _Command) -> _Command:
    """Add --reducer."""
    option = click.option(
        "--reducer",
        type=_ReducerName(),
        help="An application's own fold of the streams it handles: a registered name, or module:attribute.",
    )
    return option(command)


def output_format(command: _Command) -> _Command:
    """Add --format."""
    option = click.option(
        "--format",
        "form",
        type=click.Choice(FORMATS),
        default="ndjson",
        show_default=True,
        help="A table to read, one JSON array, or one JSON object a line.",
    )
    return option(command)
