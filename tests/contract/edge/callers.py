"""A deployed stack and what clients of it do: resolve, connect, show a credential, ask."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import dns.message
import dns.query

from emulator.handle import DeployRefusedError
from tests.emulated_account import client

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from emulator.handle import EmulatorHandle

REGION = "us-east-1"
NAME = f"predict.{REGION}.understudy.example"
CLIENTS, HEALTH = 443, 9443
WITHIN_S = 60.0


@dataclass(frozen=True)
class Answer:
    """What one request came to."""

    status: int
    body: bytes

    @property
    def seen(self) -> Mapping[str, Any]:
        """What reached the function."""
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass
class Edge:
    """The production stack in an emulator."""

    emulator: EmulatorHandle
    project_dir: Path
    release: Path
    outputs: Mapping[str, Any] = field(default_factory=dict)

    def deploy(self, **config: str) -> None:
        given = {"release": str(self.release), **config}
        try:
            done = self.emulator.deploy(self.project_dir, "prod", config=given)
        except DeployRefusedError as error:
            raise AssertionError([str(each) for each in error.problems]) from error
        self.outputs = done.outputs

    def addresses(self) -> list[str]:
        query = dns.message.make_query(NAME, "A")
        host, port = self.emulator.dns_address
        answer = dns.query.udp(query, host, timeout=30, port=port)
        return [str(each) for each in answer.answer[-1]]

    def address(self) -> str:
        return self.addresses()[0]

    def connect(self, port: int, *, client: tuple[Path, Path] | None = None) -> ssl.SSLSocket:
        """Connect as a client; to the health checkers' port as one of them."""
        trust = ssl.create_default_context(cafile=str(self.emulator.ca_file))
        if client is not None:
            trust.load_cert_chain(*client)
        served = self.emulator.listener_port(port)
        source = (self.emulator.checker_address, 0) if port == HEALTH else None
        plain = socket.create_connection((self.address(), served), 10, source)
        return trust.wrap_socket(plain, server_hostname=NAME)

    def ask(
        self,
        path: str = "/v1/predict",
        *,
        port: int = CLIENTS,
        token: str | None = None,
        client: tuple[Path, Path] | None = None,
        **headers: str,
    ) -> Answer:
        """Send one request on a connection of its own.

        Raises:
            OSError: the connection was refused, or closed without an answer.
        """
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        sent = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        with self.connect(port, client=client) as connection:
            request = f"GET {path} HTTP/1.1\r\nhost: {NAME}\r\nconnection: close\r\n{sent}\r\n"
            connection.sendall(request.encode())
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            return Answer(answer.status, answer.read())

    def aws(self, service: str, region: str = REGION) -> Any:
        return client(self.emulator, service, region, retries={"total_max_attempts": 1})

    @property
    def region(self) -> Mapping[str, str]:
        """The outputs of the Region that is asked."""
        return next(each for each in self.outputs["regions"] if each["region"] == REGION)


def eventually(holds: Callable[[], bool], rule: str) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not holds():
        assert time.monotonic() < deadline, f"not within {WITHIN_S} s: {rule}"
        time.sleep(0.1)
