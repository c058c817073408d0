"""Schemas in a registry that speaks as Confluent's does: Confluent's own, Apicurio's, Karapace."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock
from typing import Any, Final
from urllib.parse import quote

from ceramic_connectors.records.errors import (
    SchemaIncompatibleError,
    SchemaInvalidError,
    SchemasError,
    SchemasRefusedError,
    SchemaUnknownError,
)
from ceramic_connectors.records.registry_http import Answer, RegistryHttp
from ceramic_protocol.caches import BoundedCache
from ceramic_protocol.limits import (
    MAX_AVRO_SCHEMA_BYTES,
    MAX_AVRO_SCHEMAS,
    REGISTRY_SECONDS,
    RPC_BACKOFF_SECONDS,
)

COMPATIBILITY: Final = "BACKWARD_TRANSITIVE"
"""What a new subject gets where the registry asks for nothing: a new version reads what all others wrote."""

_NO_SUBJECT: Final = 40401
_MAX_ID: Final = (1 << 32) - 1


class Registry:
    """See `schemas.Schemas`."""

    def __init__(
        self,
        url: str,
        user: str = "",
        secret: str | None = None,
        *,
        compatibility: str | None = COMPATIBILITY,
        timeout: float = REGISTRY_SECONDS,
        backoff: float = RPC_BACKOFF_SECONDS,
    ) -> None:
        """Name it; nothing is connected yet.

        Args:
            url: where Confluent's API begins; Apicurio's address ends in `/apis/ccompat/v7`.
            user: for Basic authentication.
            secret: place of its password or, without a user, of a token: `file:PATH` or `env:NAME`.
            compatibility: what to ask of a new subject whose level is `NONE`; None leaves it so.
            timeout: of one attempt as a whole, in seconds.
            backoff: seconds before the second attempt; the next wait is twice as long.

        Raises:
            UsageError: the address is none, or the secret isn't the name of a place.
        """
        limits = {"compatibility": compatibility, "timeout": timeout, "backoff": backoff}
        self._settings = {"url": url, "user": user, "secret": secret, **limits}
        self._http = RegistryHttp(url, user, secret, timeout, backoff)
        self._compatibility = compatibility
        self._lock = Lock()
        self._ids: dict[tuple[str, str], int] = {}
        self._schemas: BoundedCache[int, str] = BoundedCache(MAX_AVRO_SCHEMAS)

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (self._settings,)

    def __repr__(self) -> str:
        return f"Registry({self._http.name!r})"

    def id_of(self, subject: str, schema: str) -> int:
        """See `schemas.Schemas.id_of`."""
        known = self._ids.get((subject, schema))
        if known is not None:
            return known
        with self._lock:
            found = self._ids.get((subject, schema))
            if found is None:
                found = self._ids[subject, schema] = self._asked(subject, schema)
            return found

    def schema_of(self, schema_id: int) -> str:
        """See `schemas.Schemas.schema_of`."""
        known = self._schemas.get(schema_id)
        if known is not None:
            return known
        answer = self._http.ask("GET", f"/schemas/ids/{schema_id}")
        if answer.status == 404:
            raise SchemaUnknownError(f"{self._http.name} has no schema {schema_id}: {answer.said}")
        schema = answer.members.get("schema")
        kind = answer.members.get("schemaType") or "AVRO"
        if not isinstance(schema, str) or kind != "AVRO" or answer.members.get("references"):
            raise SchemaUnknownError(f"{self._http.name} has a schema {schema_id}, but not of Avro alone")
        if len(schema) > MAX_AVRO_SCHEMA_BYTES:
            raise SchemaUnknownError(f"schema {schema_id} has more than {MAX_AVRO_SCHEMA_BYTES} signs")
        self._schemas.put(schema_id, schema)
        return schema

    def close(self) -> None:
        """Close what connections there are; the next question makes new ones."""
        self._http.close()

    def _asked(self, subject: str, schema: str) -> int:
        """The id, from a look-up that needs no rights to write, or from putting the schema there."""
        place, body = f"/subjects/{quote(subject, safe='')}", {"schema": schema}
        try:
            answer = self._http.ask("POST", place, body)
            if answer.status == 404:
                if answer.number == _NO_SUBJECT:
                    self._guard(subject)
                answer = self._http.ask("POST", f"{place}/versions", body)
        except SchemaIncompatibleError as error:
            raise SchemaIncompatibleError(
                f"{subject} in {self._http.name} doesn't take this version's schema, as its readers couldn't "
                f"do with it ({error}); write to other topics, or with the version that wrote there last"
            ) from None
        except SchemaInvalidError as error:
            raise SchemaInvalidError(
                f"{subject} in {self._http.name} doesn't take this version's schema for one ({error}); "
                f"see whether its registry has rules of its own"
            ) from None
        except SchemasRefusedError as error:
            raise SchemasRefusedError(f"{subject}: {error}") from None
        return self._number(subject, answer)

    def _number(self, subject: str, answer: Answer) -> int:
        number = answer.members.get("id")
        if answer.status != 200 or type(number) is not int or not 0 <= number <= _MAX_ID:
            raise SchemasError(f"{self._http.name} gives no id for the schema of {subject}: {answer.said}")
        return number

    def _guard(self, subject: str) -> None:
        """Have the registry judge all versions of a subject to come, where it wouldn't.

        This comes before the first version: who dies in between does it again.
        """
        if self._compatibility is None or self._level(subject) != "NONE":
            return
        level = {"compatibility": self._compatibility}
        answer = self._http.ask("PUT", f"/config/{quote(subject, safe='')}", level)
        if answer.status != 200:
            raise SchemasError(
                f"{self._http.name} judges no versions of {subject}, and can't be told to ({answer.said}); "
                f"give the subject a level of compatibility there"
            )

    def _level(self, subject: str) -> str | None:
        """What a new subject would have: Apicurio knows no level of one, and answers 404."""
        try:
            answer = self._http.ask("GET", f"/config/{quote(subject, safe='')}?defaultToGlobal=true")
            if answer.status == 404:
                answer = self._http.ask("GET", "/config")
        except SchemasRefusedError:
            return None  # who may not look may not change it either
        level = answer.members.get("compatibilityLevel")
        return level if isinstance(level, str) else None


def _again(settings: Mapping[str, Any]) -> Registry:
    return Registry(**settings)
