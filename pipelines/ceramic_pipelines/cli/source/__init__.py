"""`ceramic-streams source`: the Kafka source as a long-running process."""

from ceramic_pipelines.cli.source.group import source

__all__ = ["source"]
