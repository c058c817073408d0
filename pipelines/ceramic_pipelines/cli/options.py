"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import click

from ceramic_connectors.chain import FileChain
from ceramic_connectors.find_reducer import find_reducer
from ceramic_connectors.judging import judging_with, parse_time, verifier_by
from ceramic_pipelines.cli.anchoring import ANCHOR_OPTIONS
from ceramic_protocol.errors import UsageError
from ceramic_protocol.limits import KEEP_VERSION_SECONDS, MAX_TERM_SECONDS
from ceramic_protocol.networks import Network
from ceramic_protocol.ports import Chain, NoChain
from ceramic_protocol.profiles.profile import Profile
from ceramic_protocol.reducers import Reducer
from ceramic_protocol.resolve import TieBreak
from ceramic_protocol.rules import DEFAULT_GRACE, DEFAULT_SKEW
from ceramic_protocol.verify import Verifier

_Command = TypeVar("_Command", bound=Callable[..., Any])

FORMATS: Final = ("table", "json", "ndjson")


class Time(click.ParamType[datetime]):
    """A moment: RFC 3339, or unix seconds."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Parse an option's text."""
        if isinstance(value, datetime):
            return value
        try:
            return parse_time(value)
        except UsageError as error:
            self.fail(str(error), param, ctx)


class _ChainFile(click.ParamType[Chain]):
    """A file of known anchor transactions."""

    name = "file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Chain:
        del param, ctx
        return FileChain.load(Path(value)) if isinstance(value, str) else value


_CHECKING: Final = (
    click.option(
        "--rpc",
        multiple=True,
        metavar="URL",
        help="JSON-RPC endpoint of an EVM chain, asked about anchors, unless --chain has them, and about"
        " wallets that are contracts; may be repeated. env:NAME or file:PATH where the address holds a key.",
    ),
    click.option(
        "--profile",
        type=click.Choice([profile.value for profile in Profile]),
        default=Profile.STRICT.value,
        show_default=True,
        help="Whose rules on accounts apply: ours, or those of a reference with its defects.",
    ),
    click.option(
        "--chain",
        type=_ChainFile(),
        default=NoChain,
        help="JSON file with all known anchor transactions; without it and --rpc, anchors stay pending.",
    ),
    *ANCHOR_OPTIONS,
)
_RULES: Final = (
    click.option(
        "--skew",
        type=click.IntRange(0, MAX_TERM_SECONDS),
        default=DEFAULT_SKEW,
        show_default=True,
        help="Seconds that clocks may be apart when times of capabilities are compared.",
    ),
    click.option(
        "--grace",
        type=click.IntRange(0, MAX_TERM_SECONDS),
        show_default=f"{DEFAULT_GRACE}, or 0 for ceramic-one",
        help="Seconds that an expired capability goes on.",
    ),
    click.option(
        "--tie-break",
        type=click.Choice([way.value for way in TieBreak]),
        default=TieBreak.JS.value,
        show_default=True,
        help="How CIDs are compared when nothing else decides: as js-ceramic does, or by their bytes.",
    ),
    click.option(
        "--at",
        type=Time(),
        default=lambda: datetime.now(UTC),
        show_default="now",
        help="The time that counts as now: RFC 3339, or unix seconds.",
    ),
)


def checking(command: _Command) -> _Command:
    """Add the options that say how events are checked by themselves; the command gets a `verifier`."""

    @wraps(command)
    def with_checking(
        *args: Any,
        chain: Chain,
        profile: str,
        rpc: tuple[str, ...],
        network: Network | None,
        anchor_contracts: tuple[tuple[str, str], ...],
        **others: Any,
    ) -> Any:
        verifier = verifier_by(
            chain=chain,
            rpc=rpc,
            profile=Profile(profile),
            network=network,
            anchor_contracts=anchor_contracts,
        )
        return command(*args, verifier=verifier, **others)

    return cast("_Command", _with(with_checking, _CHECKING))


def judging(command: _Command) -> _Command:
    """Add the options that say how events are judged; the command gets them as one `judging`."""

    @wraps(command)
    def with_judging(
        *args: Any,
        verifier: Verifier,
        at: datetime,
        tie_break: str,
        grace: int | None,
        skew: int,
        **others: Any,
    ) -> Any:
        found = judging_with(verifier, at=at, tie_break=TieBreak(tie_break), grace=grace, skew=skew)
        return command(*args, judging=found, **others)

    return cast("_Command", checking(_with(with_judging, _RULES)))


def _with(command: Any, options: Iterable[Callable[[Any], Any]]) -> Any:
    for option in options:
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


def keep_option(command: _Command) -> _Command:
    """Add `--keep` for the versions of an export; the command gets `keep_seconds`."""
    return click.option(
        "--keep",
        "keep_seconds",
        type=click.FloatRange(min=0),
        default=KEEP_VERSION_SECONDS,
        show_default=True,
        metavar="SECONDS",
        help="How long a version is left for its readers after it was replaced.",
    )(command)


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
