"""One HTTPS connection, as a probe needs it: to a chosen address, under a chosen name.

A resolver of our own decides where a probe goes, so the usual clients (which resolve by
themselves) cannot be used; h11 speaks the protocol, asyncio carries it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import h11

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

READ_BYTES = 65_536


class HttpError(Exception):
    """The connection broke, or what came over it was not HTTP."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request; `host` is the name the client believes it talks to."""

    method: str
    host: str
    path: str
    body: bytes = b""
    headers: Mapping[str, str] | None = None


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A whole reply. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpConnection:
    """An open connection. `reusable` tells whether another request may be sent on it."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, address: str
    ) -> None:
        self.address = address
        self._reader = reader
        self._writer = writer
        self._protocol = h11.Connection(h11.CLIENT)

    @classmethod
    async def open(
        cls, address: str, port: int, *, server_name: str, trust: ssl.SSLContext
    ) -> Self:
        """Connect, and verify that the certificate is for `server_name`.

        Raises:
            HttpError: refused, or the certificate does not verify.
        """
        try:
            reader, writer = await asyncio.open_connection(
                address, port, ssl=trust, server_hostname=server_name
            )
        except OSError as error:
            raise HttpError(f"cannot connect to {address}:{port}: {error}") from error
        return cls(reader, writer, address)

    @property
    def reusable(self) -> bool:
        """Whether the connection is idle, alive and may carry another request."""
        idle = self._protocol.our_state is h11.IDLE and self._protocol.their_state is h11.IDLE
        return idle and not self._reader.at_eof() and not self._writer.is_closing()

    async def send(self, request: Request) -> Reply:
        """Send a request and wait for its whole reply; the caller sets the deadline.

        Raises:
            HttpError: the connection broke or the reply was not HTTP.
        """
        try:
            self._write(request)
            await self._writer.drain()
            reply = await self._read()
            if self._protocol.our_state is h11.DONE and self._protocol.their_state is h11.DONE:
                self._protocol.start_next_cycle()
        except (OSError, h11.ProtocolError) as error:
            raise HttpError(f"{self.address}: {error or type(error).__name__}") from error
        return reply

    def _write(self, request: Request) -> None:
        headers = {
            "host": request.host,
            "content-length": str(len(request.body)),
            **(request.headers or {}),
        }
        start = h11.Request(
            method=request.method, target=request.path, headers=list(headers.items())
        )
        for event in (start, h11.Data(data=request.body), h11.EndOfMessage()):
            self._writer.write(self._protocol.send(event) or b"")

    async def _read(self) -> Reply:
        status, headers, body = 0, dict[str, str](), bytearray()
        while True:
            event = self._protocol.next_event()
            if event is h11.NEED_DATA:
                self._protocol.receive_data(await self._reader.read(READ_BYTES))
            elif isinstance(event, h11.Response):
                status = event.status_code
                headers = {name.decode(): value.decode("latin-1") for name, value in event.headers}
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                return Reply(status=status, headers=headers, body=bytes(body))
            elif isinstance(event, h11.ConnectionClosed):
                raise HttpError(f"{self.address}: closed without a reply")

    def abort(self) -> None:
        """Drop the connection at once, without asking the other side."""
        self._writer.transport.abort()
