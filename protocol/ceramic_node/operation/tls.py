"""The certificate of a node."""

from __future__ import annotations

import ssl
from pathlib import Path

from ceramic_connectors.keys import read_private
from ceramic_connectors.outside import outside
from ceramic_node.config.node import NodeConfig
from ceramic_protocol.errors import UsageError
from ceramic_protocol.limits import MAX_TLS_FILE_BYTES


def tls_context(config: NodeConfig) -> ssl.SSLContext | None:
    """What HTTPS takes: TLS 1.2 or later; None if the node serves HTTP.

    Raises:
        UsageError: the files make no sense, don't fit, or others can read the key.
        OutsideError: one can't be read.
    """
    if config.tls_cert is None or config.tls_key is None:
        return None
    read_private(config.tls_key, MAX_TLS_FILE_BYTES)  # for what it refuses: keys that others can read
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    _load(context, config.tls_cert, config.tls_key)
    return context


def _load(context: ssl.SSLContext, cert: Path, key: Path) -> None:
    try:
        # A key with a passphrase would be asked for on the terminal.
        context.load_cert_chain(cert, key, password=_no_passphrase)
    except ssl.SSLError as error:
        reason = error.reason or "they make no sense"
        raise UsageError(f"--tls-cert {cert} and --tls-key {key} can't be used: {reason}") from None
    except OSError:
        with outside(f"read the certificate {cert}"):
            cert.read_bytes()
        raise


def _no_passphrase() -> str:
    raise UsageError("--tls-key has a passphrase, which nobody can give here; use one without")
