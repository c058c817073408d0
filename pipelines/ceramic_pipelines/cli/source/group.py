"""The group of commands on the Kafka source."""

from __future__ import annotations

import click

from ceramic_pipelines.cli.source.check import check
from ceramic_pipelines.cli.source.run import run


@click.group()
def source() -> None:
    """Write events and states of streams into Kafka: those of a node or topics as they come, and of files.

    docs/kafka-source.md tells what stands in the topics and what readers can rely on.
    """


for _command in (run, check):
    source.add_command(_command)
