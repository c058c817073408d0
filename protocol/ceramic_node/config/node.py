"""The configuration of a node: every setting, once.

No name may begin with `port` or `service`: in Kubernetes, a service called ceramic-streams would set such
variables by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ceramic_connectors.config import kinds
from ceramic_connectors.config.settings import maybe, one, some
from ceramic_connectors.config.values import Address, LogFormat, LogLevel
from ceramic_node.config.kinds import HOST, INTEREST, ORIGIN
from ceramic_node.config.values import Durability, Interest
from ceramic_protocol import limits, rules
from ceramic_protocol.networks import IN_MEMORY, Network
from ceramic_protocol.profiles.profile import Profile
from ceramic_protocol.resolve import TieBreak

_DATA: Final = "Network and data"
_RULES: Final = "Rules"
_DOORS: Final = "HTTP"
_LIMITS: Final = "Limits"
_WATCHING: Final = "Watching"

MEMORY: Final = "memory:"
"""In place of a store's folder: keep nothing."""

_FAR: Final = 1_000_000
_LONG: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class NodeConfig:
    """How a node runs. Sizes are bytes, times seconds, rates a second."""

    network: Network = one(
        kinds.NETWORK,
        "testnet-clay",
        "Network of the node: mainnet, testnet-clay, dev-unstable, local-NUMBER or inmemory.",
        _DATA,
    )
    store: str | None = maybe(
        kinds.TEXT,
        f"Folder of the store, or {MEMORY} to keep nothing.  [default: ~/.ceramic-streams/NETWORK, but"
        f" {MEMORY} for the network inmemory]",
        _DATA,
    )
    node_key: Path | None = maybe(
        kinds.PATH,
        "File with the node's Ed25519 key, made if it isn't there; for its owner alone.  [default: node.key"
        " in the store's folder]",
        _DATA,
    )
    durability: Durability = one(
        kinds.choice(Durability),
        "NORMAL",
        "What is acknowledged survives the end of the process (NORMAL), or of the machine too (FULL,"
        " slower).",
        _DATA,
    )
    interests: tuple[Interest, ...] = some(
        INTEREST,
        (),
        "What the node is to hold: model:STREAMID, stream:STREAMID or controller:DID.  [default: everything]",
        _DATA,
    )
    retention: int | None = one(
        kinds.RETENTION,
        "forever",
        "How long bytes of streams stay that no interest covers, such as 30d: from when an event came last.",
        _DATA,
    )

    rpc: tuple[str, ...] = some(
        kinds.ENDPOINT,
        (),
        "JSON-RPC endpoint of an EVM chain, asked about anchors and contract wallets; env:NAME or file:PATH"
        " where the address holds a key.",
        _RULES,
    )
    chain: Path | None = maybe(
        kinds.PATH,
        "JSON file with all known anchor transactions, asked instead of --rpc about anchors.",
        _RULES,
    )
    anchor_contract: tuple[tuple[str, str], ...] = some(
        kinds.CONTRACT,
        (),
        "The contract that anchors of a chain go to, if it isn't Ceramic's usual one.",
        _RULES,
    )
    profile: Profile = one(
        kinds.choice(Profile),
        Profile.STRICT.value,
        "Whose rules on accounts apply: ours, or those of a reference with its defects.",
        _RULES,
    )
    tie_break: TieBreak = one(
        kinds.choice(TieBreak),
        TieBreak.JS.value,
        "How CIDs are compared when nothing else decides: as js-ceramic does, or by their bytes.",
        _RULES,
    )
    grace: int | None = maybe(
        kinds.whole(0, limits.MAX_TERM_SECONDS),
        f"Seconds that an expired capability goes on.  [default: {rules.DEFAULT_GRACE}, or 0 for"
        " ceramic-one]",
        _RULES,
    )
    skew: int = one(
        kinds.whole(0, limits.MAX_TERM_SECONDS),
        str(rules.DEFAULT_SKEW),
        "Seconds that clocks may be apart when times of capabilities are compared.",
        _RULES,
    )

    bind: Address = one(kinds.ADDRESS, "127.0.0.1:5101", "Address of the HTTP API.", _DOORS)
    flight_sql: Address | None = maybe(
        kinds.ADDRESS, "Address of SQL over Arrow Flight, such as 127.0.0.1:5102.", _DOORS
    )
    allow_open: bool = one(
        kinds.TRUTH, "false", "Let others than this machine in without tokens. They may all write.", _DOORS
    )
    tokens: Path | None = maybe(
        kinds.PATH,
        "File with the hashes of tokens (`node token new`); then nothing goes without one.",
        _DOORS,
    )
    public_read: bool = one(kinds.TRUTH, "false", "With tokens: let everybody read.", _DOORS)
    tls_cert: Path | None = maybe(kinds.PATH, "Certificate with its chain, as PEM: serve HTTPS.", _DOORS)
    tls_key: Path | None = maybe(
        kinds.PATH, "Its key, as PEM; only its owner may be able to read it.", _DOORS
    )
    cors_origins: tuple[str, ...] = some(
        ORIGIN,
        ("*",),
        "Origins whose pages may read; those that are named, not *, may write without tokens as well.",
        _DOORS,
    )
    allowed_hosts: tuple[str, ...] = some(
        HOST,
        (),
        "Names under which the node may be asked, beside localhost and IP addresses.  [default: without"
        " tokens none, else all]",
        _DOORS,
    )

    max_body: int = one(kinds.SIZE, "16MiB", "Largest body of a request.", _LIMITS)
    max_bodies: int = one(
        kinds.SIZE, f"{limits.MAX_BODIES_BYTES // 2**20}MiB", "Bodies of all requests at once.", _LIMITS
    )
    max_connections: int = one(
        kinds.whole(1, _FAR), str(limits.MAX_CONNECTIONS), "Connections at once.", _LIMITS
    )
    max_address_connections: int = one(
        kinds.whole(1, _FAR), str(limits.MAX_ADDRESS_CONNECTIONS), "The same from one address.", _LIMITS
    )
    address_rate: int = one(
        kinds.whole(0, _FAR),
        str(limits.MAX_ADDRESS_RATE),
        "Requests a second from one address; 0 for any number.",
        _LIMITS,
    )
    token_rate: int = one(
        kinds.whole(0, _FAR),
        str(limits.MAX_TOKEN_RATE),
        "Requests a second with one token, unless its line says otherwise; 0 for any number.",
        _LIMITS,
    )
    limit_loopback: bool = one(
        kinds.TRUTH, "false", "Apply limits for one address to this machine as well.", _LIMITS
    )
    idle_seconds: float = one(
        kinds.seconds(0.1, _LONG),
        f"{limits.IDLE_SECONDS:g}",
        "How long a connection may bring no whole head of a request.",
        _LIMITS,
    )
    body_seconds: float = one(
        kinds.seconds(0.1, _LONG),
        f"{limits.SLOW_BODY_SECONDS:g}",
        f"For how long a body may bring less than {limits.MIN_BODY_RATE:,} bytes a second.",
        _LIMITS,
    )
    stop_seconds: float = one(
        kinds.seconds(0, _LONG),
        f"{limits.STOP_SECONDS:g}",
        "How long requests that are under way may take when the node stops.",
        _LIMITS,
    )

    log_format: LogFormat = one(kinds.choice(LogFormat), "text", "Lines to read, or JSON.", _WATCHING)
    log_level: LogLevel = one(
        kinds.choice(LogLevel), "info", "From which weight on something is logged.", _WATCHING
    )
    metrics: Address | None = maybe(
        kinds.ADDRESS, "Address of Prometheus metrics, such as 127.0.0.1:9464, at /metrics.", _WATCHING
    )
    otel_endpoint: str | None = maybe(
        kinds.ENDPOINT,
        "Where traces go (OTLP over HTTP), such as http://127.0.0.1:4318; needs the extra otel.",
        _WATCHING,
    )
    max_lag: int = one(
        kinds.whole(0, 10**12),
        str(limits.MAX_READY_LAG),
        "Changes that states may be behind for /ready to say yes.",
        _WATCHING,
    )

    @property
    def folder(self) -> Path | None:
        """Of the store; None if nothing is kept."""
        if self.store == MEMORY or (self.store is None and self.network == IN_MEMORY):
            return None
        if self.store is None:
            return Path("~/.ceramic-streams").expanduser() / self.network.name
        return Path(self.store).expanduser()

    @property
    def seconds_of_grace(self) -> int:
        """That an expired capability goes on."""
        return rules.default_grace(self.profile) if self.grace is None else self.grace
