"""Sessions with a key made here and now, and the files in which they wait for the next run."""

from __future__ import annotations

import json
import os
import secrets
import string
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from ceramic_connectors.keys import Secret, read_private
from ceramic_connectors.outside import outside
from ceramic_connectors.rename import sync
from ceramic_protocol import multibase
from ceramic_protocol.accounts.cacao import decode_cacao
from ceramic_protocol.accounts.did import KeyType, resolve_did_key
from ceramic_protocol.accounts.sessions import STATEMENT, Session, create_capability
from ceramic_protocol.accounts.signers import SECRET_BYTES, SIGNERS, LocalSigner
from ceramic_protocol.accounts.wallets import Wallet
from ceramic_protocol.errors import CeramicError, UsageError
from ceramic_protocol.limits import MAX_SESSION_FILE_BYTES

LIFETIME: Final = timedelta(days=7)
"""How long a session holds unless one says otherwise (js-did)."""

_NONCE_CHARS: Final = 10
_LETTERS: Final = string.ascii_letters + string.digits
_BASE: Final = "m"
_VERSION: Final = 1
_KEY_TYPES: Final = {key_type.value: key_type for key_type in KeyType}


@dataclass(frozen=True, slots=True)
class LocalSession(Session):
    """A session whose key's secret is at hand, so that it can be saved."""

    secret: Secret = field(repr=False)


def open_session(
    wallet: Wallet,
    *,
    domain: str,
    resources: Sequence[str],
    lifetime: timedelta | None = LIFETIME,
    statement: str | None = STATEMENT,
    key_type: KeyType = KeyType.ED25519,
) -> LocalSession:
    """A session from now on, with a key of its own. The wallet is asked to sign once.

    Args:
        wallet: in whose name the session writes.
        domain: the application's name or host; the wallet shows it, and every reader of the events sees it.
        resources: what it may write, see `create_capability`.
        lifetime: how long it holds, or None for ever.
        statement: what the wallet shows, or None.
        key_type: kind of the session's key.

    Raises:
        UsageError: a text or the lifetime makes no sense.
        EncodeError: the wallet's answer is not its signature.
    """
    now = datetime.now(UTC)
    secret, key = _new_key(key_type)
    capability = create_capability(
        wallet,
        key.did,
        domain=domain,
        resources=resources,
        issued_at=now,
        expires_at=None if lifetime is None else now + lifetime,
        nonce="".join(secrets.choice(_LETTERS) for _ in range(_NONCE_CHARS)),
        statement=statement,
    )
    return LocalSession(key, capability, secret)


def _new_key(key_type: KeyType) -> tuple[Secret, LocalSigner]:
    while True:
        secret = Secret(secrets.token_bytes(SECRET_BYTES))
        try:
            return secret, SIGNERS[key_type](secret)
        except UsageError:  # beyond the order of the curve, for P-256 once in four thousand million
            continue


def save_session(session: LocalSession, path: Path | str) -> None:
    """Write a session to a file that only its owner can read; a file that is there is replaced at once.

    Raises:
        OutsideError: the file can't be written; what was there is as it was.
    """
    content = {
        "version": _VERSION,
        "key_type": resolve_did_key(session.key.did).type.value,
        "secret": multibase.encode(session.secret, _BASE),
        "capability": multibase.encode(session.block, _BASE),
    }
    with outside(f"write {path}"):
        _replace(Path(path).resolve(), json.dumps(content, indent=2).encode() + b"\n")


def _replace(path: Path, data: bytes) -> None:
    new = path.with_name(f".{path.name}.partial-{secrets.token_hex(4)}")
    try:
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        sync(new)
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
    sync(path.parent)


def load_session(path: Path | str) -> LocalSession:
    """A session from its file. It may have run out: `builder(at=…)` looks at that.

    Raises:
        UsageError: others can read the file, or it holds no session.
        OutsideError: it can't be read.
    """
    data = read_private(Path(path), MAX_SESSION_FILE_BYTES)
    found = _decoded(data)
    if isinstance(found, str):
        raise UsageError(f"{path} holds no session: {found}")
    return found


def _decoded(data: bytes) -> LocalSession | str:
    """The session, or what keeps the bytes from being one, in words that quote no secret."""
    try:
        value: Any = json.loads(data)
        if not isinstance(value, dict) or value.get("version") != _VERSION:
            return f"it is no JSON object of version {_VERSION}"
        signer = SIGNERS[_KEY_TYPES[value["key_type"]]]
        secret = Secret(multibase.decode(value["secret"]))
        capability = decode_cacao(multibase.decode(value["capability"]))
    except (ValueError, LookupError, TypeError, RecursionError, CeramicError):
        return "a member is missing or of another form"
    try:
        return LocalSession(signer(secret), capability, secret)
    except UsageError as error:
        return str(error)
