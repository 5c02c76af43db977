"""One request of one Route 53 health checker, over a real socket."""

from __future__ import annotations

import asyncio
import http
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import h11

from emulator.dataplane.wire import Wire

if TYPE_CHECKING:
    from emulator.dataplane.world import World
    from emulator.store import HealthCheck

# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
CONNECT_LIMIT_S: Final = 4.0
TCP_CONNECT_LIMIT_S: Final = 10.0
RESPONSE_LIMIT_S: Final = 2.0
BODY_LIMIT_S: Final = 2.0
SEARCHED_BYTES: Final = 5120

USER_AGENT: Final = "Amazon-Route53-Health-Check-Service (ref {id}; report http://amzn.to/1vsZADi)"
"""https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-router-firewall-rules.html"""

_FIRST_OK, _FIRST_BAD = 200, 400


@dataclass(frozen=True, kw_only=True)
class Probed:
    """Whether a request passed, and why, as GetHealthCheckStatus words it."""

    passed: bool
    reason: str


class _FailedError(Exception):
    """The endpoint did not pass; the message says why."""


class CheckerTls(ssl.SSLContext):
    """TLS as health checkers speak it: certificates are not validated.

    Same source: "HTTPS health checks don't validate SSL/TLS certificates".

    Sessions are resumed (TLS 1.2, where that needs no public-key operation at all) only to spare
    this machine the handshakes of sixteen checkers; an endpoint that does not resume is asked with
    a full handshake.
    """

    _sessions: dict[str | bytes | None, ssl.SSLSession]

    @classmethod
    def make(cls) -> CheckerTls:
        """A context to share among all checkers."""
        context = cls(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context._sessions = {}
        return context

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,  # noqa: FBT001, FBT002  # the signature of the standard library
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        """The standard library's, with the last session of the same name offered."""
        known = session or self._sessions.get(server_hostname)
        return super().wrap_bio(incoming, outgoing, server_side, server_hostname, known)

    def remember(self, server_hostname: str, session: ssl.SSLSession | None) -> None:
        """Keep the session of a handshake that succeeded, for the next one."""
        if session is not None:
            self._sessions[server_hostname] = session


async def probe(  # what it asks, where, and as whom
    check: HealthCheck,
    host: str,
    port: int,
    *,
    world: World,
    tls: CheckerTls,
    came_from: str = "127.0.0.1",
) -> Probed:
    """Send one request to `host:port`, from the address `came_from`.

    The TLS handshake is counted into the time to connect: AWS does not say where it counts.
    """
    try:
        reason = await _attempt(check, host, port, world=world, tls=tls, came_from=came_from)
    except _FailedError as failed:
        return Probed(passed=False, reason=f"Failure: {failed}")
    except TimeoutError:
        return Probed(passed=False, reason="Failure: Connection timed out.")
    except (OSError, h11.RemoteProtocolError) as error:
        return Probed(passed=False, reason=f"Failure: {error}")
    return Probed(passed=True, reason=f"Success: {reason}")


async def _attempt(  # as `probe`
    check: HealthCheck, host: str, port: int, *, world: World, tls: CheckerTls, came_from: str
) -> str:
    secure = check.type.startswith("HTTPS")
    limit_s = TCP_CONNECT_LIMIT_S if check.type == "TCP" else CONNECT_LIMIT_S
    name = check.fqdn if check.enable_sni else ""
    async with asyncio.timeout(world.clock.timeout_s(limit_s)):
        transport, wire = await asyncio.get_running_loop().create_connection(
            Wire,
            host,
            port,
            ssl=tls if secure else None,
            server_hostname=name if secure else None,
            local_addr=(came_from, 0),
        )
    try:
        if check.type == "TCP":
            return "TCP connection established."
        if secure:
            tls.remember(name, transport.get_extra_info("ssl_object").session)
        return await _exchange(check, wire, world)
    finally:
        # Health checkers hang up; waiting for the peer's farewell would only cost time.
        wire.abort()


async def _exchange(check: HealthCheck, wire: Wire, world: World) -> str:
    connection = h11.Connection(h11.CLIENT)
    await wire.write(_request(check, connection))
    async with asyncio.timeout(world.work_limit_s(RESPONSE_LIMIT_S)):
        response = await _next_event(connection, wire)
    if not isinstance(response, h11.Response):
        raise _FailedError("The connection was closed before a response.")
    phrase = http.HTTPStatus(response.status_code).phrase if _known(response) else ""
    said = f"HTTP Status Code {response.status_code}, {phrase}"
    if not _FIRST_OK <= response.status_code < _FIRST_BAD:
        raise _FailedError(said)
    if check.type.endswith("_STR_MATCH"):
        async with asyncio.timeout(world.work_limit_s(BODY_LIMIT_S)):
            body = await _body(connection, wire)
        if check.search_string.encode() not in body:
            raise _FailedError(f"{said}. The search string was not found in the response body.")
    return said


def _request(check: HealthCheck, connection: h11.Connection) -> bytes:
    request = h11.Request(
        method="GET",
        target=check.path if check.path.startswith("/") else f"/{check.path}",
        headers=[
            ("Host", check.fqdn or check.ip_address),
            ("Connection", "close"),
            ("User-Agent", USER_AGENT.format(id=check.id)),
            ("Accept", "*/*"),
        ],
    )
    return (connection.send(request) or b"") + (connection.send(h11.EndOfMessage()) or b"")


async def _next_event(connection: h11.Connection, wire: Wire) -> object:
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await wire.read())
        elif not isinstance(event, h11.InformationalResponse):
            return event


async def _body(connection: h11.Connection, wire: Wire) -> bytes:
    """The first `SEARCHED_BYTES` of the body."""
    body = b""
    while len(body) < SEARCHED_BYTES:
        event = await _next_event(connection, wire)
        if not isinstance(event, h11.Data):
            break
        body += bytes(event.data)
    return body[:SEARCHED_BYTES]


def _known(response: h11.Response) -> bool:
    return response.status_code in http.HTTPStatus.__members__.values()
