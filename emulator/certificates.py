"""A local certificate authority, one a work directory, and the server certificates it issues.

Clients of a rehearsal verify certificates as they would in AWS; they trust `ca.pem` and nothing
else. Keys never leave the work directory and are readable by their owner only.
"""

from __future__ import annotations

import hashlib
import os
import ssl
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

CA_FILE: Final = "ca.pem"
CA_KEY_FILE: Final = "ca-key.pem"
SERVER_FOLDER: Final = "certificates"

_CA_LIFE = timedelta(days=3650)
_SERVER_LIFE = timedelta(days=397)
_CLOCK_SKEW = timedelta(hours=1)
_COMMON_NAME_LIMIT = 64


class CertificateNamesError(ValueError):
    """A server certificate was asked for without a name."""


class Authority:
    """Issues server certificates under `work_dir`; makes the CA on first use. Thread-safe."""

    def __init__(self, work_dir: Path) -> None:
        self.work_dir = work_dir
        self.ca_file = work_dir / CA_FILE
        self._lock = threading.Lock()
        self._contexts: dict[tuple[tuple[str, ...], str | None], ssl.SSLContext] = {}
        work_dir.mkdir(parents=True, exist_ok=True)
        if not self.ca_file.exists():
            self._make_ca()
        self._key, self._certificate = self._load_ca()

    def server_context(
        self, names: Iterable[str], *, client_bundle: str | None = None
    ) -> ssl.SSLContext:
        """A TLS server context whose certificate carries exactly `names`. Cached.

        With `client_bundle` (PEM) it takes only clients with a certificate of those authorities.

        Raises:
            CertificateNamesError: `names` is empty.
        """
        wanted = tuple(sorted({name.rstrip(".").lower() for name in names}))
        if not wanted:
            raise CertificateNamesError(
                "a server certificate needs at least one DNS name; give the names clients ask for"
            )
        with self._lock:
            key = (wanted, client_bundle)
            if key not in self._contexts:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(self._server_file(wanted))
                if client_bundle is not None:
                    context.verify_mode = ssl.CERT_REQUIRED
                    context.load_verify_locations(cadata=client_bundle)
                self._contexts[key] = context
            return self._contexts[key]

    def _server_file(self, names: tuple[str, ...]) -> Path:
        """Certificate, CA and key in one file, named by the names it is for and its issuer."""
        issuer = self._certificate.fingerprint(hashes.SHA256()).hex()
        digest = hashlib.sha256("\n".join((issuer, *names)).encode()).hexdigest()[:32]
        path = self.work_dir / SERVER_FOLDER / f"{digest}.pem"
        if not path.exists():
            key = ec.generate_private_key(ec.SECP256R1())
            certificate = self._sign(names, key)
            chain = _certificate_pem(certificate) + _certificate_pem(self._certificate)
            path.parent.mkdir(mode=0o700, exist_ok=True)
            _write_private(path, chain + _key_pem(key))
        return path

    def _sign(self, names: tuple[str, ...], key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
        alternatives = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        return (
            _builder(names[0], self._certificate.subject, key, _SERVER_LIFE)
            .add_extension(alternatives, critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(issuer_key, critical=False)
            .sign(self._key, hashes.SHA256())
        )

    def _make_ca(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = "Local certificate authority of an emulated AWS"
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = (
            _builder(name, subject, key, _CA_LIFE)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_CA_USAGE, critical=True)
            .sign(key, hashes.SHA256())
        )
        # The key goes first: a certificate file alone would be taken for a finished CA.
        _write_private(self.work_dir / CA_KEY_FILE, _key_pem(key))
        self.ca_file.write_bytes(_certificate_pem(certificate))

    def _load_ca(self) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
        key = serialization.load_pem_private_key(
            (self.work_dir / CA_KEY_FILE).read_bytes(), password=None
        )
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError(
                f"{self.work_dir / CA_KEY_FILE} holds a {type(key).__name__}; expected the"
                f" elliptic-curve key this class writes: delete it and {self.ca_file} to start over"
            )
        return key, x509.load_pem_x509_certificate(self.ca_file.read_bytes())


_CA_USAGE = x509.KeyUsage(
    digital_signature=True,
    key_cert_sign=True,
    crl_sign=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    encipher_only=False,
    decipher_only=False,
)


def _builder(
    common_name: str, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, life: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name[:_COMMON_NAME_LIMIT])])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _certificate_pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _write_private(path: Path, content: bytes) -> None:
    """Write a file that never existed with wider rights than 0600, not even for a moment."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
