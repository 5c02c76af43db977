"""A stub resolver as a client has it: asks one name server, and keeps an answer for its TTL."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from ipaddress import ip_network
from typing import TYPE_CHECKING

import dns.asyncquery
import dns.edns
import dns.exception
import dns.message
import dns.rcode
import dns.rdatatype
import dns.resolver

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_CHAIN = 8
DNS_PORT = 53


class ResolutionError(Exception):
    """A name that gave no address."""

    def __init__(self, name: str, explanation: str) -> None:
        super().__init__(f"{name} gave no address: {explanation}")
        self.name = name


class NoNameServerError(Exception):
    """This machine has no name server to ask."""


def own_name_server() -> tuple[str, int]:
    """Give the name server that this machine asks, host and port.

    Raises:
        NoNameServerError: it has none.
    """
    try:
        return str(dns.resolver.get_default_resolver().nameservers[0]), DNS_PORT
    except (dns.resolver.NoResolverConfiguration, IndexError) as error:
        raise NoNameServerError(
            f"this machine has no name server ({error}): name one with --name-server HOST:PORT"
        ) from error


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The addresses a name server gave, and how long it lets them be kept."""

    addresses: tuple[str, ...]
    ttl_s: float


class NameServer:
    """Asks one name server, over UDP and over TCP when the answer was cut short. Keeps nothing.

    Args:
        address: Host and port.
        timeout_s: Longest real wait for a reply.
        client_subnet: Where the client is that is asked for (EDNS client subnet, RFC 7871), for
            records that answer by latency; None leaves the server to its own guess.
    """

    def __init__(
        self, address: tuple[str, int], *, timeout_s: float, client_subnet: str | None = None
    ) -> None:
        self.address = address
        self._timeout_s = timeout_s
        self._options: list[dns.edns.Option] = []
        if client_subnet is not None:
            self._options.append(_client_subnet(client_subnet))

    async def resolve(self, name: str) -> Answer:
        """Resolve a name to IPv4 addresses, following canonical names.

        The TTL is the shortest one on the way.

        Raises:
            ResolutionError: no answer in time, an error code, or no address at the chain's end.
        """
        wanted, ttl_s = name, float("inf")
        for _ in range(LONGEST_CHAIN):
            response = await self._ask(wanted)
            if response.rcode() is not dns.rcode.NOERROR:
                raise ResolutionError(name, dns.rcode.to_text(response.rcode()))
            chain = response.resolve_chaining()
            ttl_s = min(ttl_s, float(chain.minimum_ttl) if response.answer else 0.0)
            if chain.answer is not None:
                return Answer(
                    addresses=tuple(record.address for record in chain.answer), ttl_s=ttl_s
                )
            canonical = chain.canonical_name.to_text(omit_final_dot=True)
            if canonical == wanted:
                break
            wanted = canonical
        raise ResolutionError(name, f"{wanted} has no A record")

    async def _ask(self, name: str) -> dns.message.QueryMessage:
        host, port = self.address
        query = dns.message.make_query(name, dns.rdatatype.A)
        if self._options:
            query.use_edns(0, options=self._options)
        try:
            response, _ = await dns.asyncquery.udp_with_fallback(
                query, host, timeout=self._timeout_s, port=port
            )
        except (dns.exception.DNSException, OSError) as error:
            raise ResolutionError(name, f"{type(error).__name__} from {host}:{port}") from error
        if not isinstance(response, dns.message.QueryMessage):
            raise ResolutionError(name, f"{host}:{port} sent something that is no answer")
        return response


def _client_subnet(subnet: str) -> dns.edns.ECSOption:
    network = ip_network(subnet)
    return dns.edns.ECSOption(str(network.network_address), network.prefixlen)


class CachingResolver:
    """One client's cache. An answer is used for its TTL and not a moment longer.

    Args:
        server: Who is asked.
        now_s: The clock TTLs pass on.
        first_life_ratio: What share of its TTL the first answer still has to live, 0 to 1. A
            client stands behind a recursive resolver that may have held the record for a while;
            clients that start together would otherwise all expire together.
    """

    def __init__(
        self, server: NameServer, now_s: Callable[[], float], *, first_life_ratio: float = 1.0
    ) -> None:
        self._server = server
        self._now_s = now_s
        self._life_ratio = first_life_ratio
        self._cache: dict[str, tuple[float, Answer]] = {}
        self._asking = asyncio.Lock()

    async def resolve(self, name: str) -> Answer:
        """Resolve a name from the cache, or from the server once its answer has expired.

        Raises:
            ResolutionError: the answer had expired and no new one came.
        """
        async with self._asking:
            expires_s, answer = self._cache.get(name, (float("-inf"), None))
            if answer is not None and self._now_s() < expires_s:
                return answer
            answer = await self._server.resolve(name)
            life_s, self._life_ratio = answer.ttl_s * self._life_ratio, 1.0
            self._cache[name] = (self._now_s() + life_s, answer)
            return answer
