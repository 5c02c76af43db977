"""One client connection of a load balancer: HTTP/1.1 with keep-alive, over TLS or plain.

Everything is asked anew at each request: a rule, a target or a fault of a moment ago counts.
A lost load balancer keeps its port open and never answers, neither a handshake nor a request,
until it is restored or the client leaves.
"""

from __future__ import annotations

import asyncio
import email.utils
import http
import time
from typing import TYPE_CHECKING, Final, Protocol

import h11

from emulator.dataplane.alb_lambda import BODY_LIMIT_BYTES
from emulator.dataplane.alb_messages import Request, Response, own_error

if TYPE_CHECKING:
    import ssl

    from emulator.dataplane.world import World
    from emulator.store import LoadBalancer

HEADER_LIMIT_BYTES: Final = 64 * 1024
"""Of all headers together; 400 beyond.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html#http-400-issues
"""

HANDSHAKE_LIMIT_S: Final = 10.0
LOST_LOOK_EVERY_S: Final = 0.5
"""Real seconds between looks whether the client of a lost load balancer is still there."""

_READ_BYTES = 1 << 16


class Site(Protocol):
    """What a connection belongs to: one listener of one load balancer."""

    port: int
    secure: bool

    def balancer(self) -> LoadBalancer | None:
        """The load balancer as it is now; None once it is gone."""
        ...

    def tls(self) -> ssl.SSLContext | None:
        """The listener's certificate as it is now; None without one."""
        ...

    async def respond(self, request: Request) -> Response:
        """Answer one request."""
        ...


class _ClientLeftError(Exception):
    """The client closed the connection; there is nobody to answer."""


class Connection:
    """Serves one connection from accept to close."""

    def __init__(
        self,
        site: Site,
        world: World,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._site = site
        self._world = world
        self._clock = world.clock
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=HEADER_LIMIT_BYTES)
        self._opened_s = world.clock.now_s()
        peer = writer.get_extra_info("peername")
        self._client_ip = str(peer[0]) if peer else "127.0.0.1"

    async def serve(self) -> None:
        """Answer requests until either side closes; never raises for what a client does."""
        try:
            await self._while_lost()
            if self._site.secure:
                await self._handshake()
            while await self._one_request():
                self._http.start_next_cycle()
        except (_ClientLeftError, OSError, TimeoutError, asyncio.IncompleteReadError):
            return
        except h11.LocalProtocolError:
            return  # the connection cannot go on after an error answered half way
        finally:
            self._writer.close()

    async def _handshake(self) -> None:
        context = self._site.tls()
        if context is None:
            raise _ClientLeftError
        async with asyncio.timeout(HANDSHAKE_LIMIT_S):
            await self._writer.start_tls(context)

    async def _one_request(self) -> bool:
        """Answer one request; returns whether the connection stays open."""
        balancer = self._site.balancer()
        if balancer is None:
            return False
        try:
            head = await self._next_event(balancer)
            if not isinstance(head, h11.Request):
                return False  # the client closed the connection between requests
            request = await self._read_request(head, balancer)
        except h11.RemoteProtocolError as error:
            unknown_coding = error.error_status_hint == http.HTTPStatus.NOT_IMPLEMENTED
            await self._send(own_error(501 if unknown_coding else 400), head=False)
            return False
        await self._while_lost()
        response = own_error(413) if request is None else await self._site.respond(request)
        await self._while_lost()
        keep = self._keeps_open(balancer)
        await self._send(response, head=head.method == b"HEAD", close=not keep)
        return keep and self._http.our_state is h11.DONE and self._http.their_state is h11.DONE

    def _keeps_open(self, balancer: LoadBalancer) -> bool:
        return self._clock.now_s() - self._opened_s < balancer.client_keep_alive_s

    async def _read_request(self, head: h11.Request, balancer: LoadBalancer) -> Request | None:
        """The whole request; None when its body is over the limit of Lambda targets."""
        if self._http.they_are_waiting_for_100_continue:
            go_on = h11.InformationalResponse(status_code=100, headers=[])
            self._writer.write(self._http.send(go_on) or b"")
        body = bytearray()
        while isinstance(event := await self._next_event(balancer), h11.Data):
            if (
                len(body) <= BODY_LIMIT_BYTES
            ):  # more is read and dropped: the client is still sending
                body += event.data
        if not isinstance(event, h11.EndOfMessage):
            raise _ClientLeftError
        if len(body) > BODY_LIMIT_BYTES:
            return None
        return Request(
            method=head.method.decode("ascii"),
            target=head.target.decode("latin-1"),
            headers=tuple(
                (name.decode("ascii"), value.decode("latin-1")) for name, value in head.headers
            ),
            body=bytes(body),
            client_ip=self._client_ip,
            scheme="https" if self._site.secure else "http",
            port=self._site.port,
        )

    async def _next_event(self, balancer: LoadBalancer) -> object:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            async with asyncio.timeout(self._clock.timeout_s(balancer.idle_timeout_s)):
                data = await self._reader.read(_READ_BYTES)
            self._http.receive_data(data)
        return event

    async def _send(self, response: Response, *, head: bool, close: bool = True) -> None:
        headers = [("Date", email.utils.formatdate(time.time(), usegmt=True)), *response.headers]
        headers.append(("Content-Length", str(len(response.body))))
        headers.append(("Connection", "close" if close else "keep-alive"))
        message = h11.Response(
            status_code=response.status, reason=response.phrase.encode("latin-1"), headers=headers
        )
        out = [self._http.send(message)]
        if response.body and not head:
            out.append(self._http.send(h11.Data(data=response.body)))
        out.append(self._http.send(h11.EndOfMessage()))
        self._writer.write(b"".join(part for part in out if part))
        await self._writer.drain()

    async def _while_lost(self) -> None:
        """Wait while the load balancer or its Region is lost.

        Raises:
            _ClientLeftError: the client, or the load balancer itself, went meanwhile.
        """
        while True:
            version = self._world.faults.version
            balancer = self._site.balancer()
            if balancer is None:
                raise _ClientLeftError
            if not self._world.balancer_lost(balancer.region, balancer.arn):
                return
            if self._reader.at_eof() or self._writer.is_closing():
                raise _ClientLeftError
            try:
                async with asyncio.timeout(LOST_LOOK_EVERY_S):
                    await self._world.faults.wait_changed(since=version)
            except TimeoutError:
                continue
