"""Questions to a schema registry that speaks as Confluent's does (kafka.md 5.1)."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from http.client import HTTPException, IncompleteRead
from typing import Any, Final, NamedTuple

import orjson

from ceramic_connectors.endpoint import Endpoint
from ceramic_connectors.http_post import Poster, TooLargeError
from ceramic_connectors.kafka.passwords import check_place, read_password
from ceramic_connectors.records.errors import (
    SchemaIncompatibleError,
    SchemaInvalidError,
    SchemasError,
    SchemasRefusedError,
    SchemasUnreachableError,
)
from ceramic_protocol.errors import UsageError
from ceramic_protocol.limits import MAX_REGISTRY_ANSWER_BYTES, RPC_ATTEMPTS
from ceramic_protocol.plain_text import plain

_TYPE: Final = "application/vnd.schemaregistry.v1+json"
_HEADERS: Final = {"Content-Type": _TYPE, "Accept": f"{_TYPE}, application/json"}
_TOO_MANY_REQUESTS: Final = 429
_MAX_SAID: Final = 600


class Answer(NamedTuple):
    """What a registry says: HTTP status, its own number of an error, members, and the words of an error."""

    status: int
    number: int
    members: Mapping[str, Any]
    said: str


class RegistryHttp:
    """One registry; for several threads at once."""

    def __init__(self, url: str, user: str, secret: str | None, timeout: float, backoff: float) -> None:
        """Name it; nothing is connected yet. See `registry.Registry`."""
        self._user, self._secret, self._timeout, self._backoff = user, secret, timeout, backoff
        self._endpoint = Endpoint.parse(url)
        if "?" in self._endpoint.target:
            raise UsageError("the address of a schema registry has no query")
        if user and secret is None:
            raise UsageError("a user of a schema registry needs the place of a password")
        if secret is not None:
            check_place(secret)
        self._poster = Poster(self._endpoint, timeout)
        self._base = self._endpoint.target.rstrip("/")

    @property
    def name(self) -> str:
        """Scheme, host and port, without what may be secret."""
        return self._endpoint.name

    def close(self) -> None:
        """Close what connections there are; the next question makes new ones."""
        self._poster.close()

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Answer:
        """The answer to a question, which may be that there is no such thing (404).

        One that breaks the connection or is busy is asked `RPC_ATTEMPTS` times.

        Raises:
            SchemasUnreachableError: it can't be reached, is silent, or still busy.
            SchemasRefusedError: it doesn't let this user in, or not so far.
            SchemaIncompatibleError: it takes a schema to break the readers of others.
            SchemaInvalidError: it takes a schema for none.
            SchemasError: its answer makes no sense.
            UsageError: there is nothing at the place of the password or token.
        """
        wait = self._backoff
        for _ in range(RPC_ATTEMPTS - 1):
            try:
                return self._once(method, path, body)
            except _BusyError:
                time.sleep(wait)
                wait *= 2
        return self._once(method, path, body)

    def _once(self, method: str, path: str, body: Mapping[str, Any] | None) -> Answer:
        data = None if body is None else orjson.dumps(body)
        status, answer = self._send(method, path, data)
        if status == _TOO_MANY_REQUESTS or status >= 500:
            raise _BusyError(
                f"{self.name} answers with HTTP {status} ({self._quote(answer)}); try again later"
            )
        return self._read(status, answer)

    def _read(self, status: int, answer: bytes) -> Answer:
        try:
            members = orjson.loads(answer)
        except orjson.JSONDecodeError:
            members = None
        if status in (401, 403):
            raise SchemasRefusedError(
                f"{self.name} refuses (HTTP {status}): check the user, the place of the password or token, "
                f"and what they are allowed to do"
            )
        if not isinstance(members, dict) or (status >= 300 and status not in (404, 409, 422)):
            raise SchemasError(
                f"{self.name} doesn't answer as a schema registry: HTTP {status}, {self._quote(answer)}; "
                f"check the address, which ends in /apis/ccompat/v7 for Apicurio's registry"
            )
        number = members.get("error_code")
        said = plain(self._clean(str(members.get("message", ""))), _MAX_SAID) or f"HTTP {status}"
        if status == 409:
            raise SchemaIncompatibleError(said)
        if status == 422:
            raise SchemaInvalidError(said)
        return Answer(status, number if type(number) is int else 0, members, said)

    def _send(self, method: str, path: str, data: bytes | None) -> tuple[int, bytes]:
        headers = {**_HEADERS, **self._authorization()}
        try:
            return self._poster.ask(method, self._base + path, data, headers, MAX_REGISTRY_ANSWER_BYTES)
        except TimeoutError:
            raise SchemasUnreachableError(f"{self.name} doesn't answer within {self._timeout:g} s") from None
        except TooLargeError:
            limit = MAX_REGISTRY_ANSWER_BYTES
            raise SchemasError(f"{self.name} answers with more than {limit} bytes") from None
        except (ConnectionError, IncompleteRead) as error:
            raise _BusyError(f"can't talk to {self.name}: {_cause(error)}; check the address") from None
        except OSError as error:
            raise SchemasUnreachableError(
                f"can't reach {self.name}: {_cause(error)}; check the address"
            ) from None
        except HTTPException as error:
            raise SchemasError(f"{self.name} doesn't speak HTTP: {_cause(error)}") from None

    def _authorization(self) -> dict[str, str]:
        """Read anew each time: tokens change."""
        if self._secret is None:
            return {}
        found = str(read_password(self._secret))
        if not self._user:
            return {"Authorization": f"Bearer {found}"}
        return {"Authorization": "Basic " + base64.b64encode(f"{self._user}:{found}".encode()).decode()}

    def _quote(self, answer: bytes) -> str:
        return repr(self._clean(answer.decode("utf-8", "replace")))

    def _clean(self, said: str) -> str:
        """What the registry said, without secrets that it repeats."""
        header = self._authorization().get("Authorization", "")
        if self._secret is not None:
            for secret in (header.partition(" ")[2], str(read_password(self._secret))):
                said = said.replace(secret, "***")
        return self._endpoint.clean(said)


class _BusyError(SchemasUnreachableError):
    """The same question may well be answered a little later."""


def _cause(error: Exception) -> str:
    """What went wrong, in the system's words; texts of HTTP errors quote what was sent or received."""
    return (isinstance(error, OSError) and error.strerror) or type(error).__name__
