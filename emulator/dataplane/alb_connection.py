"""One client connection of a load balancer: HTTP/1.1 with keep-alive, over TLS or plain.

Everything is asked anew at each request: a rule, a target or a fault of a moment ago counts.
A lost load balancer keeps its port open and never answers, neither a handshake nor a request,
until it is restored or the client leaves. So does one whose security groups do not let the client
in: in AWS not even the port would answer, and here the client's own time-out ends it all the same.
Who waits is let in as soon as a rule says so, as a client is that keeps sending its first packet.
"""

from __future__ import annotations

import asyncio
import email.utils
import http
import select
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Protocol

import h11

from emulator.addresses import public_address
from emulator.dataplane.alb_lambda import BODY_LIMIT_BYTES
from emulator.dataplane.alb_messages import Request, Response, own_error
from emulator.dataplane.wire import Wire

if TYPE_CHECKING:
    import socket
    import ssl

    from emulator.dataplane.world import World
    from emulator.store import LoadBalancer
    from emulator.store.admission import Admission

HEADER_LIMIT_BYTES: Final = 16 * 1024
HEADERS_LIMIT_BYTES: Final = 64 * 1024
"""Of one header or the URI, and of all headers together: 400 beyond, 414 for the URI.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html#http-400-issues
"""

HANDSHAKE_LIMIT_S: Final = 10.0
_HANG_UP: Final = select.POLLHUP | select.POLLERR | getattr(select, "POLLRDHUP", 0)
LOST_LOOK_EVERY_S: Final = 0.5
"""Real seconds between looks whether the client of a lost load balancer is still there."""


class Site(Protocol):
    """What a connection belongs to: one listener of one load balancer."""

    arn: str
    region: str
    port: int
    secure: bool

    def balancer(self) -> LoadBalancer | None:
        """The load balancer as it is now; None once it is gone."""
        ...

    def zone_id(self, node: str) -> str:
        """Id of the Availability Zone of an address of the load balancer."""
        ...

    def admission(self, client: str) -> Admission:
        """Whether the load balancer's security groups let a client connect now."""
        ...

    def tls(self) -> ssl.SSLContext | None:
        """The listener's certificate as it is now; None without one."""
        ...

    async def respond(self, balancer: LoadBalancer, request: Request, *, node: str) -> Response:
        """Answer one request that came in at the address `node`."""
        ...


class _ClientLeftError(Exception):
    """The client closed the connection; there is nobody to answer."""


