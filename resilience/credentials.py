"""What a client shows to be let in: a bearer token, a certificate, or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping
    from pathlib import Path


class Credential(Protocol):
    """How one client is let in; asked anew for each request, as tokens do not last."""

    def headers(self) -> Mapping[str, str]:
        """Headers to send with a request made now."""
        ...

    def present_in(self, trust: ssl.SSLContext) -> ssl.SSLContext:
        """Let connections made with a context present what the handshake asks for."""
        ...

    def document(self) -> Mapping[str, str]:
        """The same for somebody who keeps it: what a canary's secret holds (`functions/canary`)."""
        ...

    def curl_options(self) -> tuple[str, ...]:
        """The same on curl's command line."""
        ...


@dataclass(frozen=True, kw_only=True)
class Bearer:
    """A token in a header; `current` gives one that lasts a while, `lasting` one to be kept."""

    current: Callable[[], str]
    lasting: Callable[[], str]

    def headers(self) -> Mapping[str, str]:
        """The token that is good now."""
        return {"authorization": f"Bearer {self.current()}"}

    def present_in(self, trust: ssl.SSLContext) -> ssl.SSLContext:
        """The handshake asks for nothing."""
        return trust

    def document(self) -> Mapping[str, str]:
        """One token for a long time."""
        return {"kind": "bearer", "token": self.lasting()}

    def curl_options(self) -> tuple[str, ...]:
        """One token for a long time."""
        return (f"-H 'authorization: Bearer {self.lasting()}'",)


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """A client certificate and its key, in PEM files."""

    certificate: Path
    private_key: Path

    def headers(self) -> Mapping[str, str]:
        """Nothing is sent but what the handshake has shown."""
        return {}

    def present_in(self, trust: ssl.SSLContext) -> ssl.SSLContext:
        """Show the certificate to servers that ask."""
        trust.load_cert_chain(self.certificate, self.private_key)
        return trust

    def document(self) -> Mapping[str, str]:
        """Both, as PEM."""
        return {
            "kind": "certificate",
            "certificate": self.certificate.read_text(encoding="ascii"),
            "key": self.private_key.read_text(encoding="ascii"),
        }

    def curl_options(self) -> tuple[str, ...]:
        """Both, by their files."""
        return (f"--cert {self.certificate}", f"--key {self.private_key}")


@dataclass(frozen=True)
class Nothing:
    """No credential: whoever calls is answered."""

    def headers(self) -> Mapping[str, str]:
        """None."""
        return {}

    def present_in(self, trust: ssl.SSLContext) -> ssl.SSLContext:
        """As it is."""
        return trust

    def document(self) -> Mapping[str, str]:
        """Nothing to keep."""
        return {}

    def curl_options(self) -> tuple[str, ...]:
        """None."""
        return ()
