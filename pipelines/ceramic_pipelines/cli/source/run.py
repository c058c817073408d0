"""`ceramic-streams source run`."""

from __future__ import annotations

import logging
from typing import Final

import click

from ceramic_connectors.config import Loaded, config_text
from ceramic_connectors.source.checks import SOURCE
from ceramic_connectors.source.config import SourceConfig
from ceramic_pipelines.cli.configured import configured

_LOG: Final = logging.getLogger(__name__)


@click.command()
@configured(SOURCE)
@click.option("--print-config", is_flag=True, help="Print the settings and where they come from, as a file.")
def run(*, loaded: Loaded[SourceConfig], print_config: bool) -> None:
    """Write events and states of streams into Kafka until SIGTERM or SIGINT.

    A source from files or from the folder of a node that doesn't run ends when all of it is written; it has a
    node of its own in --work-dir, and so has one that reads topics or writes states from a ceramic-one. The
    way in to brokers that are read is told by the environment alone (docs/sources.md).

    Each option can stand in a file (--config), or in the environment as CERAMIC_STREAMS_ and its name in
    capitals, lists with commas. An option overrides the environment, which overrides the file. A source that
    is started again goes on where it was, with its position from Kafka. The log is on stderr.

    \b
    Examples:
      ceramic-streams source run --source http://127.0.0.1:5101
      ceramic-streams source run --source http://127.0.0.1:5101 --model kjzl6… --write states
      ceramic-streams source run --source car:archive.car --network mainnet --rpc env:MAINNET_RPC
      ceramic-streams source run --source store:data
      ceramic-streams source run --source kafka://127.0.0.1:9092/raw.events --network mainnet
      ceramic-streams source run --source https://node.example --node-token file:token \\
        --kafka broker.example:9093 --kafka-tls --kafka-sasl SCRAM-SHA-512 --kafka-user me \\
        --kafka-password env:KAFKA_PASSWORD --form avro --registry https://registry.example
      ceramic-streams source run --config source.toml --print-config
    """
    if print_config:
        click.echo(config_text(loaded), nl=False)
        return
    from ceramic_connectors.kafka.kafka_python.config import quieten
    from ceramic_connectors.source.censoring import censor_of
    from ceramic_connectors.watching.logs import start_logging, stop_logging
    from ceramic_pipelines.private_node.running import run_source

    config = loaded.config
    handler = start_logging(config.log_format, config.log_level, censor_of(config))
    quieten(config.log_level)
    try:
        for warning in loaded.warnings:
            _LOG.warning(warning)
        run_source(config, lambda text: _LOG.info("%s", text))
    finally:
        stop_logging(handler)
