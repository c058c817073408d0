"""Under which rules events are judged: one way from settings to them, for commands, Beam and YAML."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from ceramic_connectors.chain import FileChain
from ceramic_connectors.config.kinds import CONTRACT, choice
from ceramic_connectors.contracts import RpcContracts
from ceramic_connectors.keys import read_address
from ceramic_connectors.rpc_chain import RpcChain
from ceramic_protocol.errors import UsageError
from ceramic_protocol.limits import MAX_QUOTED_CHARS
from ceramic_protocol.networks import Network
from ceramic_protocol.ports import Chain, NoChain, NoContracts
from ceramic_protocol.profiles.profile import Profile
from ceramic_protocol.resolve import TieBreak
from ceramic_protocol.rules import DEFAULT_SKEW, Rules, default_grace
from ceramic_protocol.verify import Verifier


class Judging(NamedTuple):
    """Under which rules events are judged."""

    verifier: Verifier
    rules: Rules
    grace: int | None = None
    """As it was asked for, None for that of the profile."""

    def under(self, profile: Profile) -> Judging:
        """The same under the rules of another profile."""
        grace = default_grace(profile) if self.grace is None else self.grace
        rules = replace(self.rules, profile=profile, grace=grace)
        return self._replace(verifier=replace(self.verifier, profile=profile), rules=rules)


def judging_by(
    *,
    at: datetime,
    chain: Chain,
    rpc: Sequence[str],
    profile: Profile,
    tie_break: TieBreak,
    grace: int | None,
    skew: int,
    network: Network | None,
    anchor_contracts: Iterable[tuple[str, str]],
) -> Judging:
    """The rules that follow from settings.

    Args:
        at: the time that counts as now.
        chain: the known anchor transactions; without any, `rpc` is asked.
        rpc: endpoints of EVM chains, as addresses or their places (`keys.read_address`).
        profile: whose rules on accounts apply.
        tie_break: how CIDs are compared when nothing else decides.
        grace: seconds that an expired capability goes on, None for those of the profile.
        skew: seconds that clocks may be apart.
        network: refuses anchors on chains of other networks.
        anchor_contracts: chains with the address of their contract.

    Raises:
        UsageError: they contradict each other, or an address is none.
    """
    verifier = verifier_by(
        chain=chain, rpc=rpc, profile=profile, network=network, anchor_contracts=anchor_contracts
    )
    return judging_with(verifier, at=at, tie_break=tie_break, grace=grace, skew=skew)


def verifier_by(
    *,
    chain: Chain,
    rpc: Sequence[str],
    profile: Profile,
    network: Network | None,
    anchor_contracts: Iterable[tuple[str, str]],
) -> Verifier:
    """The part of it that checks events by themselves.

    Raises:
        UsageError: they contradict each other, or an address is none.
    """
    urls = [read_address(place) for place in rpc]
    contracts = RpcContracts(urls) if urls else NoContracts()
    if urls and isinstance(chain, NoChain):
        chain = RpcChain(urls)
    return Verifier(chain, contracts, profile, _by_chain(anchor_contracts), network)


def judging_with(
    verifier: Verifier, *, at: datetime, tie_break: TieBreak, grace: int | None, skew: int
) -> Judging:
    """The whole, with what checks events by themselves."""
    rules = Rules.as_of(at, tie_break=tie_break, skew=skew)
    return Judging(verifier, rules, grace).under(verifier.profile)


def judging_of(
    *,
    at: str | None = None,
    chain: str | None = None,
    rpc: Sequence[str] = (),
    profile: str = Profile.STRICT.value,
    tie_break: str = TieBreak.JS.value,
    grace: int | None = None,
    skew: int = DEFAULT_SKEW,
    network: str | None = None,
    anchor_contracts: Sequence[str] = (),
) -> Judging:
    """The same of settings in words: `at` as RFC 3339 or unix seconds, `chain` the path of a file.

    Raises:
        CeramicError: a word means nothing, or the file can't be read.
    """
    return judging_by(
        at=datetime.now(UTC) if at is None else parse_time(at),
        chain=NoChain() if chain is None else FileChain.load(Path(chain)),
        rpc=rpc,
        profile=choice(Profile).parse(profile),
        tie_break=choice(TieBreak).parse(tie_break),
        grace=grace,
        skew=skew,
        network=None if network is None else Network.parse(network),
        anchor_contracts=map(CONTRACT.parse, anchor_contracts),
    )


def parse_time(text: str) -> datetime:
    """A moment from RFC 3339, in UTC where it names no zone, or from unix seconds.

    Raises:
        UsageError: it is none.
    """
    try:
        moment = datetime.fromtimestamp(int(text), UTC) if text.isdigit() else datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        quoted = text[:MAX_QUOTED_CHARS]
        raise UsageError(f"{quoted!r} is no time; give 2026-01-31T12:00:00Z or unix seconds") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _by_chain(contracts: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for chain_id, address in contracts:
        if found.setdefault(chain_id, address) != address:
            raise UsageError(f"anchor contracts: {chain_id} has two contracts")
    return found
