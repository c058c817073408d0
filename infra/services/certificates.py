"""Certificates for one run: an authority, a server on the loopback address, a client."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


@dataclass(frozen=True, slots=True)
class Certificates:
    """Files in PEM; those of the server and of the client hold key and certificate."""

    authority: Path
    server: Path
    client: Path

    @classmethod
    def make(cls, folder: Path) -> Self:
        """New ones, valid for some days."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("ceramic-streams test authority")
        constraints = x509.BasicConstraints(ca=True, path_length=0)
        authority = _signed(_builder(name, name, key).add_extension(constraints, critical=True), key)
        path = folder / "authority.pem"
        path.write_bytes(authority.public_bytes(Encoding.PEM))
        server, client = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH
        return cls(
            path,
            _leaf(folder / "server.pem", "localhost", authority, key, [server]),
            _leaf(folder / "client.pem", "client", authority, key, [client]),
        )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
    return builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=7))


def _signed(builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    return builder.sign(key, SHA256())


def _leaf(
    path: Path,
    name: str,
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
    usage: list[x509.ObjectIdentifier],
) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    builder = _builder(_name(name), authority.subject, key)
    builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    builder = builder.add_extension(x509.ExtendedKeyUsage(usage), critical=False)
    certificate = _signed(builder, authority_key)
    path.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + certificate.public_bytes(Encoding.PEM)
    )
    path.chmod(0o600)
    return path
