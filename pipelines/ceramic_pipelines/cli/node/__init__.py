"""`ceramic-streams node`: running a node, and looking after it."""

from ceramic_pipelines.cli.node.group import node

__all__ = ["node"]
