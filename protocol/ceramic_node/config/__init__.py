"""A node's configuration from files, the environment and flags, by one definition."""

from ceramic_node.config.loading import Given, Loaded, load
from ceramic_node.config.node import SETTINGS, NodeConfig
from ceramic_node.config.printing import config_text
from ceramic_node.config.values import Address, Durability, Interest, InterestKind, LogFormat, LogLevel

__all__ = [
    "SETTINGS",
    "Address",
    "Durability",
    "Given",
    "Interest",
    "InterestKind",
    "Loaded",
    "LogFormat",
    "LogLevel",
    "NodeConfig",
    "config_text",
    "load",
]
