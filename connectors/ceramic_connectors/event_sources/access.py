"""The way in to nodes, brokers and registries that events are read from.

Its settings are those of the Kafka source, by the same names, so that whoever runs one has them already.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ceramic_connectors.config.loading import TOKEN_VARIABLE, load
from ceramic_connectors.config.settings import Program, as_in
from ceramic_connectors.kafka.opening import Library, open_kafka
from ceramic_connectors.kafka.port import Kafka
from ceramic_connectors.kafka.settings import KafkaSettings, Mechanism
from ceramic_connectors.records.form import FormName
from ceramic_connectors.records.schemas import Schemas
from ceramic_connectors.source.checks import check
from ceramic_connectors.source.config import SourceConfig
from ceramic_connectors.source.forms import schemas_of

_NOWHERE: Final = "http://127.0.0.1"
"""A source has to name a node, also where none is read."""
_DEFAULT_SERVERS: Final = "127.0.0.1:9092"


@dataclass(frozen=True, slots=True)
class Access:
    """What `SourceConfig` says of each; secrets are named by their places."""

    node_token: str | None = as_in(SourceConfig, "node_token")
    registry: str | None = as_in(SourceConfig, "registry")
    registry_user: str | None = as_in(SourceConfig, "registry_user")
    registry_auth: str | None = as_in(SourceConfig, "registry_auth")
    schema_folder: Path | None = as_in(SourceConfig, "schema_folder")
    kafka_library: Library = as_in(SourceConfig, "kafka_library")
    kafka_tls: bool = as_in(SourceConfig, "kafka_tls")
    kafka_ca: Path | None = as_in(SourceConfig, "kafka_ca")
    kafka_cert: Path | None = as_in(SourceConfig, "kafka_cert")
    kafka_key: Path | None = as_in(SourceConfig, "kafka_key")
    kafka_sasl: Mechanism | None = as_in(SourceConfig, "kafka_sasl")
    kafka_user: str | None = as_in(SourceConfig, "kafka_user")
    kafka_password: str | None = as_in(SourceConfig, "kafka_password")

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Access:
        """What variables such as `CERAMIC_STREAMS_NODE_TOKEN` say.

        Without that one, the token itself may stand in `CERAMIC_STREAMS_TOKEN`, as for commands that question
        a node.

        Raises:
            UsageError: one of them makes no sense, or they don't fit together.
        """
        known = {setting.variable for setting in _READING.settings}
        found = load(_READING, environ={name: text for name, text in environ.items() if name in known}).config
        if found.node_token is None and environ.get(TOKEN_VARIABLE):
            return dataclasses.replace(found, node_token=f"env:{TOKEN_VARIABLE}")
        return found

    def kafka_settings(self, servers: str) -> KafkaSettings:
        """A cluster and the way in.

        Raises:
            UsageError: what was said doesn't fit together.
        """
        return dataclasses.replace(self._config(servers).kafka_settings(), name="ceramic-streams")

    def open_kafka(self, servers: str) -> Kafka:
        """A client of a cluster; nothing is connected yet.

        Raises:
            UsageError: what was said doesn't fit together, or the library isn't installed.
        """
        return open_kafka(self.kafka_settings(servers), self.kafka_library)

    def schemas(self) -> Schemas | None:
        """Where Avro's schemas are; None if nothing is said of it."""
        return schemas_of(self._config())

    def _config(self, servers: str = _DEFAULT_SERVERS) -> SourceConfig:
        has_schemas = self.registry is not None or self.schema_folder is not None
        form = FormName.AVRO if has_schemas else FormName.JSON
        said = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        found = SourceConfig(source=_NOWHERE, kafka=servers, form=form, **said)
        check(found)
        return found


def _fits(access: Access) -> None:
    access.schemas()


_READING: Final = Program("", Access, _fits)
