"""The command line `ceramic-streams`."""

from ceramic_pipelines.cli.main import main

__all__ = ["main"]
