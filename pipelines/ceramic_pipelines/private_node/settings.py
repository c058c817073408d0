"""The configuration of a source's own node."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ceramic_connectors.config import LogLevel, load
from ceramic_connectors.source.config import SourceConfig
from ceramic_node.config import NODE, Durability, NodeConfig
from ceramic_protocol.networks import Network

_LEVELS: Final = {LogLevel.INFO: LogLevel.WARNING, LogLevel.DEBUG: LogLevel.INFO}
"""A node says more than whoever runs a source has to know."""


def node_config(config: SourceConfig, network: Network, store: Path, tokens: Path) -> NodeConfig:
    """How the node of a source runs: on loopback, with tokens, and by the source's rules and chains.

    Raises:
        UsageError: a setting makes no sense.
    """
    level = _LEVELS.get(config.log_level, config.log_level)
    flags = {
        "network": network.name,
        "store": str(store),
        "tokens": str(tokens),
        "bind": "127.0.0.1:0",
        "token_rate": "0",
        # Positions in Kafka and the cursor of a ceramic-one may not be ahead of it.
        "durability": Durability.FULL.value,
        "stop_seconds": "1",
        "rpc": config.rpc,
        "chain": None if config.chain is None else str(config.chain),
        "anchor_contract": [f"{chain}={contract}" for chain, contract in config.anchor_contract],
        "profile": config.profile.value,
        "tie_break": config.tie_break.value,
        "grace": None if config.grace is None else str(config.grace),
        "skew": str(config.skew),
        "log_format": config.log_format.value,
        "log_level": level.value,
    }
    return load(NODE, flags).config
