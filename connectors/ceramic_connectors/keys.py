"""Secret keys from files and environment variables, and never from anywhere else.

What is read shows in no text of this program: not in errors, not in a `repr`, not in a log.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import stat
from pathlib import Path
from typing import Any, Final, NoReturn

from nacl.signing import SigningKey

from ceramic_connectors.outside import outside
from ceramic_protocol import multibase
from ceramic_protocol.errors import IdentifierError, UsageError
from ceramic_protocol.limits import MAX_KEY_FILE_BYTES

_SEED_BYTES: Final = 32
_HEX: Final = re.compile(r"(?:0x)?([0-9a-fA-F]{64})")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,30}")
_ED25519_SECRET: Final = b"\x80\x26"
_ED25519_PUBLIC: Final = b"\xed\x01"
_MAX_MULTIBASE_CHARS: Final = 80
_MAX_BASE58_CHARS: Final = 88
_FORMS: Final = (
    "64 hexadecimal digits, a key file of Solana, 64 bytes in base58, or a node's Ed25519 secret in multibase"
)


class Secret(bytes):
    """32 bytes that show in no text, and don't travel by pickle."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Without the bytes."""
        return f"Secret({len(self)} bytes)"

    __str__ = __repr__

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Refuse: a secret that travels is no longer one."""
        del protocol
        raise TypeError("a secret can't be pickled or copied")


def read_secret(where: str) -> Secret:
    """The 32 bytes of a secret key: an Ed25519 seed, or the scalar of another key.

    A text is read as 64 hexadecimal digits with or without 0x, as the JSON array of Solana's key files, as 64
    bytes in base58 as Phantom exports them, or as a ceramic-one node's secret in multibase (accounts.md 1.5).
    Forms that hold the public key as well are refused unless the two fit.

    Args:
        where: `file:PATH`, a file that nobody but its owner can read, or `env:NAME`.

    Raises:
        UsageError: `where` is neither, there is no such variable, others can read the file, or what is there
            is no secret in a known form.
        OutsideError: the file can't be read.
    """
    scheme, _, rest = where.partition(":")
    # A shell may have put the secret itself here: whoever did that must not find it in an error.
    if not rest or _halves(rest) is not None:
        raise UsageError("write file:PATH or env:NAME for the place of a secret, never the secret itself")
    if scheme == "file":
        path = _path(rest)
        return _parsed(read_private(path, MAX_KEY_FILE_BYTES), str(path))
    if scheme == "env":
        return _from_environment(rest)
    raise UsageError("write file:PATH or env:NAME for the place of a secret")


def _path(text: str) -> Path:
    path = Path(os.path.expanduser(text))  # noqa: PTH111  # leaves what it can't expand as it is
    looks_like_one = path.suffix or (path.parent != Path() and path.parent.is_dir())
    if not looks_like_one and not path.exists():
        # It may be the secret itself, in a form that isn't known here.
        raise UsageError("there is no such file; write file:PATH for the place of a secret")
    return path


def read_address(text: str) -> str:
    """An address that may hold a key of its provider: as it is, or from `env:NAME` or `file:PATH`.

    Raises:
        UsageError: there is no such variable, or others can read the file.
        OutsideError: the file can't be read.
    """
    scheme, _, rest = text.partition(":")
    if scheme == "file":
        return read_private(_path(rest), MAX_KEY_FILE_BYTES).decode("utf-8", "replace").strip()
    if scheme == "env":
        found = os.environ.get(rest)
        if found is None:
            raise UsageError("the environment variable for an address is not set")
        return found.strip()
    return text


def _from_environment(name: str) -> Secret:
    place = f"the environment variable {name}" if _NAME.fullmatch(name) else "that environment variable"
    text = os.environ.get(name)
    if text is None:
        raise UsageError(f"{place} is not set")
    return _parsed(os.fsencode(text), place)


def read_private(path: Path, limit: int) -> bytes:
    """What is in a file that nobody but its owner can read.

    Args:
        path: of the file.
        limit: its largest size in bytes.

    Raises:
        UsageError: it is no file, too large, or others can read it.
        OutsideError: it can't be read.
    """
    with outside(f"read {path}"):
        # Opening a pipe would wait for somebody who writes.
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            _check_private(path, os.fstat(handle))
            with os.fdopen(handle, "rb", closefd=False) as file:
                data = file.read(limit + 1)
        finally:
            os.close(handle)
    if len(data) > limit:
        raise UsageError(f"{path} has more than {limit} bytes")
    return data


def _check_private(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise UsageError(f"{path} is no file")
    if found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        mode, fix = stat.S_IMODE(found.st_mode), shlex.quote(str(path))
        raise UsageError(f"others can get at {path} (mode {mode:04o}); run chmod 600 {fix}")


def _parsed(data: bytes, place: str) -> Secret:
    """The secret in a text.

    Raises:
        UsageError: there is none. The error has no cause: those of decoders quote what they were given.
    """
    if not data.strip():
        raise UsageError(f"{place} is empty")
    found = None if len(data) > MAX_KEY_FILE_BYTES else _halves(data.decode("ascii", "replace").strip())
    if found is None:
        raise UsageError(f"{place} holds no secret key in a form that is known here: {_FORMS}")
    seed, public = found
    if public and bytes(SigningKey(seed).verify_key) != public:
        raise UsageError(f"the secret and the public key in {place} are not of one pair")
    return Secret(seed)


def _halves(text: str) -> tuple[bytes, bytes] | None:
    """Secret and, if it stands beside it, public key; None if the text has none of the forms."""
    return _hexadecimal(text) or _node_secret(text) or _pair(_numbers(text) or _base58(text))


def _hexadecimal(text: str) -> tuple[bytes, bytes] | None:
    match = _HEX.fullmatch(text)
    return None if match is None else (bytes.fromhex(match[1]), b"")


def _node_secret(text: str) -> tuple[bytes, bytes] | None:
    """Seed and public key of multibase(80 26 ‖ seed), behind which :multibase(ed 01 ‖ public) may stand."""
    secret, _, public = text.partition(":")
    seed = _prefixed(secret, _ED25519_SECRET)
    key = _prefixed(public, _ED25519_PUBLIC) if public else b""
    return None if seed is None or key is None else (seed, key)


def _prefixed(text: str, prefix: bytes) -> bytes | None:
    if len(text) > _MAX_MULTIBASE_CHARS:
        return None
    try:
        data = multibase.decode(text)
    except IdentifierError:
        return None
    is_whole = data.startswith(prefix) and len(data) == len(prefix) + _SEED_BYTES
    return data.removeprefix(prefix) if is_whole else None


def _numbers(text: str) -> bytes | None:
    try:
        value: Any = json.loads(text)
        return bytes(value) if isinstance(value, list) else None
    except (ValueError, TypeError, RecursionError):
        return None


def _base58(text: str) -> bytes | None:
    if len(text) > _MAX_BASE58_CHARS:
        return None
    try:
        return multibase.decode_base58(text)
    except IdentifierError:
        return None


def _pair(data: bytes | None) -> tuple[bytes, bytes] | None:
    """The halves of Solana's 64 bytes: seed and public key."""
    if data is None or len(data) != 2 * _SEED_BYTES:
        return None
    return data[:_SEED_BYTES], data[_SEED_BYTES:]
