"""A node's configuration; `ceramic_connectors.config` loads and prints it."""

from ceramic_node.config.checks import NODE
from ceramic_node.config.node import NodeConfig
from ceramic_node.config.values import Durability, Interest, InterestKind

__all__ = ["NODE", "Durability", "Interest", "InterestKind", "NodeConfig"]
