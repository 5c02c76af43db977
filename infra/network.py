"""The network of one Region: what an internet-facing load balancer stands in, and nothing else.

The functions are not in it. A load balancer invokes them directly, and they call nothing on the
request path: so there is no NAT gateway, no endpoint and no private subnet to pay for or to fail.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from infra.cidr import subnet_blocks, vpc_block
from infra.naming import RegionNames

_ZONE_COUNT: Final = 3
_ANYWHERE: Final = "0.0.0.0/0"


class ZonesError(pulumi.RunError):
    """A Region has too few availability zones for a stack."""


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """What a network needs to know.

    Attributes:
        names: Names in its Region.
    """

    names: RegionNames


class Network(pulumi.ComponentResource):
    """A VPC with one public subnet in each of three availability zones.

    The ids of the subnets are handed out once they are public, so that a load balancer placed in
    them finds its way out.
    """

    vpc_id: pulumi.Output[str]
    public_subnet_ids: list[pulumi.Output[str]]
    zones: tuple[str, ...]

    def __init__(
        self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("understudy:infra:Network", name, None, opts)
        names = args.names
        block = vpc_block(names.region)
        vpc = aws.ec2.Vpc(
            f"{name}-vpc",
            region=names.region,
            cidr_block=str(block),
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags=names.tags(names.name("vpc")),
            opts=pulumi.ResourceOptions(parent=self),
        )
        internet = self._route_out(name, names, vpc)
        self.zones = availability_zones(names.region)
        cidrs = subnet_blocks(block, count=_ZONE_COUNT)
        self.vpc_id = vpc.id
        self.public_subnet_ids = []
        for zone, cidr in zip(self.zones, cidrs, strict=True):
            subnet = aws.ec2.Subnet(
                f"{zone}-public",
                region=names.region,
                vpc_id=vpc.id,
                availability_zone=zone,
                cidr_block=str(cidr),
                tags=names.tags(names.name(f"public-{zone}")),
                opts=pulumi.ResourceOptions(parent=self),
            )
            self.public_subnet_ids.append(self._public(zone, names, subnet, internet))
        self.register_outputs({"vpcId": self.vpc_id, "publicSubnetIds": self.public_subnet_ids})

    def _route_out(self, name: str, names: RegionNames, vpc: aws.ec2.Vpc) -> aws.ec2.Route:
        """Make a gateway, and the route table that leads to it."""
        child = pulumi.ResourceOptions(parent=self)
        gateway = aws.ec2.InternetGateway(
            f"{name}-gateway",
            region=names.region,
            vpc_id=vpc.id,
            tags=names.tags(names.name("gateway")),
            opts=child,
        )
        table = aws.ec2.RouteTable(
            f"{name}-routes",
            region=names.region,
            vpc_id=vpc.id,
            tags=names.tags(names.name("public")),
            opts=child,
        )
        return aws.ec2.Route(
            f"{name}-internet",
            region=names.region,
            route_table_id=table.id,
            destination_cidr_block=_ANYWHERE,
            gateway_id=gateway.id,
            opts=child,
        )

    def _public(
        self, zone: str, names: RegionNames, subnet: aws.ec2.Subnet, internet: aws.ec2.Route
    ) -> pulumi.Output[str]:
        """Make a subnet public, and return its id as the association knows it."""
        association = aws.ec2.RouteTableAssociation(
            f"{zone}-public",
            region=names.region,
            subnet_id=subnet.id,
            route_table_id=internet.route_table_id,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return pulumi.Output.all(association.subnet_id).apply(lambda ids: str(ids[0]))


def refuse_few_zones(regions: Sequence[str]) -> None:
    """Ask every Region for its zones before anything is made in any.

    Raises:
        ZonesError: If one gives this account fewer than three.
    """
    for region in regions:
        availability_zones(region)


def availability_zones(region: str) -> tuple[str, ...]:
    """Return the first three availability zones of a Region that this account may use.

    Local zones are left out: a load balancer with a Lambda target cannot stand in one.

    Raises:
        ZonesError: If the Region gives this account fewer than three.
    """
    found = aws.get_availability_zones(
        region=region,
        state="available",
        filters=[{"name": "zone-type", "values": ["availability-zone"]}],
    )
    zones = sorted(found.names)
    if len(zones) < _ZONE_COUNT:
        msg = (
            f"{region} gives this account {len(zones)} availability zone(s), {', '.join(zones)};"
            f" expected {_ZONE_COUNT}; choose another Region in understudy:regions"
        )
        raise ZonesError(msg)
    return tuple(zones[:_ZONE_COUNT])
