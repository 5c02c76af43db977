"""Where everything listens: one block of loopback addresses an emulator.

`127.B.0.1` carries the API, DNS and the control API; `127.B.<10+n>.<az>` the nth load balancer
in one Availability Zone; from `127.B.2.<n>` come Route 53's health checkers. Two emulators on one
machine differ in B.
"""

from __future__ import annotations

import threading
from typing import NamedTuple

FIRST_BLOCK = 42
API_PORT = 4566
DNS_PORT = 5300
CONTROL_PORT = 4600

FIRST_UNPRIVILEGED_PORT = 1024
PRIVILEGED_PORT_SHIFT = 8000
_CHECKERS_OCTET = 2
_FIRST_LOAD_BALANCER_OCTET = 10
_OCTETS = 256
_DOTS = 3


CHECKER_ADDRESSES = "203.0.113.0/24"
"""Where the emulated health checkers say they come from (a range that RFC 5737 keeps for
documentation); the real ones come from addresses of AWS's."""


class AddressError(ValueError):
    """A loopback address that does not exist."""


class Endpoint(NamedTuple):
    """An address to bind or to connect to."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """The `http://` URL of this endpoint."""
        return f"http://{self.host}:{self.port}"


class Block:
    """The loopback addresses of one emulator: everything below `127.b`."""

    def __init__(self, b: int) -> None:
        if not 1 <= b < _OCTETS:
            raise AddressError(f"block is {b}; expected 1 to 255 (the second octet of 127.b.0.1)")
        self.b = b
        host = f"127.{b}.0.1"
        self.api = Endpoint(host, API_PORT)
        self.dns = Endpoint(host, DNS_PORT)
        self.control = Endpoint(host, CONTROL_PORT)

    def checker(self, n: int) -> str:
        """Address that the nth checker (from 0) of a health check connects from."""
        return f"127.{self.b}.{_CHECKERS_OCTET}.{n + 1}"

    def load_balancer(self, n: int, az: int) -> str:
        """Address of the nth load balancer (from 0) in Availability Zone `az` (from 1)."""
        octet = _FIRST_LOAD_BALANCER_OCTET + n
        if n < 0 or octet >= _OCTETS or not 1 <= az < _OCTETS:
            room = _OCTETS - _FIRST_LOAD_BALANCER_OCTET
            raise AddressError(
                f"no address for load balancer {n} in zone {az}: a block has room for {room} load"
                " balancers over the emulator's life; start a new emulator"
            )
        return f"127.{self.b}.{octet}.{az}"

    @staticmethod
    def listener_port(port: int) -> int:
        """Port that a listener on `port` is served on: privileged ports are moved up by 8000."""
        return port if port >= FIRST_UNPRIVILEGED_PORT else port + PRIVILEGED_PORT_SHIFT


def public_address(host: str) -> str:
    """Where a client of this machine comes from, as AWS sees it.

    A health checker comes from `CHECKER_ADDRESSES`; anyone else from where they are.
    """
    first, _, octet, last = host.split(".") if host.count(".") == _DOTS else ("", "", "", "")
    if (first, octet) != ("127", str(_CHECKERS_OCTET)):
        return host
    return checker_address(int(last) - 1)


def checker_address(n: int) -> str:
    """Where the nth checker (from 0) of a health check says it comes from."""
    return f"{CHECKER_ADDRESSES.rpartition('.')[0]}.{n + 1}"


class LoadBalancerNumbers:
    """Gives every load balancer its number, in the order they are first seen.

    A number is never given twice, so a client that still holds a deleted load balancer's address
    reaches nothing instead of a stranger. Safe to use from any thread.
    """

    def __init__(self, block: Block) -> None:
        self._block = block
        self._numbers: dict[str, int] = {}
        self._lock = threading.Lock()

    def addresses(self, arn: str, zones: tuple[str, ...]) -> tuple[str, ...]:
        """Addresses of load balancer `arn`, one for each zone name (`us-east-1a`), in order."""
        with self._lock:
            n = self._numbers.setdefault(arn, len(self._numbers))
        return tuple(self._block.load_balancer(n, zone_number(zone)) for zone in zones)


def is_in_zone(address: str, zone: str) -> bool:
    """Whether a load balancer's address is the one in an Availability Zone (`us-east-1a`)."""
    return int(address.rpartition(".")[2]) == zone_number(zone)


def zone_number(zone: str) -> int:
    """Position of an Availability Zone in its Region, from 1: `us-east-1a` is 1."""
    letter = zone[-1:]
    if not ("a" <= letter <= "z"):
        raise AddressError(f"{zone!r} is no Availability Zone; expected a name like 'us-east-1a'")
    return ord(letter) - ord("a") + 1
