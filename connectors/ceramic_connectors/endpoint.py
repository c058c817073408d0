"""Addresses of HTTP(S) endpoints. Those of providers hold keys; messages name scheme, host and port only."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self
from urllib.parse import SplitResult, unquote, urlsplit

from ceramic_protocol.errors import UsageError

_PORTS: Final = {"http": 80, "https": 443}
_TARGET: Final = re.compile(r"[!-~]*")
_SHORTEST_SECRET: Final = 6
_LONGEST_QUOTE: Final = 200


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to ask. `name` is for messages; what stands in `target`, `headers` and `secrets` is secret."""

    name: str
    secure: bool = field(repr=False)
    host: str = field(repr=False)
    port: int = field(repr=False)
    target: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)

    @classmethod
    def parse(cls, url: str) -> Self:
        """The endpoint at a URL; a user name and password in it become Basic authentication.

        Raises:
            UsageError: it is no URL, or none with the scheme `http` or `https`.
        """
        parts, port = _split(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        if parts.scheme not in _PORTS or not parts.hostname or not _TARGET.fullmatch(target):
            # It may be a mistyped address with a key, so the message doesn't repeat it.
            raise UsageError("an endpoint is an address such as http://127.0.0.1:8545 or https://host/key")
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        headers, words = _authorization(parts)
        words += re.split(r"[/?&=]", target)
        return cls(
            name=f"{parts.scheme}://{host}" + (f":{port}" if port else ""),
            secure=parts.scheme == "https",
            host=parts.hostname,
            port=port or _PORTS[parts.scheme],
            target=target,
            headers=headers,
            secrets=tuple(word for word in words if len(word) >= _SHORTEST_SECRET),
        )

    def clean(self, said: str) -> str:
        """The beginning of what the endpoint said, without secrets that it repeats."""
        for secret in self.secrets:
            said = said.replace(secret, "***")
        return said[:_LONGEST_QUOTE]


def _split(url: str) -> tuple[SplitResult, int | None]:
    """The parts and the port; no scheme at all if they make no sense."""
    try:
        parts = urlsplit(url)
        port = parts.port
        (parts.hostname or "").encode("idna")  # as the look-up of the name will
    except ValueError:
        return SplitResult("", "", "", "", ""), None
    return parts, port


def _authorization(parts: SplitResult) -> tuple[dict[str, str], list[str]]:
    """The header that user name and password make, and what of it is secret."""
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if not user and not password:
        return {}, []
    token = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": f"Basic {token}"}, [user, password, token]
