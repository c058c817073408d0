"""The command group, and how errors end a command."""

from __future__ import annotations

import importlib.metadata
import os
import sys
from typing import Any

import click

from ceramic_pipelines.cli.compact import compact
from ceramic_pipelines.cli.exit_codes import exit_code
from ceramic_pipelines.cli.export import export
from ceramic_pipelines.cli.inspect import inspect
from ceramic_pipelines.cli.node import node
from ceramic_pipelines.cli.publish import publish
from ceramic_pipelines.cli.query import query
from ceramic_pipelines.cli.reconcile import reconcile
from ceramic_pipelines.cli.replay import replay
from ceramic_pipelines.cli.resolve import resolve
from ceramic_pipelines.cli.source import source
from ceramic_pipelines.cli.tables import tables
from ceramic_pipelines.cli.verify import verify
from ceramic_protocol.errors import CeramicError


class _Group(click.Group):
    """Ends every command that fails with one sentence and the right exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except CeramicError as error:
            if ctx.params["debug"]:
                raise
            click.echo(f"error: {error}", err=True)
            ctx.exit(exit_code(error))
        except BrokenPipeError:
            # The reader has left; what Python would still flush at exit has nowhere to go.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(0)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(importlib.metadata.version("ceramic-streams"), prog_name="ceramic-streams")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def main(*, debug: bool) -> None:
    """Authenticated Ceramic event streams for data work: verified, resolved, and in tables.

    A SOURCE is a URI: car:PATH (file, folder or glob of CARv1 archives), ndjson:PATH (lines {"cid","car"},
    plain or gzip), parquet:PATH, http://HOST:PORT of a node, kafka://HOST:PORT/TOPIC or store:FOLDER.
    """
    del debug


for _command in (
    export,
    compact,
    verify,
    resolve,
    inspect,
    query,
    tables,
    publish,
    reconcile,
    replay,
    node,
    source,
):
    main.add_command(_command)
