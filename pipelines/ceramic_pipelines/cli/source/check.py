"""`ceramic-streams source check`."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any, Final

import click

from ceramic_connectors.config import Loaded
from ceramic_connectors.source.checking import Finding
from ceramic_connectors.source.checks import SOURCE
from ceramic_connectors.source.config import SourceConfig
from ceramic_pipelines.cli.configured import configured
from ceramic_pipelines.cli.exit_codes import OUTSIDE, exit_code
from ceramic_pipelines.cli.options import FORMATS
from ceramic_pipelines.cli.printing import print_rows

_COLUMNS: Final = ("side", "check", "outcome", "detail")


@click.command()
@configured(SOURCE)
@click.option(
    "--read-only", is_flag=True, help="Make no topic to try it out, and write nothing.", default=False
)
@click.option(
    "--format",
    "output",
    type=click.Choice(FORMATS),
    default="table",
    show_default=True,
    help="A table to read, one JSON array, or one JSON object a line.",
)
@click.pass_context
def check(ctx: click.Context, *, loaded: Loaded[SourceConfig], read_only: bool, output: str) -> None:
    """See whether all is there that `source run` needs with the same options, one line for each thing.

    The node and its token, or files, topics and the work folder; Kafka, its topics and transactions; the
    registry or folder of schemas. A topic PREFIX.check-… is made, written and deleted for it, unless
    --read-only. A source that runs isn't disturbed. Exit code 3 if an outside system fails, 2 if
    it is a setting.

    \b
    Examples:
      ceramic-streams source check --source http://127.0.0.1:5101
      ceramic-streams source check --source car:archive.car --network mainnet
      ceramic-streams source check --config source.toml --read-only --format ndjson
    """
    # Libraries tell their log what the findings tell better; without a handler Python prints it.
    logging.getLogger("kafka").addHandler(logging.NullHandler())
    codes: list[int] = []
    for warning in loaded.warnings:
        click.echo(f"warning: {warning}", err=True)
    from ceramic_pipelines.private_node.checking import check_any_source

    print_rows(_rows(check_any_source(loaded.config, may_write=not read_only), codes), output, _COLUMNS)
    ctx.exit(OUTSIDE if OUTSIDE in codes else max(codes, default=0))


def _rows(findings: Iterator[Finding], codes: list[int]) -> Iterator[Mapping[str, Any]]:
    for found in findings:
        if found.error is not None:
            codes.append(exit_code(found.error))
        yield {
            "side": found.side.value,
            "check": found.check,
            "outcome": found.outcome.value,
            "code": found.code,
            "detail": found.detail,
        }
