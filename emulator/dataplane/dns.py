"""Route 53's answers over UDP and TCP, from the hosted zones as they are at each query.

Route 53 answers for its zones only; the emulator stands in for the client's resolver too and so
sets RA and follows CNAMEs (`dns_answers`). Names it does not know are REFUSED: nothing is ever
looked up outside. Queries are answered whatever is lost: DNS is a global data plane.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, cast

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from emulator.dataplane.dns_answers import Answer, Answers, AnswerSet
from emulator.places import DEFAULT_PLACE, place_of
from emulator.store.names import absolute

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.addresses import Endpoint, LoadBalancerNumbers
    from emulator.dataplane.health_checks import HealthCheckers
    from emulator.dataplane.target_health import TargetHealth
    from emulator.dataplane.world import World
    from emulator.store import LoadBalancer
    from emulator.store.names import Zone

    ZonesAway = Callable[[str], frozenset[str]]
    """For a load balancer's ARN, ids of the zones that a zonal shift keeps its traffic from."""

UDP_SIZE_BYTES: Final = 1232
"""EDNS size the server offers and keeps to (https://dnsflagday.net/2020/)."""

PLAIN_UDP_SIZE_BYTES: Final = 512
TCP_IDLE_S: Final = 10.0
_LENGTH_BYTES = 2
_SOA_MINIMUM_FIELD = 6


class Names:
    """Looks names up in the deployed state. What DNS serves and what health checkers resolve."""

    def __init__(
        self,
        world: World,
        numbers: LoadBalancerNumbers,
        *,
        checks: HealthCheckers,
        targets: TargetHealth,
        zones_away: ZonesAway,
    ) -> None:
        self._store = world.store
        self._numbers = numbers
        self._checks = checks
        self._targets = targets
        self._zones_away = zones_away
        self._chance = world.chance("weighted records")

    def answer(self, name: str, kind: str, *, place: str = DEFAULT_PLACE) -> Answer:
        """Answer one question, asked by a client near `place`, from what is deployed now."""
        answers = Answers(
            self._store.zones(),
            self,
            draw=self._chance.random,
            place=place,
        )
        return answers.answer(absolute(name), kind)

    def addresses(self, name: str) -> tuple[str, ...]:
        """IPv4 addresses of a name; empty when it has none."""
        return tuple(
            value
            for found in self.answer(name, "A").sets
            if found.type == "A"
            for value in found.values
        )

    def check_healthy(self, check_id: str) -> bool:
        """Status of a health check as the checkers agree on it."""
        return self._checks.healthy(check_id)

    def balancer_addresses(self, name: str) -> tuple[str, ...] | None:
        """Loopback addresses of a load balancer, one an Availability Zone it is not shifted from.

        https://docs.aws.amazon.com/elasticloadbalancing/latest/application/zonal-shift.html
        """
        found = self._balancer(name)
        if found is None:
            return None
        away = self._zones_away(found.arn)
        zones = [
            zone for zone, id_ in zip(found.zones, found.zone_ids, strict=True) if id_ not in away
        ]
        return self._numbers.addresses(found.arn, tuple(zones))

    def balancer_healthy(self, name: str) -> bool:
        """Whether every target group behind a load balancer has a healthy target."""
        found = self._balancer(name)
        return found is not None and self._targets.balancer_healthy(found)

    def _balancer(self, name: str) -> LoadBalancer | None:
        if not name.endswith(".elb.amazonaws.com."):
            return None
        return self._store.load_balancer_named(name.rstrip("."))


class DnsServer:
    """Serves `Names` on one endpoint."""

    def __init__(self, names: Names, endpoint: Endpoint) -> None:
        self._names = names
        self._endpoint = endpoint
        self._udp: asyncio.DatagramTransport | None = None
        self._tcp: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Bind UDP and TCP.

        Raises:
            OSError: the endpoint is in use.
        """
        loop = asyncio.get_running_loop()
        self._udp, _ = await loop.create_datagram_endpoint(
            lambda: _Udp(self._names), local_addr=self._endpoint
        )
        try:
            self._tcp = await asyncio.start_server(self._serve, *self._endpoint)
        except OSError:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Close both sockets and every TCP connection. Idempotent."""
        if self._udp is not None:
            self._udp.close()
            self._udp = None
        if self._tcp is not None:
            self._tcp.close()
            self._tcp = None
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await asyncio.sleep(0)  # the transports close on the loop's next turn

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)
        try:
            async with asyncio.timeout(TCP_IDLE_S):
                while True:
                    length = int.from_bytes(await reader.readexactly(_LENGTH_BYTES), "big")
                    reply = respond(self._names, await reader.readexactly(length), udp=False)
                    if reply is None:
                        return
                    writer.write(len(reply).to_bytes(_LENGTH_BYTES, "big") + reply)
                    await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.CancelledError):
            return  # the client has gone or we are stopping: either way there is no one to answer
        finally:
            writer.close()


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, names: Names) -> None:
        self._names = names
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not an isinstance check: in Python 3.11 the transport that comes is no DatagramTransport.
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        reply = respond(self._names, data, udp=True)
        if reply is not None and self._transport is not None:
            self._transport.sendto(reply, addr)


