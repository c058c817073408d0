"""The key by which a node is known to others: made once, and kept beside its store.

Who has the file can pass for the node, so nobody but its owner may read it; nothing of it is ever shown.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final

from nacl.signing import SigningKey

from ceramic_connectors.keys import Secret, read_secret
from ceramic_connectors.outside import outside
from ceramic_protocol import multibase
from ceramic_protocol.interests import PeerId

KEY_FILE: Final = "node.key"
"""Its name in the folder of a store."""

_ED25519_SECRET: Final = b"\x80\x26"
_SEED_BYTES: Final = 32
_BASE: Final = "z"
_PARTIAL: Final = ".partial"


def node_key(path: Path) -> Secret:
    """The Ed25519 seed in a file, which is made with a new one if it isn't there.

    Whatever form of a secret `read_secret` knows may be in the file, so that a key can be brought along.

    Raises:
        UsageError: others can read the file, or it holds no key.
        OutsideError: it can't be read or written.
    """
    if not path.exists():
        _make(path)
    return read_secret(f"file:{path}")


def peer_id_of(key: Secret) -> PeerId:
    """Who the node with that key is to others."""
    return PeerId.of_ed25519(bytes(SigningKey(key).verify_key))


def _make(path: Path) -> None:
    """Write a new key: as a whole or not at all, and on the disk before anybody is told of it."""
    partial = path.with_name(path.name + _PARTIAL)
    text = multibase.encode(_ED25519_SECRET + secrets.token_bytes(_SEED_BYTES), _BASE)
    with outside(f"write the node's key {path}"):
        partial.unlink(missing_ok=True)
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(f"{text}\n".encode())
            file.flush()
            os.fsync(file.fileno())
        partial.rename(path)
