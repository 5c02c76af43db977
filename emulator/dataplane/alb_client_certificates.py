"""Mutual TLS in `verify` mode: the headers by which targets learn of the client's certificate.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/mutual-authentication.html
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

if TYPE_CHECKING:
    from datetime import datetime

PREFIX: Final = "x-amzn-mtls-clientcert"


@lru_cache(maxsize=256)
def headers(certificate: bytes) -> tuple[tuple[str, str], ...]:
    """The headers for a client's certificate (DER) that the listener has verified."""
    leaf = x509.load_der_x509_certificate(certificate)
    pem = leaf.public_bytes(Encoding.PEM).decode()
    validity = (
        f"NotBefore={_time(leaf.not_valid_before_utc)};NotAfter={_time(leaf.not_valid_after_utc)}"
    )
    return (
        (f"{PREFIX}-serial-number", f"{leaf.serial_number:X}"),
        (f"{PREFIX}-issuer", leaf.issuer.rfc4514_string()),
        (f"{PREFIX}-subject", leaf.subject.rfc4514_string()),
        (f"{PREFIX}-validity", validity),
        (f"{PREFIX}-leaf", quote(pem, safe="+=/")),
    )


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
