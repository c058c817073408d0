"""What of the way into Kafka can be tried without its library: certificates, names, ports, TLS."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ceramic_connectors.config.values import Address
from ceramic_connectors.kafka.errors import KafkaCertificateError
from ceramic_connectors.kafka.settings import KafkaSettings, Security
from ceramic_connectors.outside import outside
from ceramic_protocol.limits import KAFKA_CHECK_SECONDS

_NO_PASSWORD: Final = ""
"""For encrypted keys: without one, OpenSSL would ask the terminal."""


def check_certificates(security: Security) -> str:
    """Whether the files are what they should be, and until when they are good.

    Raises:
        OutsideError: one can't be read.
        KafkaCertificateError: one is no certificate or key, or has expired, or the two don't belong together.
    """
    ends = [
        _end(path, flag)
        for path, flag in ((security.authority, "--kafka-ca"), (security.certificate, "--kafka-cert"))
        if path is not None
    ]
    if security.certificate is not None:
        _check_pair(security.certificate, security.key)
    return f"good until {min(ends):%Y-%m-%d}"


def hint(settings: KafkaSettings) -> str:
    """What may be the cause if a library can't get in and doesn't say why; empty if nothing is found."""
    for text in settings.servers.split(","):
        address = Address.parse(text)
        try:
            with socket.create_connection(address, KAFKA_CHECK_SECONDS) as connection:
                if settings.security.tls:
                    return _trust(connection, address, settings.security.authority)
                if _speaks_tls(connection):
                    return f"{address} speaks TLS: give --kafka-tls"
                return (
                    f"{address} takes connections; it may be no broker, or name an address to go on with that"
                    " can't be reached from here (its advertised.listeners)"
                )
        except socket.gaierror:
            return f"there is no host called {address.host}"
        except OSError:
            continue
    return ""


def _trust(connection: socket.socket, address: Address, authority: Path | None) -> str:
    """What is wrong with the TLS of the other side; empty if nothing is."""
    context = ssl.create_default_context(cafile=authority)
    try:
        with context.wrap_socket(connection, server_hostname=address.host):
            return ""
    except ssl.SSLCertVerificationError as error:
        return f"the certificate of {address} isn't trusted ({error.verify_message}): give --kafka-ca FILE"
    except ssl.SSLError as error:
        return "" if _is_alert(error) else f"{address} speaks no TLS: leave --kafka-tls out"


def _is_alert(error: ssl.SSLError) -> bool:
    """Whether the other side speaks TLS and says no, as one that wants a certificate does."""
    return "ALERT" in (error.reason or "")


def _speaks_tls(connection: socket.socket) -> bool:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # Nothing is sent: whose certificate it is makes no difference.
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with context.wrap_socket(connection):
            return True
    except ssl.SSLError as error:
        return _is_alert(error)
    except OSError:
        return False


def _end(path: Path, flag: str) -> datetime:
    """Until when the certificates in a file are good."""
    from cryptography import x509

    with outside(f"read {path}"):
        data = path.read_bytes()
    try:
        end = min(each.not_valid_after_utc for each in x509.load_pem_x509_certificates(data))
    except ValueError:
        raise KafkaCertificateError(f"{flag} {path} holds no certificate as PEM") from None
    if end < datetime.now(UTC):
        raise KafkaCertificateError(f"{flag} {path}: a certificate has expired on {end:%Y-%m-%d}; renew it")
    return end


def _check_pair(certificate: Path, key: Path | None) -> None:
    name = f"--kafka-key {key}" if key else f"--kafka-cert {certificate}"
    with outside(f"read {key or certificate}"), (key or certificate).open("rb"):
        pass
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(certificate, key, lambda: _NO_PASSWORD)
    except (ssl.SSLError, ValueError):
        raise KafkaCertificateError(
            f"{name} holds no key without a password, as PEM, that belongs to the certificate"
        ) from None
