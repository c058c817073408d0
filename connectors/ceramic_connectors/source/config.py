"""The configuration of the Kafka source: every setting, once.

As for nodes, no name may begin with `port` or `service`: Kubernetes sets such variables by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ceramic_connectors.config import kinds
from ceramic_connectors.config.settings import maybe, needed, one, some
from ceramic_connectors.config.values import Address, LogFormat, LogLevel
from ceramic_connectors.kafka.opening import Library
from ceramic_connectors.kafka.settings import KafkaSettings, Mechanism, Security
from ceramic_connectors.records.form import FormName
from ceramic_connectors.source.choices import Delivery, Include, Start, Writes
from ceramic_connectors.source.kinds import NAME, PLACE, PREFIX, REPLICAS, SERVERS, SIGNALS, URI, URL
from ceramic_protocol import limits, rules
from ceramic_protocol.networks import Network
from ceramic_protocol.profiles.profile import Profile
from ceramic_protocol.resolve import TieBreak

_SOURCE: Final = "Source"
_PRIVATE: Final = "Files, folders, topics, and states from a ceramic-one"
_RECORDS: Final = "Records"
_KAFKA: Final = "Kafka"
_TOPICS: Final = "Topics"
_FLOW: Final = "Flow"
_WATCHING: Final = "Watching"


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """How a Kafka source runs. Times are seconds."""

    source: str = needed(
        URI,
        "What is read: the address of a node, such as http://127.0.0.1:5101, or car:PATH, ndjson:PATH,"
        " kafka://HOST:PORT/TOPIC, or store:FOLDER for that of a node that doesn't run.",
        _SOURCE,
    )
    node_token: str | None = maybe(
        PLACE, "Place of a token of the node with the scope read: file:PATH or env:NAME.", _SOURCE
    )
    verify: bool = one(
        kinds.TRUTH,
        "false",
        "Don't take a node's word for its events, but verify them here; always so with a ceramic-one.",
        _SOURCE,
    )
    verifiers: int = one(
        kinds.whole(1, limits.MAX_FOREIGN_WORKERS),
        "2",
        "Processes that verify, if events are verified here.",
        _SOURCE,
    )
    name: str = one(
        NAME,
        "ceramic",
        "Name of the source: its position and its transactions hang on it, and two of one name exclude each"
        " other.",
        _SOURCE,
    )
    model: tuple[str, ...] = some(
        kinds.STREAM_ID, (), "Model whose streams are read.  [default: all]", _SOURCE
    )
    stream: tuple[str, ...] = some(kinds.STREAM_ID, (), "Stream that is read.  [default: all]", _SOURCE)
    controller: tuple[str, ...] = some(
        kinds.DID, (), "DID of a controller whose streams are read.  [default: all]", _SOURCE
    )
    start: Start = one(
        kinds.choice(Start),
        Start.BEGINNING.value,
        "Where a source begins that has no position yet: with all that the node has, or with what comes.",
        _SOURCE,
    )

    work_dir: Path | None = maybe(
        kinds.PATH,
        "Folder of the node that the source runs for itself where it doesn't read one; positions belong to"
        " it.  [default: ~/.ceramic-streams/sources/NAME]",
        _PRIVATE,
    )
    network: Network | None = maybe(
        kinds.NETWORK,
        "Network of events from files or topics: mainnet, testnet-clay, dev-unstable, local-NUMBER or"
        " inmemory. Others say by themselves which it is.",
        _PRIVATE,
    )
    rpc: tuple[str, ...] = some(
        kinds.ENDPOINT,
        (),
        "JSON-RPC endpoint of an EVM chain, asked about anchors and contract wallets; env:NAME or file:PATH"
        " where the address holds a key.",
        _PRIVATE,
    )
    chain: Path | None = maybe(
        kinds.PATH,
        "JSON file with all known anchor transactions, asked instead of --rpc about anchors.",
        _PRIVATE,
    )
    anchor_contract: tuple[tuple[str, str], ...] = some(
        kinds.CONTRACT,
        (),
        "The contract that anchors of a chain go to, if it isn't Ceramic's usual one.",
        _PRIVATE,
    )
    profile: Profile = one(
        kinds.choice(Profile),
        Profile.STRICT.value,
        "Whose rules on accounts apply: ours, or those of a reference with its defects.",
        _PRIVATE,
    )
    tie_break: TieBreak = one(
        kinds.choice(TieBreak),
        TieBreak.JS.value,
        "How CIDs are compared when nothing else decides: as js-ceramic does, or by their bytes.",
        _PRIVATE,
    )
    grace: int | None = maybe(
        kinds.whole(0, limits.MAX_TERM_SECONDS),
        f"Seconds that an expired capability goes on.  [default: {rules.DEFAULT_GRACE}, or 0 for"
        " ceramic-one]",
        _PRIVATE,
    )
    skew: int = one(
        kinds.whole(0, limits.MAX_TERM_SECONDS),
        str(rules.DEFAULT_SKEW),
        "Seconds that clocks may be apart when times of capabilities are compared.",
        _PRIVATE,
    )

    write: Writes = one(
        kinds.choice(Writes), Writes.BOTH.value, "Events, states of streams, or both.", _RECORDS
    )
    include: Include = one(
        kinds.choice(Include),
        Include.FULL.value,
        "How much of an event its record has: the signed payload, the CAR, both (full) or none.",
        _RECORDS,
    )
    form: FormName = one(kinds.choice(FormName), FormName.JSON.value, "How records are written.", _RECORDS)
    registry: str | None = maybe(
        URL, "With avro: where Confluent's API of the schema registry begins.", _RECORDS
    )
    registry_user: str | None = maybe(kinds.TEXT, "Name of the user of the registry.", _RECORDS)
    registry_auth: str | None = maybe(
        PLACE,
        "Place of the password of --registry-user or, without one, of a token: file:PATH or env:NAME.",
        _RECORDS,
    )
    schema_folder: Path | None = maybe(
        kinds.PATH, "With avro, instead of a registry: folder that the schemas are written to.", _RECORDS
    )

    kafka: str = one(SERVERS, "127.0.0.1:9092", "Addresses of some brokers, with commas between.", _KAFKA)
    kafka_library: Library = one(
        kinds.choice(Library),
        Library.KAFKA_PYTHON.value,
        "Library that speaks to Kafka; confluent-kafka is faster, and needs the extra confluent.",
        _KAFKA,
    )
    kafka_tls: bool = one(
        kinds.TRUTH, "false", "Encrypt, and see to it that the brokers are those that are meant.", _KAFKA
    )
    kafka_ca: Path | None = maybe(
        kinds.PATH, "Certificates that are trusted, as PEM.  [default: those of the system]", _KAFKA
    )
    kafka_cert: Path | None = maybe(kinds.PATH, "Certificate of the source itself, as PEM.", _KAFKA)
    kafka_key: Path | None = maybe(
        kinds.PATH, "Its key, as PEM.  [default: the one in the file of the certificate]", _KAFKA
    )
    kafka_sasl: Mechanism | None = maybe(
        kinds.choice(Mechanism), "How the source says who it is (SASL).", _KAFKA
    )
    kafka_user: str | None = maybe(kinds.TEXT, "Name of the user, for PLAIN and SCRAM.", _KAFKA)
    kafka_password: str | None = maybe(
        PLACE, "Place of the password, or of the token for OAUTHBEARER: file:PATH or env:NAME.", _KAFKA
    )

    prefix: str = one(PREFIX, "ceramic", "Beginning of the names of topics.", _TOPICS)
    partitions: int = one(
        kinds.whole(1, limits.MAX_TOPIC_PARTITIONS), "3", "Partitions of topics that are made.", _TOPICS
    )
    replication: int = one(
        REPLICAS, "-1", "Copies of topics that are made; -1 leaves it to the broker.", _TOPICS
    )
    retention: int | None = one(
        kinds.RETENTION,
        "forever",
        "How long topics of events that are made keep their records, such as 30d.",
        _TOPICS,
    )
    dead_letters: bool = one(kinds.TRUTH, "true", "Write what was rejected into a topic of its own.", _TOPICS)
    signals: bool | str = one(
        SIGNALS,
        "false",
        "Obey signals from a topic: __ceramic-signals.PREFIX, or the one that is named.",
        _TOPICS,
    )

    delivery: Delivery = one(
        kinds.choice(Delivery),
        Delivery.EXACTLY_ONCE.value,
        "Each record once, by transactions; or at least once, perhaps twice after a failure.",
        _FLOW,
    )
    tasks: int = one(
        kinds.whole(1, limits.MAX_SOURCE_TASKS), "1", "Shares of the streams that are read at once.", _FLOW
    )
    batch: int = one(kinds.whole(1, limits.MAX_SOURCE_BATCH), "1000", "Most records in a transaction.", _FLOW)
    linger: float = one(
        kinds.seconds(0, limits.MAX_SOURCE_LINGER_SECONDS),
        "0.02",
        "Seconds that a transaction waits for more records.",
        _FLOW,
    )
    heartbeat: float = one(
        kinds.seconds(0, limits.MAX_HEARTBEAT_SECONDS),
        "10",
        "Seconds between two records that say how far the source is, which move it on when nothing comes; 0"
        " for none.",
        _FLOW,
    )

    log_format: LogFormat = one(kinds.choice(LogFormat), "text", "Lines to read, or JSON.", _WATCHING)
    log_level: LogLevel = one(
        kinds.choice(LogLevel), "info", "From which weight on something is logged.", _WATCHING
    )
    metrics: Address | None = maybe(
        kinds.ADDRESS,
        "Address of Prometheus metrics, such as 127.0.0.1:9465, at /metrics; each further task has the next"
        " port.",
        _WATCHING,
    )
    allow_open: bool = one(kinds.TRUTH, "false", "Let others than this machine read the metrics.", _WATCHING)

    @property
    def work_folder(self) -> Path:
        """Where a node of the source's own lies."""
        return self.work_dir or Path("~/.ceramic-streams/sources").expanduser() / self.name

    @property
    def signal_topic(self) -> str | None:
        """The topic that signals are read from; None if they aren't."""
        if isinstance(self.signals, str):
            return self.signals
        return f"__ceramic-signals.{self.prefix}" if self.signals else None

    def kafka_settings(self) -> KafkaSettings:
        """The cluster and the way in.

        Raises:
            UsageError: its parts don't fit; not after `checks.check`.
        """
        security = Security(
            tls=self.kafka_tls,
            authority=self.kafka_ca,
            certificate=self.kafka_cert,
            key=self.kafka_key,
            mechanism=self.kafka_sasl,
            user=self.kafka_user or "",
            secret=self.kafka_password,
        )
        return KafkaSettings(self.kafka, security, name=f"ceramic-streams-{self.name}")
