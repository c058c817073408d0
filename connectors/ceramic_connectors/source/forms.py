"""The form in which a source writes, from its configuration."""

from __future__ import annotations

from ceramic_connectors.records.form import Form, open_form
from ceramic_connectors.records.registry import Registry
from ceramic_connectors.records.schema_folder import SchemaFolder
from ceramic_connectors.records.schemas import Schemas
from ceramic_connectors.source.config import SourceConfig


def schemas_of(config: SourceConfig) -> Schemas | None:
    """Where Avro keeps its schemas; None if nothing is said of it."""
    if config.schema_folder is not None:
        return SchemaFolder(config.schema_folder)
    if config.registry is not None:
        return Registry(config.registry, config.registry_user or "", config.registry_auth)
    return None


def form_of(config: SourceConfig) -> Form:
    """The form; schemas are asked for when something is first written."""
    return open_form(config.form, schemas_of(config))