class Connection:
    """Serves one accepted socket from here to its close."""

    def __init__(self, site: Site, world: World, accepted: socket.socket) -> None:
        self._site = site
        self._world = world
        self._socket = accepted
        self._wire: Wire | None = None
        host, self._client_port = accepted.getpeername()[:2]
        self._client_ip = public_address(str(host))
        self._tracked = False
        self._node = str(accepted.getsockname()[0])
        self._zone_id = site.zone_id(self._node)
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=HEADERS_LIMIT_BYTES)
        self._opened_s = world.clock.now_s()

    async def serve(self) -> None:
        """Answer requests until either side closes; never raises for what a client does."""
        wire = None
        try:
            wire = self._wire = await self._open()
            while await self._one_request(wire):
                self._http.start_next_cycle()
        except (_ClientLeftError, OSError, TimeoutError, h11.LocalProtocolError):
            return  # gone, idle for too long, or answered half way: nothing can follow
        except asyncio.CancelledError:
            if wire is not None:
                wire.abort()  # the listener has gone: there is no time for farewells
            raise
        finally:
            if wire is None:
                self._socket.close()
            else:
                wire.close()

    async def _open(self) -> Wire:
        """Take up the connection, with TLS on a secure listener.

        Raises:
            _ClientLeftError: the client went before, or there is no certificate.
        """
        await self._while_lost()
        self._tracked = self._site.admission(self._client_ip).tracked
        context = self._site.tls() if self._site.secure else None
        if self._site.secure and context is None:
            raise _ClientLeftError
        loop = asyncio.get_running_loop()
        _, wire = await loop.connect_accepted_socket(
            Wire,
            self._socket,
            ssl=context,
            ssl_handshake_timeout=HANDSHAKE_LIMIT_S if context else None,
        )
        return wire

    async def _one_request(self, wire: Wire) -> bool:
        """Answer one request; returns whether the connection stays open."""
        try:
            head = await self._next_event(wire)
            if not isinstance(head, h11.Request):
                return False  # the client closed the connection between requests
            too_large = _too_large(head)
            if too_large:
                await self._send(wire, own_error(too_large))
                return False
            request = await self._read_request(wire, head)
        except h11.RemoteProtocolError as error:
            unknown_coding = error.error_status_hint == http.HTTPStatus.NOT_IMPLEMENTED
            await self._send(wire, own_error(501 if unknown_coding else 400))
            return False
        await self._while_lost()
        balancer = self._site.balancer()
        if balancer is None:
            return False
        if request is None:
            response = own_error(413)
        else:
            response = await self._site.respond(balancer, request, node=self._node)
        await self._while_lost()
        keep = self._world.clock.now_s() - self._opened_s < balancer.client_keep_alive_s
        await self._send(wire, response, without_body=head.method == b"HEAD", keep=keep)
        return keep and self._http.our_state is h11.DONE and self._http.their_state is h11.DONE

    async def _read_request(self, wire: Wire, head: h11.Request) -> Request | None:
        """The whole request; None when its body is over the limit of Lambda targets."""
        if self._http.they_are_waiting_for_100_continue:
            go_on = h11.InformationalResponse(status_code=100, headers=[])
            await wire.write(self._http.send(go_on) or b"")
        body = bytearray()
        while isinstance(event := await self._next_event(wire), h11.Data):
            if len(body) <= BODY_LIMIT_BYTES:  # the rest is dropped: the client is still sending
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
            client_port=self._client_port,
            client_certificate=wire.client_certificate,
        )

    async def _next_event(self, wire: Wire) -> object:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            self._http.receive_data(await self._read(wire))
        return event

    async def _read(self, wire: Wire) -> bytes:
        """What the client sends next.

        Raises:
            TimeoutError: it sends nothing for as long as a connection may idle.
        """
        balancer = self._site.balancer()
        if balancer is None:
            raise _ClientLeftError
        async with asyncio.timeout(self._world.clock.timeout_s(balancer.idle_timeout_s)):
            return await wire.read()

    async def _send(
        self, wire: Wire, response: Response, *, without_body: bool = False, keep: bool = False
    ) -> None:
        headers = [
            ("Date", _http_date(int(time.time()))),
            *response.headers,
            ("Content-Length", str(len(response.body))),
            ("Connection", "keep-alive" if keep else "close"),
        ]
        message = h11.Response(
            status_code=response.status, reason=response.phrase.encode("latin-1"), headers=headers
        )
        out = [self._http.send(message)]
        if response.body and not without_body:
            out.append(self._http.send(h11.Data(data=response.body)))
        out.append(self._http.send(h11.EndOfMessage()))
        await wire.write(b"".join(part for part in out if part))

    async def _while_lost(self) -> None:
        """Wait while the load balancer, its zone or its Region is lost, or its groups are shut.

        Raises:
            _ClientLeftError: the client, or the load balancer itself, went meanwhile.
        """
        faults = self._world.faults
        version = faults.version
        if not self._lost():
            return
        while self._lost():
            if self._left() or self._site.balancer() is None:
                raise _ClientLeftError
            try:
                async with asyncio.timeout(LOST_LOOK_EVERY_S):
                    version = await faults.wait_changed(since=version)
            except TimeoutError:
                continue
        if self._left():
            raise _ClientLeftError

    def _lost(self) -> bool:
        """A tracked connection asks nobody any more whether it is let in."""
        if self._world.balancer_lost(self._site.region, self._site.arn, self._zone_id):
            return True
        return not self._tracked and not self._site.admission(self._client_ip).admitted

    def _left(self) -> bool:
        """Whether the client has closed the connection, which may not have been taken up yet."""
        if self._wire is not None:
            return self._wire.ended
        # What the client sent stays unread, so the end of its stream shows only here.
        look = select.poll()
        look.register(self._socket, _HANG_UP)
        return bool(look.poll(0))


def _too_large(head: h11.Request) -> int:
    """The status for headers or a URI over the limits; 0 when they are within."""
    if len(head.target) > HEADER_LIMIT_BYTES:
        return 414
    sizes = [len(name) + len(value) for name, value in head.headers]
    over = max(sizes) > HEADER_LIMIT_BYTES or sum(sizes) > HEADERS_LIMIT_BYTES
    return 400 if over else 0


@lru_cache(maxsize=2)
def _http_date(second: int) -> str:
    return email.utils.formatdate(second, usegmt=True)
