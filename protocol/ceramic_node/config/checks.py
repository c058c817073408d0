"""What settings have to be like together."""

from __future__ import annotations

from typing import Final

from ceramic_connectors.config.settings import Program
from ceramic_node.config.node import NodeConfig
from ceramic_protocol.errors import UsageError


def check(config: NodeConfig) -> None:
    """Refuse what would be unsafe or can't work.

    Raises:
        UsageError: what it is, and what to do.
    """
    if (config.tls_cert is None) != (config.tls_key is None):
        raise UsageError("--tls-cert and --tls-key go together: give both or none")
    if not config.bind.is_loopback and config.tokens is None and not config.allow_open:
        raise UsageError(
            f"--bind {config.bind} lets others write: give --tokens FILE (see `node token new`), or"
            " --allow-open if they all may"
        )
    is_open = config.tokens is None and not config.allow_open
    for flag, address in (("--metrics", config.metrics), ("--flight-sql", config.flight_sql)):
        if is_open and address is not None and not address.is_loopback:
            raise UsageError(f"{flag} {address} lets others read: give --tokens FILE, or --allow-open")
    if config.public_read and config.tokens is None:
        raise UsageError("--public-read is for nodes with --tokens; without them everybody may read anyway")
    chains = [chain for chain, _contract in set(config.anchor_contract)]
    if len(chains) != len(set(chains)):
        raise UsageError("--anchor-contract: a chain has two contracts")
    if config.max_body > config.max_bodies:
        raise UsageError("--max-body can't be more than --max-bodies, which is for all requests at once")


NODE: Final = Program("node run", NodeConfig, check)
"""A node, as a program with a configuration."""
