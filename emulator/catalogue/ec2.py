"""VPC networking: stored, so that what stands in it has a place; no packet flows through it."""

from __future__ import annotations

import hashlib
from typing import Final

from emulator.catalogue import tags
from emulator.catalogue.model import (
    Call,
    Input,
    Read,
    ResourceType,
    Subject,
    Values,
    emulated,
    given,
    own_id,
    recorded,
)

_NO_PACKETS: Final = "no packets flow through the emulated VPC"


def stored(**fields: object) -> Input:
    """An input of the network: kept, and of no consequence to the traffic that is emulated."""
    return recorded(_NO_PACKETS, **fields)


def _value(name: str) -> object:
    return {"Value": given(name)}


VPC: Final = ResourceType(
    type="aws:ec2/vpc:Vpc",
    service="ec2",
    inputs={
        "cidrBlock": stored(force_new=True),
        "instanceTenancy": stored(default="default", force_new=True),
        "enableDnsSupport": stored(read="dnsSupport.Value", default=True),
        "enableDnsHostnames": stored(read="dnsHostnames.Value", unset=False),
    },
    absent="assignGeneratedIpv6CidrBlock enableNetworkAddressUsageMetrics ipv4IpamPoolId "
    "ipv4NetmaskLength ipv6CidrBlock ipv6CidrBlockNetworkBorderGroup ipv6IpamPoolId "
    "ipv6NetmaskLength",
    create=(
        Call(operation="CreateVpc"),
        Call(
            operation="ModifyVpcAttribute",
            only="",
            when="enableDnsSupport",
            only_if=lambda subject: subject.get("enableDnsSupport") is False,
            extra={"VpcId": own_id, "EnableDnsSupport": _value("enableDnsSupport")},
        ),
        Call(
            operation="ModifyVpcAttribute",
            only="",
            when="enableDnsHostnames",
            extra={"VpcId": own_id, "EnableDnsHostnames": _value("enableDnsHostnames")},
        ),
    ),
    id="Vpc.VpcId",
    reads=(
        Read(operation="DescribeVpcs", params={"VpcIds": [own_id]}, at="Vpcs[0]"),
        Read(
            operation="DescribeVpcAttribute",
            params={"VpcId": own_id, "Attribute": "enableDnsSupport"},
            at="EnableDnsSupport",
            into="dnsSupport",
        ),
        Read(
            operation="DescribeVpcAttribute",
            params={"VpcId": own_id, "Attribute": "enableDnsHostnames"},
            at="EnableDnsHostnames",
            into="dnsHostnames",
        ),
    ),
    update=(
        Call(
            operation="ModifyVpcAttribute",
            only="",
            when="enableDnsSupport",
            extra={"VpcId": own_id, "EnableDnsSupport": _value("enableDnsSupport")},
        ),
        Call(
            operation="ModifyVpcAttribute",
            only="",
            when="enableDnsHostnames",
            extra={"VpcId": own_id, "EnableDnsHostnames": _value("enableDnsHostnames")},
        ),
    ),
    delete=(Call(operation="DeleteVpc", only="", extra={"VpcId": own_id}),),
    outputs={
        "arn": lambda subject: subject.arn("ec2", f"vpc/{subject.id}"),
        "dhcpOptionsId": "DhcpOptionsId",
        "ownerId": "OwnerId",
    },
    not_computed="defaultNetworkAclId defaultRouteTableId defaultSecurityGroupId "
    "ipv6AssociationId mainRouteTableId",
    tags=tags.ec2("vpc"),
)

INTERNET_GATEWAY: Final = ResourceType(
    type="aws:ec2/internetGateway:InternetGateway",
    service="ec2",
    inputs={"vpcId": stored(read="Attachments[0].VpcId", force_new=True)},
    create=(
        Call(operation="CreateInternetGateway", only=""),
        Call(
            operation="AttachInternetGateway",
            when="vpcId",
            extra={"InternetGatewayId": own_id},
        ),
    ),
    id="InternetGateway.InternetGatewayId",
    reads=(
        Read(
            operation="DescribeInternetGateways",
            params={"InternetGatewayIds": [own_id]},
            at="InternetGateways[0]",
        ),
    ),
    delete=(
        Call(operation="DetachInternetGateway", when="vpcId", extra={"InternetGatewayId": own_id}),
        Call(operation="DeleteInternetGateway", only="", extra={"InternetGatewayId": own_id}),
    ),
    outputs={
        "arn": lambda subject: subject.arn("ec2", f"internet-gateway/{subject.id}"),
        "ownerId": "OwnerId",
    },
    tags=tags.ec2("internet-gateway"),
)

