"""Which addresses a Region's network uses: plain arithmetic, no two Regions alike."""

from ipaddress import IPv4Network
from typing import Final

from infra.aws_regions import REGIONS

_ALL_NETWORKS: Final = IPv4Network("10.0.0.0/8")
_VPC_PREFIX: Final = 16
_SUBNET_PREFIX: Final = 20


def vpc_block(region: str) -> IPv4Network:
    """Return the /16 of a Region's network.

    It follows from the Region's name alone, so that giving Regions other roles moves no network,
    and two of them may be peered later because they never overlap.

    Raises:
        ValueError: If the Region is not one a stack may use.
    """
    number = REGIONS.index(region)
    size = 2 ** (32 - _VPC_PREFIX)
    return IPv4Network((int(_ALL_NETWORKS.network_address) + number * size, _VPC_PREFIX))


def subnet_blocks(vpc: IPv4Network, *, count: int) -> tuple[IPv4Network, ...]:
    """Return the first `count` /20 blocks of a network, one for each availability zone."""
    blocks = tuple(vpc.subnets(new_prefix=_SUBNET_PREFIX))
    if not 0 < count <= len(blocks):
        msg = f"{vpc} has {len(blocks)} subnets of /{_SUBNET_PREFIX}, {count} asked for"
        raise ValueError(msg)
    return blocks[:count]
