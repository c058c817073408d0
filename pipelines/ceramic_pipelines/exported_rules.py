"""The rules that an export was made under, as its manifest tells them, to judge by the same again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Self

from ceramic_connectors.find_reducer import find_reducer
from ceramic_connectors.manifest import read_manifest
from ceramic_protocol.errors import CeramicError, UsageError
from ceramic_protocol.networks import Network
from ceramic_protocol.ports import Chain, Contracts
from ceramic_protocol.profiles.profile import Profile
from ceramic_protocol.reducers import Reducer
from ceramic_protocol.resolve import TieBreak
from ceramic_protocol.rules import Rules
from ceramic_protocol.tables import KEPT_EVENTS
from ceramic_protocol.verify import Verifier

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ExportedRules:
    """What a manifest says of rules.

    Attributes:
        rules: with the time that counted as now.
        network: the only one whose anchors count; None if any does.
        anchor_contracts: see `Verifier`.
        reducer: of an application, if there was one.
        partition_by: keys of partitions.
        has_events: whether the export keeps the events themselves, so that it can be added to.
    """

    rules: Rules
    network: Network | None
    anchor_contracts: Mapping[str, str]
    reducer: Reducer | None
    partition_by: tuple[str, ...]
    has_events: bool

    @classmethod
    def read(cls, version: Path) -> Self:
        """The rules of one version of an export.

        Raises:
            UsageError: the manifest is none of an export, or names a reducer that isn't there.
            OutsideError: it can't be read.
        """
        manifest = read_manifest(version)
        try:
            return cls(
                rules=_rules(manifest),
                network=None if manifest["network"] is None else Network.parse(manifest["network"]),
                anchor_contracts=dict(manifest["anchor_contracts"]),
                reducer=None if manifest["reducer"] is None else find_reducer(manifest["reducer"]),
                partition_by=tuple(manifest["partition_by"]),
                has_events=any(name.startswith(f"{KEPT_EVENTS}/") for name in manifest["files"]),
            )
        except UsageError:
            raise
        except (CeramicError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            msg = f"the manifest in {version} doesn't say by which rules the export was made: export again"
            raise UsageError(msg) from error

    def verifier(self, chain: Chain, contracts: Contracts) -> Verifier:
        """What checks events by these rules, with what is known of chains."""
        return Verifier(chain, contracts, self.rules.profile, self.anchor_contracts, self.network)


def _rules(manifest: Mapping[str, Any]) -> Rules:
    moment = datetime.fromisoformat(manifest["as_of"])
    return Rules(
        at=(moment - _EPOCH) // timedelta(milliseconds=1),
        tie_break=TieBreak(manifest["tie_break"]),
        grace=manifest["grace"],
        skew=manifest["skew"],
        profile=Profile(manifest["profile"]),
    )
