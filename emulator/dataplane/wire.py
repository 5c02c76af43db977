"""A byte stream over a socket, lean: what a load balancer and a health checker read and write.

asyncio's own streams cost about as much processor time as everything else on a short connection,
and the checkers of a rehearsal at high speed make more than a hundred of those a second.
"""

from __future__ import annotations

import asyncio
from typing import cast


class Wire(asyncio.Protocol):
    """One end of a connection. One reader and one writer at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._ended = False
        self._reading: asyncio.Future[None] | None = None
        self._draining: asyncio.Future[None] | None = None
        self._full = False

    @property
    def ended(self) -> bool:
        """Whether the peer has closed, or the connection is lost."""
        return self._ended

    @property
    def client_certificate(self) -> bytes | None:
        """The peer's certificate (DER), where TLS asked for one and verified it."""
        tls = self._transport and self._transport.get_extra_info("ssl_object")
        return tls.getpeercert(binary_form=True) if tls else None

    async def read(self) -> bytes:
        """What has arrived, waiting for something; empty at the end of the stream."""
        if not self._received and not self._ended:
            self._reading = asyncio.get_running_loop().create_future()
            try:
                await self._reading
            finally:
                self._reading = None
        data = bytes(self._received)
        self._received.clear()
        return data

    async def write(self, data: bytes) -> None:
        """Send; waits while the peer does not keep up.

        Raises:
            ConnectionError: the connection is lost.
        """
        if self._transport is None or self._ended:
            raise ConnectionResetError("the peer has closed the connection")
        self._transport.write(data)
        if self._full:
            self._draining = asyncio.get_running_loop().create_future()
            await self._draining

    def close(self) -> None:
        """Close once what was written is sent. Idempotent."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close at once. Idempotent."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio's: the connection is up."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """asyncio's: bytes have arrived."""
        self._received += data
        self._wake(self._reading)

    def eof_received(self) -> None:
        """asyncio's: the peer sends no more."""
        self._ended = True
        self._wake(self._reading)

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio's: the connection is gone."""
        self._ended = True
        self._wake(self._reading)
        if self._draining is not None and not self._draining.done():
            self._draining.set_exception(exc or ConnectionResetError("the connection is lost"))

    def pause_writing(self) -> None:
        """asyncio's: the peer does not keep up."""
        self._full = True

    def resume_writing(self) -> None:
        """asyncio's: the peer has caught up."""
        self._full = False
        self._wake(self._draining)

    @staticmethod
    def _wake(waiter: asyncio.Future[None] | None) -> None:
        if waiter is not None and not waiter.done():
            waiter.set_result(None)