def respond(names: Names, wire: bytes, *, udp: bool) -> bytes | None:
    """The reply to one query in wire form; None for what is no query at all."""
    try:
        query = dns.message.from_wire(wire)
    except dns.exception.DNSException:
        return None
    if query.flags & dns.flags.QR:
        return None
    response = dns.message.make_response(
        query, recursion_available=True, our_payload=UDP_SIZE_BYTES
    )
    if query.opcode() != dns.opcode.QUERY:
        response.set_rcode(dns.rcode.NOTIMP)
    elif len(query.question) != 1 or query.question[0].rdclass != dns.rdataclass.IN:
        response.set_rcode(dns.rcode.REFUSED)
    else:
        question = query.question[0]
        subnet = _client_subnet(query)
        answer = names.answer(
            question.name.to_text(),
            dns.rdatatype.to_text(question.rdtype),
            place=place_of(subnet.address if subnet else None),
        )
        if subnet is not None:
            _echo(response, subnet)
        try:
            _fill(response, answer)
        except dns.exception.DNSException:  # a record's value is not in the form of its type
            response.answer.clear()
            response.set_rcode(dns.rcode.SERVFAIL)
    if not udp:
        return response.to_wire()
    size = min(query.payload or PLAIN_UDP_SIZE_BYTES, UDP_SIZE_BYTES) if query.edns >= 0 else 0
    return response.to_wire(max_size=size or PLAIN_UDP_SIZE_BYTES, prefer_truncation=True)


def _client_subnet(query: dns.message.Message) -> dns.edns.ECSOption | None:
    """The part of the client's address that its resolver passed on (RFC 7871), if it did."""
    found = (option for option in query.options if isinstance(option, dns.edns.ECSOption))
    return next(found, None)


def _echo(response: dns.message.Message, subnet: dns.edns.ECSOption) -> None:
    """Say that the answer is for all of the subnet that was asked for."""
    scope = dns.edns.ECSOption(subnet.address, subnet.srclen, subnet.srclen)
    response.use_edns(0, payload=UDP_SIZE_BYTES, options=[scope])


def _fill(response: dns.message.Message, answer: Answer) -> None:
    response.set_rcode(dns.rcode.from_text(answer.status))
    for found in answer.sets:
        response.answer.append(_rrset(found))
    if answer.status == "REFUSED":
        return
    response.flags |= dns.flags.AA
    ends_empty = not answer.sets or answer.sets[-1].type == "CNAME"
    if ends_empty and answer.zone is not None:
        soa = _soa(answer.zone)
        if soa is not None:
            response.authority.append(soa)


def _rrset(found: AnswerSet) -> dns.rrset.RRset:
    kind = dns.rdatatype.from_text(found.type)
    # Route 53 takes names without a final dot as absolute; so does this origin.
    rdatas = [
        dns.rdata.from_text(dns.rdataclass.IN, kind, value, origin=dns.name.root, relativize=False)
        for value in found.values
    ]
    return dns.rrset.from_rdata_list(dns.name.from_text(found.name), found.ttl_s, rdatas)


def _soa(zone: Zone) -> dns.rrset.RRset | None:
    """The zone's SOA with the TTL of negative answers (RFC 2308: at most its minimum field)."""
    for record in zone.records:
        if record.type == "SOA" and record.values:
            minimum_s = int(record.values[0].split()[_SOA_MINIMUM_FIELD])
            return _rrset(
                AnswerSet(
                    name=zone.name,
                    type="SOA",
                    ttl_s=min(record.ttl_s, minimum_s),
                    values=record.values,
                )
            )
    return None
