"""Where clients are, for records that answer by latency. Standard library only.

Route 53 takes a client's place from the EDNS client subnet of the query, and from the resolver's
own address where there is none. On loopback nobody is anywhere, so the emulator numbers places:
clients near a Region come from that Region's own /24 of 198.18.0.0/15 (addresses for benchmarks,
RFC 2544), and a query without such a subnet from `DEFAULT_PLACE`.
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy-edns0.html

The order of Regions seen from a place is that of their distances. Route 53 goes by latencies it
measured, which mostly rise with distance and sometimes do not: what is emulated is that each
client has a nearest Region and the next, not which.
"""

from __future__ import annotations

import math
from ipaddress import IPv4Address, IPv4Network, ip_address
from typing import Final

DEFAULT_PLACE: Final = "us-east-1"

# Degrees north and east of the cities that AWS names its Regions after, rounded.
# https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html
COORDINATES: Final[dict[str, tuple[float, float]]] = {
    "af-south-1": (-34, 18),
    "ap-east-1": (22, 114),
    "ap-east-2": (25, 122),
    "ap-northeast-1": (36, 140),
    "ap-northeast-2": (38, 127),
    "ap-northeast-3": (35, 136),
    "ap-south-1": (19, 73),
    "ap-south-2": (17, 78),
    "ap-southeast-1": (1, 104),
    "ap-southeast-2": (-34, 151),
    "ap-southeast-3": (-6, 107),
    "ap-southeast-4": (-38, 145),
    "ap-southeast-5": (3, 102),
    "ap-southeast-6": (-37, 175),
    "ap-southeast-7": (14, 101),
    "ca-central-1": (46, -74),
    "ca-west-1": (51, -114),
    "eu-central-1": (50, 9),
    "eu-central-2": (47, 9),
    "eu-north-1": (59, 18),
    "eu-south-1": (45, 9),
    "eu-south-2": (42, -1),
    "eu-west-1": (53, -6),
    "eu-west-2": (52, 0),
    "eu-west-3": (49, 2),
    "il-central-1": (32, 35),
    "me-central-1": (24, 54),
    "me-south-1": (26, 51),
    "mx-central-1": (21, -100),
    "sa-east-1": (-24, -47),
    "us-east-1": (39, -77),
    "us-east-2": (40, -83),
    "us-west-1": (37, -122),
    "us-west-2": (46, -120),
}

_BENCHMARKS: Final = IPv4Network("198.18.0.0/15")
_NUMBERS: Final = dict(enumerate(sorted(COORDINATES)))
_SUBNETS: Final = dict(zip(sorted(COORDINATES), _BENCHMARKS.subnets(new_prefix=24), strict=False))


def client_subnet(region: str) -> str:
    """Return the subnet that clients near a Region come from.

    Raises:
        ValueError: The Region's place is not known.
    """
    if region not in _SUBNETS:
        known = ", ".join(_SUBNETS)
        raise ValueError(f"{region!r} has no place here; expected one of {known}")
    return str(_SUBNETS[region])


def place_of(address: str | None) -> str:
    """Return the Region that a client's address is near to; `DEFAULT_PLACE` if it is near none."""
    found = None if address is None else ip_address(address)
    if not isinstance(found, IPv4Address) or found not in _BENCHMARKS:
        return DEFAULT_PLACE
    number = (int(found) - int(_BENCHMARKS.network_address)) >> 8
    return _NUMBERS.get(number, DEFAULT_PLACE)


def distance(place: str, region: str) -> float:
    """Return how far a Region is from a place, in radians along the earth; far if unknown."""
    if place not in COORDINATES or region not in COORDINATES:
        return math.inf
    (north, east), (other_north, other_east) = (
        tuple(map(math.radians, COORDINATES[each])) for each in (place, region)
    )
    half = math.sin((other_north - north) / 2) ** 2
    half += math.cos(north) * math.cos(other_north) * math.sin((other_east - east) / 2) ** 2
    return 2 * math.asin(math.sqrt(half))
