"""`ceramic-streams node run`."""

from __future__ import annotations

import click

from ceramic_connectors.config import Loaded, config_text
from ceramic_node.config import NODE, NodeConfig
from ceramic_pipelines.cli.configured import configured
from ceramic_pipelines.extras import check_node_extra


@click.command()
@configured(NODE)
@click.option("--print-config", is_flag=True, help="Print the settings and where they come from, as a file.")
def run(*, loaded: Loaded[NodeConfig], print_config: bool) -> None:
    """Run a node until SIGTERM or SIGINT; a second one ends it at once, SIGHUP reads the tokens again.

    Each option can stand in a file (--config), or in the environment as CERAMIC_STREAMS_ and its name in
    capitals, lists with commas. An option overrides the environment, which overrides the file. A line
    "ready at URL" on stdout says that the node takes requests; the log is on stderr.

    \b
    Examples:
      ceramic-streams node run --network local-7 --store data
      ceramic-streams node run --network mainnet --rpc env:MAINNET_RPC --metrics 127.0.0.1:9464
      ceramic-streams node run --bind 0.0.0.0:5101 --tokens tokens.txt --tls-cert c.pem --tls-key k.pem
      ceramic-streams node run --config node.toml --print-config
    """
    if print_config:
        click.echo(config_text(loaded), nl=False)
        return
    check_node_extra()
    from ceramic_node.operation.process import run_node

    run_node(loaded, click.echo)
