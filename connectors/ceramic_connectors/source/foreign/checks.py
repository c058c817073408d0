"""What a source of a ceramic-one can't do, said before it begins."""

from __future__ import annotations

from ceramic_connectors.endpoint import Endpoint
from ceramic_connectors.source.choices import Writes
from ceramic_connectors.source.config import SourceConfig
from ceramic_protocol.errors import UsageError


def check_foreign(config: SourceConfig) -> None:
    """Refuse what takes a node of ours.

    Raises:
        UsageError: what it is, and what to do.
    """
    name = Endpoint.parse(config.source).name
    if config.verify:
        _check_verified(config)
    if config.write is not Writes.EVENTS:
        raise UsageError(
            f"{name} is a ceramic-one, which has no states of streams to write: give --write events,"
            " or run `ceramic-streams node run` and let the source read that"
        )
    if config.tasks > 1:
        raise UsageError(
            f"{name} is a ceramic-one, whose feed can't be shared among {config.tasks} tasks: give"
            " --tasks 1; it is verified in several processes all the same"
        )


def _check_verified(config: SourceConfig) -> None:
    if config.write is not Writes.EVENTS:
        raise UsageError("--verify is for events: states are the node's. Give --write events as well")
    if config.tasks > 1:
        raise UsageError("--verify needs --tasks 1; --verifiers says how many processes verify")
