"""Bearer tokens: 256 random bits, of which only the hash is kept, and what each of them may do.

A file has one token a line: a name, its scopes joined by commas, and `sha256:` with the hash in hexadecimal
digits. `rate=NUMBER` may follow (requests a second), and `expires=TIME` (RFC 3339). Lines that begin with #
are notes.
"""

from __future__ import annotations

import hmac
import os
import re
import secrets
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Final, Self

from ceramic_connectors.outside import outside
from ceramic_connectors.watching.secrets import TOKEN_PREFIX
from ceramic_protocol.errors import UsageError
from ceramic_protocol.limits import MAX_TOKEN_CHARS, MAX_TOKENS, MAX_TOKENS_BYTES

_TOKEN_BYTES: Final = 32
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}", re.ASCII)
_HASH: Final = re.compile(r"sha256:([0-9a-f]{64})", re.ASCII)
_RATE: Final = re.compile(r"[1-9][0-9]{0,6}", re.ASCII)


class Scope(StrEnum):
    """What a token may do. `ADMIN` includes the others; otherwise none includes another."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Token:
    """A token without its secret.

    `rate` is in requests a second, None for the usual one; `expires` is in unix seconds.
    """

    name: str
    scopes: frozenset[Scope]
    digest: bytes
    rate: int | None = None
    expires: float | None = None

    def allows(self, scope: Scope) -> bool:
        """Whether it may do that."""
        return scope in self.scopes or Scope.ADMIN in self.scopes

    @property
    def line(self) -> str:
        """As it stands in a file."""
        scopes = ",".join(scope.value for scope in Scope if scope in self.scopes)
        parts = [self.name, scopes, f"sha256:{self.digest.hex()}"]
        if self.rate is not None:
            parts.append(f"rate={self.rate}")
        if self.expires is not None:
            parts.append(f"expires={datetime.fromtimestamp(self.expires, UTC).isoformat()}")
        return " ".join(parts)


def new_token(
    name: str, scopes: Iterable[Scope], *, rate: int | None = None, expires: float | None = None
) -> tuple[str, Token]:
    """A new secret, to be shown once, and what is kept of it.

    Raises:
        UsageError: the name makes no sense, or there is no scope.
    """
    if _NAME.fullmatch(name) is None:
        raise UsageError("a token's name has letters, digits and ._@-, at most 64")
    if not (granted := frozenset(scopes)):
        raise UsageError("a token needs a scope: read, write or admin")
    secret = TOKEN_PREFIX + secrets.token_urlsafe(_TOKEN_BYTES)
    return secret, Token(name, granted, digest_of(secret), rate, expires)


def digest_of(secret: str) -> bytes:
    """What is kept of a secret. It has 256 random bits, so a slow hash would add nothing."""
    return sha256(secret.encode("utf-8", "surrogateescape")).digest()


class TokenBook:
    """All tokens that count. Can't be changed."""

    def __init__(self, tokens: Iterable[Token]) -> None:
        self._tokens: Final[Mapping[bytes, Token]] = {token.digest: token for token in tokens}

    @property
    def tokens(self) -> frozenset[Token]:
        """All of them."""
        return frozenset(self._tokens.values())

    def __len__(self) -> int:
        return len(self._tokens)

    def find(self, secret: str, now: float) -> Token | None:
        """The token with that secret, unless it has expired by `now`, in unix seconds.

        What is looked up is a hash: how long that takes tells of the hash, and nothing of the secret.
        """
        if len(secret) > MAX_TOKEN_CHARS:
            return None
        digest = digest_of(secret)
        token = self._tokens.get(digest)
        if token is None or not hmac.compare_digest(token.digest, digest):
            return None
        return None if token.expires is not None and token.expires <= now else token

    def has(self, token: Token) -> bool:
        """Whether a token stands here as it is."""
        return self._tokens.get(token.digest) == token

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a file.

        Raises:
            UsageError: a line makes no sense, or others could write to the file.
            OutsideError: it can't be read.
        """
        with outside(f"read {path}"), path.open("rb") as file:
            found = os.fstat(file.fileno())
            data = file.read(MAX_TOKENS_BYTES + 1)
        if stat.S_ISREG(found.st_mode) and found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise UsageError(
                f"others can write to {path} and so make tokens of their own; run chmod go-w on it"
            )
        if len(data) > MAX_TOKENS_BYTES:
            raise UsageError(f"{path} has more than {MAX_TOKENS_BYTES:,} bytes")
        return cls.parse(data.decode("utf-8", "replace"), str(path))

    @classmethod
    def parse(cls, text: str, place: str) -> Self:
        """Read the lines of a file called `place`.

        Raises:
            UsageError: a line makes no sense. It isn't repeated: it may hold a token itself.
        """
        tokens: dict[bytes, Token] = {}
        for number, line in enumerate(text.splitlines(), 1):
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            token = _parse(line.split(), f"{place}, line {number}")
            if token.digest in tokens:
                raise UsageError(f"{place}, line {number}: this token stands in the file twice")
            tokens[token.digest] = token
        if len(tokens) > MAX_TOKENS:
            raise UsageError(f"{place} has more than {MAX_TOKENS:,} tokens")
        return cls(tokens.values())


def _parse(words: list[str], place: str) -> Token:
    if len(words) < 3 or _NAME.fullmatch(words[0]) is None:
        raise UsageError(f"{place} is not NAME SCOPES sha256:HASH; `node token new` makes such lines")
    try:
        scopes = frozenset(map(Scope, words[1].split(",")))
    except ValueError:
        raise UsageError(f"{place}: scopes are read, write and admin, joined by commas") from None
    found = _HASH.fullmatch(words[2])
    if found is None:
        raise UsageError(f"{place}: the third word has to be sha256: and 64 hexadecimal digits")
    options = dict(word.partition("=")[::2] for word in words[3:])
    rate, expires = options.pop("rate", None), options.pop("expires", None)
    if options or len(words) != 3 + (rate is not None) + (expires is not None):
        raise UsageError(f"{place}: after the hash only rate=NUMBER and expires=TIME may follow")
    if rate is not None and _RATE.fullmatch(rate) is None:
        raise UsageError(f"{place}: a rate is a whole number from 1 to 9,999,999")
    moment = None if expires is None else parse_expiry(expires, place)
    return Token(words[0], scopes, bytes.fromhex(found[1]), None if rate is None else int(rate), moment)


def parse_expiry(text: str, place: str) -> float:
    """Unix seconds of a moment in RFC 3339.

    Raises:
        UsageError: it is none; `place` is where it stands.
    """
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise UsageError(f"{place}: a token expires at a time such as 2027-01-31T12:00:00Z") from None
