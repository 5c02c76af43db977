"""The identity provider of a rehearsal: keys made for one run, tokens and certificates by them.

Nothing here is used against AWS: there, clients have an identity provider or an authority of
their own, and the stack knows its public half.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from jwt.algorithms import RSAAlgorithm

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TOKEN_LIFE_S: Final = 300.0
"""Short, so that a rehearsal sees clients renew."""

RENEW_BEFORE_S: Final = 60.0
LASTING_LIFE_S: Final = 365 * 86_400.0
SKEW_S: Final = 60.0
_KEY_BITS: Final = 2048
_KEY_ID: Final = "rehearsal"
_CERTIFICATE_LIFE: Final = timedelta(days=365)


@dataclass(frozen=True, kw_only=True)
class RunningClock:
    """Unix seconds on a clock that showed `then_s` when it was read, and runs at `speed`."""

    then_s: float
    speed: float
    read_at_s: float = field(default_factory=time.monotonic)

    def now_s(self) -> float:
        """What the clock shows now."""
        return self.then_s + (time.monotonic() - self.read_at_s) * self.speed


class Issuer:
    """Signs tokens (RS256) that say who issued them and what they are for."""

    def __init__(self, issuer: str, claims: Mapping[str, Any], clock: RunningClock) -> None:
        self._issuer = issuer
        self._claims = dict(claims)
        self._clock = clock
        self._key = rsa.generate_private_key(public_exponent=65_537, key_size=_KEY_BITS)
        self._token = ""
        self._good_until_s = float("-inf")

    def key_set(self) -> str:
        """Give what the issuer publishes: its public key, as a JSON Web Key Set."""
        public = RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return json.dumps({"keys": [{**public, "kid": _KEY_ID, "use": "sig", "alg": "RS256"}]})

    def current(self) -> str:
        """Give a token that is good for a while yet; renewed before it ends."""
        if self._clock.now_s() > self._good_until_s - RENEW_BEFORE_S:
            self._good_until_s = self._clock.now_s() + TOKEN_LIFE_S
            self._token = self._sign(self._good_until_s)
        return self._token

    def lasting(self) -> str:
        """Give a token to be kept: good for a year of the clock."""
        return self._sign(self._clock.now_s() + LASTING_LIFE_S)

    def _sign(self, until_s: float) -> str:
        from_s = int(self._clock.now_s() - SKEW_S)
        claims = {"iss": self._issuer, "sub": "rehearsal", "iat": from_s, "nbf": from_s}
        claims |= {"exp": int(until_s), **self._claims}
        return jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": _KEY_ID})


class ClientAuthority:
    """An authority for client certificates, and one client's, as PEM files in a folder."""

    def __init__(self, folder: Path) -> None:
        self.bundle = folder / "client-authority.pem"
        self.certificate = folder / "client.pem"
        self.private_key = folder / "client-key.pem"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.bundle.write_bytes(self._authority.public_bytes(serialization.Encoding.PEM))
        self._issue()

    def _issue(self) -> None:
        """Write a client's certificate and key."""
        key = ec.generate_private_key(ec.SECP256R1())
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
        certificate = (
            _builder("rehearsal", self._authority.subject, key)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(usage, critical=False)
            .sign(self._key, hashes.SHA256())
        )
        self.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        self.private_key.touch(mode=0o600)
        self.private_key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )

    @cached_property
    def _key(self) -> ec.EllipticCurvePrivateKey:
        return ec.generate_private_key(ec.SECP256R1())

    @cached_property
    def _authority(self) -> x509.Certificate:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Clients of a rehearsal")])
        return (
            _builder("Clients of a rehearsal", subject, self._key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self._key, hashes.SHA256())
        )


def _builder(
    name: str, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + _CERTIFICATE_LIFE)
    )
