"""The group of commands on nodes."""

from __future__ import annotations

import click

from ceramic_pipelines.cli.node.importing import import_
from ceramic_pipelines.cli.node.run import run
from ceramic_pipelines.cli.node.status import status
from ceramic_pipelines.cli.node.stores import backup, check, prune, rebuild_states, restore
from ceramic_pipelines.cli.node.tokens import token


@click.group()
def node() -> None:
    """Run a node of a Ceramic network, and look after it."""


for _command in (run, status, import_, backup, restore, check, rebuild_states, prune, token):
    node.add_command(_command)
