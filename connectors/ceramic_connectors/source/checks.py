"""What settings of the Kafka source have to be like together."""

from __future__ import annotations

from math import prod
from typing import Final

from ceramic_connectors.config.settings import Program
from ceramic_connectors.kafka.settings import WITH_PASSWORD, Mechanism
from ceramic_connectors.records.form import FormName
from ceramic_connectors.source.choices import Start
from ceramic_connectors.source.config import SourceConfig
from ceramic_connectors.source.uris import OriginKind, origin_of
from ceramic_protocol.errors import UsageError
from ceramic_protocol.limits import MAX_FEED_VALUES


def check(config: SourceConfig) -> None:
    """Refuse what would be unsafe or can't work.

    Raises:
        UsageError: what it is, and what to do.
    """
    _check_origin(config)
    _check_filters(config)
    _check_form(config)
    _check_certificates(config)
    _check_user(config)
    config.kafka_settings()
    if config.metrics is not None and not config.metrics.is_loopback and not config.allow_open:
        raise UsageError(f"--metrics {config.metrics} lets others read: give --allow-open if they may")


def _check_origin(config: SourceConfig) -> None:
    kind = origin_of(config.source)
    if kind is OriginKind.NODE:
        return
    if config.node_token is not None or config.verify:
        given = "--verify" if config.node_token is None else "--node-token"
        raise UsageError(f"{given} is for sources that are nodes; leave it out")
    if config.start is Start.NOW and kind is not OriginKind.TOPICS:
        raise UsageError("--start now leaves out all that a file or folder has: leave it out")
    if kind is not OriginKind.STORE and config.network is None:
        what = "topics" if kind is OriginKind.TOPICS else "files"
        raise UsageError(f"events from {what} don't say of which network they are: give --network NAME")


def _check_filters(config: SourceConfig) -> None:
    count = prod(max(1, len(set(values))) for values in (config.model, config.stream, config.controller))
    if count > MAX_FEED_VALUES:
        raise UsageError(
            f"--model, --stream and --controller have {count} combinations, and a node takes"
            f" {MAX_FEED_VALUES}; run several sources with names of their own (--name)"
        )


def _check_form(config: SourceConfig) -> None:
    has_registry, has_folder = config.registry is not None, config.schema_folder is not None
    if has_registry and has_folder:
        raise UsageError("--registry and --schema-folder exclude each other: schemas have one place")
    if config.form is FormName.AVRO and not (has_registry or has_folder):
        raise UsageError("--form avro needs a place for schemas: --registry URL or --schema-folder FOLDER")
    # Topics that are read may have records as Avro, whatever form is written.
    is_asked = config.form is FormName.AVRO or origin_of(config.source) is OriginKind.TOPICS
    if not is_asked and (has_registry or has_folder):
        given = "--registry" if has_registry else "--schema-folder"
        raise UsageError(f"{given} is for --form avro; with --form {config.form} leave it out")
    if (config.registry_auth is not None or config.registry_user is not None) and not has_registry:
        raise UsageError("--registry-user and --registry-auth are for --registry URL, which isn't given")
    if config.registry_user is not None and config.registry_auth is None:
        raise UsageError("--registry-user needs --registry-auth PLACE, the place of a password")


def _check_certificates(config: SourceConfig) -> None:
    files = {"ca": config.kafka_ca, "cert": config.kafka_cert, "key": config.kafka_key}
    given = [f"--kafka-{name}" for name, path in files.items() if path is not None]
    if given and not config.kafka_tls:
        raise UsageError(f"{' and '.join(given)} {'need' if len(given) > 1 else 'needs'} --kafka-tls")
    if config.kafka_key is not None and config.kafka_cert is None:
        raise UsageError("--kafka-key needs the certificate that it belongs to: give --kafka-cert FILE")


def _check_user(config: SourceConfig) -> None:
    sasl = config.kafka_sasl
    if sasl in WITH_PASSWORD and (config.kafka_user is None or config.kafka_password is None):
        raise UsageError(f"--kafka-sasl {sasl} needs --kafka-user NAME and --kafka-password PLACE")
    if sasl is Mechanism.OAUTHBEARER and config.kafka_password is None:
        raise UsageError(f"--kafka-sasl {sasl} needs --kafka-password PLACE, the place of a token")
    if sasl is Mechanism.AWS_MSK_IAM and not config.kafka_tls:
        raise UsageError(f"--kafka-sasl {sasl} needs --kafka-tls")
    if sasl is None and (config.kafka_user is not None or config.kafka_password is not None):
        raise UsageError(
            "--kafka-user and --kafka-password need a mechanism: give --kafka-sasl, such as SCRAM-SHA-512"
        )


SOURCE: Final = Program("source run", SourceConfig, check)
"""The Kafka source, as a program with a configuration."""
