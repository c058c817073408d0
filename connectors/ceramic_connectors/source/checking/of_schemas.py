"""Is the schema registry there and does it let us in, or can the folder of schemas be written?"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ceramic_connectors.outside import outside
from ceramic_connectors.records.errors import SchemasError
from ceramic_connectors.records.registry_http import RegistryHttp
from ceramic_connectors.source.checking.findings import Finding, Side, tried
from ceramic_connectors.source.config import SourceConfig
from ceramic_protocol.errors import OutsideError
from ceramic_protocol.limits import REGISTRY_SECONDS, RPC_BACKOFF_SECONDS

_LEVELS: Final = ("compatibilityLevel", "compatibility")


def check_schemas(config: SourceConfig) -> Iterator[Finding]:
    """One finding, or none if the form needs no schemas."""
    registry, folder = config.registry, config.schema_folder
    if registry is not None:
        user, auth = config.registry_user or "", config.registry_auth
        yield tried(Side.SCHEMAS, "registry", lambda: _registry(registry, user, auth))
    if folder is not None:
        yield tried(Side.SCHEMAS, "folder", lambda: _writable(folder))


def _registry(url: str, user: str, auth: str | None) -> str:
    http = RegistryHttp(url, user, auth, REGISTRY_SECONDS, RPC_BACKOFF_SECONDS)
    try:
        members = http.ask("GET", "/config").members
    finally:
        http.close()
    level = next((str(members[name]) for name in _LEVELS if name in members), None)
    if level is None:
        raise SchemasError(
            f"{http.name} doesn't answer as a schema registry to GET /config; check the path in --registry"
            " (Apicurio's ends in /apis/ccompat/v7)"
        )
    return f"{http.name} lets us in; compatibility {level}"


def _writable(folder: Path) -> str:
    if folder.exists():
        with outside(f"write into {folder}"), tempfile.TemporaryFile(dir=folder):
            return f"{folder} can be written"
    parent = next(each for each in folder.absolute().parents if each.exists())
    if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
        raise OutsideError(f"can't make the folder {folder}: {parent} can't be written; name another folder")
    return f"{folder} isn't there yet, and can be made"