SUBNET: Final = ResourceType(
    type="aws:ec2/subnet:Subnet",
    service="ec2",
    inputs={
        "vpcId": stored(required=True, force_new=True),
        "cidrBlock": stored(force_new=True),
        "availabilityZone": emulated(force_new=True),
        "mapPublicIpOnLaunch": stored(unset=False),
    },
    absent="assignIpv6AddressOnCreation availabilityZoneId customerOwnedIpv4Pool enableDns64 "
    "enableLniAtDeviceIndex enableResourceNameDnsARecordOnLaunch "
    "enableResourceNameDnsAaaaRecordOnLaunch ipv4IpamPoolId ipv4NetmaskLength ipv6CidrBlock "
    "ipv6IpamPoolId ipv6Native ipv6NetmaskLength mapCustomerOwnedIpOnLaunch outpostArn "
    "privateDnsHostnameTypeOnLaunch",
    create=(
        Call(operation="CreateSubnet"),
        Call(
            operation="ModifySubnetAttribute",
            only="",
            when="mapPublicIpOnLaunch",
            extra={"SubnetId": own_id, "MapPublicIpOnLaunch": _value("mapPublicIpOnLaunch")},
        ),
    ),
    id="Subnet.SubnetId",
    reads=(Read(operation="DescribeSubnets", params={"SubnetIds": [own_id]}, at="Subnets[0]"),),
    update=(
        Call(
            operation="ModifySubnetAttribute",
            only="",
            when="mapPublicIpOnLaunch",
            extra={"SubnetId": own_id, "MapPublicIpOnLaunch": _value("mapPublicIpOnLaunch")},
        ),
    ),
    delete=(Call(operation="DeleteSubnet", only="", extra={"SubnetId": own_id}),),
    outputs={
        "arn": lambda subject: subject.arn("ec2", f"subnet/{subject.id}"),
        "availabilityZoneId": "AvailabilityZoneId",
        "ownerId": "OwnerId",
    },
    not_computed="ipv6CidrBlockAssociationId",
    tags=tags.ec2("subnet"),
)

ROUTE_TABLE: Final = ResourceType(
    type="aws:ec2/routeTable:RouteTable",
    service="ec2",
    inputs={"vpcId": stored(required=True, force_new=True)},
    absent="propagatingVgws routes",
    create=(Call(operation="CreateRouteTable"),),
    id="RouteTable.RouteTableId",
    reads=(
        Read(
            operation="DescribeRouteTables", params={"RouteTableIds": [own_id]}, at="RouteTables[0]"
        ),
    ),
    delete=(Call(operation="DeleteRouteTable", only="", extra={"RouteTableId": own_id}),),
    outputs={
        "arn": lambda subject: subject.arn("ec2", f"route-table/{subject.id}"),
        "ownerId": "OwnerId",
    },
    tags=tags.ec2("route-table"),
)


def _route(subject: Subject, answer: Values) -> Values | None:
    routes = (answer["RouteTables"] or [{}])[0].get("Routes", [])
    wanted = subject.get("destinationCidrBlock")
    return next((each for each in routes if each.get("DestinationCidrBlock") == wanted), None)


def _route_id(subject: Subject) -> str:
    destination = str(subject.get("destinationCidrBlock")).encode()
    return f"r-{subject.get('routeTableId')}{hashlib.sha256(destination).hexdigest()[:10]}"


ROUTE: Final = ResourceType(
    type="aws:ec2/route:Route",
    service="ec2",
    inputs={
        "routeTableId": stored(
            required=True, force_new=True, unread="AWS shows routes inside their table"
        ),
        "destinationCidrBlock": stored(required=True, force_new=True),
        "gatewayId": stored(),
        "natGatewayId": stored(),
    },
    absent="carrierGatewayId coreNetworkArn destinationIpv6CidrBlock destinationPrefixListId "
    "egressOnlyGatewayId localGatewayId networkInterfaceId odbNetworkArn transitGatewayId "
    "vpcEndpointId vpcPeeringConnectionId",
    create=(Call(operation="CreateRoute"),),
    id=_route_id,
    reads=(
        Read(
            operation="DescribeRouteTables",
            params={"RouteTableIds": [given("routeTableId")]},
            at=_route,
        ),
    ),
    update=(
        Call(
            operation="ReplaceRoute",
            when="gatewayId natGatewayId",
        ),
    ),
    delete=(Call(operation="DeleteRoute", only="routeTableId destinationCidrBlock"),),
    outputs={"state": "State", "origin": "Origin"},
    not_computed="instanceId instanceOwnerId",
    identity="routeTableId destinationCidrBlock",
)

_ASSOCIATION_FILTER: Final = [
    lambda subject: {  # pyright: ignore[reportUnknownLambdaType]  # a template's leaf
        "Name": "association.route-table-association-id",
        "Values": [subject.id],
    }
]


def _association(subject: Subject, answer: Values) -> Values | None:
    associations = (each for table in answer["RouteTables"] for each in table["Associations"])
    return next(
        (each for each in associations if each["RouteTableAssociationId"] == subject.id), None
    )


ROUTE_TABLE_ASSOCIATION: Final = ResourceType(
    type="aws:ec2/routeTableAssociation:RouteTableAssociation",
    service="ec2",
    inputs={
        "routeTableId": stored(required=True, force_new=True),
        "subnetId": stored(required=True, force_new=True),
    },
    absent="gatewayId",
    create=(Call(operation="AssociateRouteTable"),),
    id="AssociationId",
    reads=(
        Read(
            operation="DescribeRouteTables",
            params={"Filters": _ASSOCIATION_FILTER},
            at=_association,
        ),
    ),
    delete=(Call(operation="DisassociateRouteTable", only="", extra={"AssociationId": own_id}),),
    identity="subnetId",
)

TYPES: Final = (VPC, INTERNET_GATEWAY, SUBNET, ROUTE_TABLE, ROUTE, ROUTE_TABLE_ASSOCIATION)
