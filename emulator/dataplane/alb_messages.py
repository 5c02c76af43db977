"""A request and a response as an Application Load Balancer handles them."""

from __future__ import annotations

import http
from dataclasses import dataclass
from typing import Final

SERVER: Final = "awselb/2.0"
"""The `Server` header of answers that the load balancer makes itself."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request as it came in. Header names are lower case; `target` is undecoded.

    `port` is the listener's port, not the one that the emulator serves it on.
    """

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    client_ip: str
    scheme: str
    port: int
    client_port: int = 0
    client_certificate: bytes | None = None
    """DER, verified; None unless the listener asks for one."""

    @property
    def path(self) -> str:
        """The path, undecoded."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """The query string, undecoded, without its question mark."""
        return self.target.partition("?")[2]

    def header(self, name: str) -> str | None:
        """The last value of a header; None when there is none."""
        values = self.header_values(name)
        return values[-1] if values else None

    def header_values(self, name: str) -> list[str]:
        """Every value of a header, in order."""
        return [value for found, value in self.headers if found == name]


@dataclass(frozen=True, kw_only=True)
class Response:
    """A response to send. The content length is the connection's to add."""

    status: int
    phrase: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


def phrase_of(status: int) -> str:
    """The usual reason phrase of a status; empty for an unusual one."""
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return ""


def own_error(status: int) -> Response:
    """An error that the load balancer answers by itself, in its own HTML.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html
    """
    title = f"{status} {phrase_of(status)}".strip()
    body = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n"
        f"<center><h1>{title}</h1></center>\r\n</body>\r\n</html>\r\n"
    )
    return Response(
        status=status,
        phrase=phrase_of(status),
        headers=(("Server", SERVER), ("Content-Type", "text/html")),
        body=body.encode(),
    )
