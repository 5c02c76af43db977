"""VPC networking: stored, so that what stands in it has a place; no packet flows through it."""

from __future__ import annotations

import hashlib
from typing import Final

from emulator.catalogue import tags
from emulator.catalogue.model import (
    Call,
    Input,
    Name,
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


def _kept(**fields: object) -> Input:
    return recorded(_NO_PACKETS, **fields)


def _value(name: str) -> object:
    return {"Value": given(name)}


VPC: Final = ResourceType(
    type="aws:ec2/vpc:Vpc",
    service="ec2",
    inputs={
        "cidrBlock": _kept(force_new=True),
        "instanceTenancy": _kept(default="default", force_new=True),
        "enableDnsSupport": _kept(read="dnsSupport.Value", default=True),
        "enableDnsHostnames": _kept(read="dnsHostnames.Value", unset=False),
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
    inputs={"vpcId": _kept(read="Attachments[0].VpcId", force_new=True)},
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
        "vpcId": _kept(required=True, force_new=True),
        "cidrBlock": _kept(force_new=True),
        "availabilityZone": emulated(force_new=True),
        "mapPublicIpOnLaunch": _kept(unset=False),
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
    inputs={"vpcId": _kept(required=True, force_new=True)},
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
        "routeTableId": _kept(
            required=True, force_new=True, unread="AWS shows routes inside their table"
        ),
        "destinationCidrBlock": _kept(required=True, force_new=True),
        "gatewayId": _kept(),
        "natGatewayId": _kept(),
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
        "routeTableId": _kept(required=True, force_new=True),
        "subnetId": _kept(required=True, force_new=True),
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

SECURITY_GROUP: Final = ResourceType(
    type="aws:ec2/securityGroup:SecurityGroup",
    service="ec2",
    inputs={
        "name": _kept(aws="GroupName", force_new=True),
        "namePrefix": _kept(unread="becomes part of the name", force_new=True),
        "description": _kept(default="Managed by Pulumi", force_new=True),
        "vpcId": _kept(required=True, force_new=True),
        "revokeRulesOnDelete": _kept(unread="steers deletion only"),
    },
    absent="egress ingress",
    create=(
        Call(operation="CreateSecurityGroup"),
        # As pulumi-aws does: a new group lets nothing out until a rule says so.
        Call(
            operation="RevokeSecurityGroupEgress",
            only="",
            extra={
                "GroupId": own_id,
                "IpPermissions": [
                    lambda _: {  # pyright: ignore[reportUnknownLambdaType]  # a template's leaf
                        "IpProtocol": "-1",
                        "IpRanges": [{"CidrIp": "0.0.0.0/0"}],
                    }
                ],
            },
        ),
    ),
    id="GroupId",
    reads=(
        Read(
            operation="DescribeSecurityGroups",
            params={"GroupIds": [own_id]},
            at="SecurityGroups[0]",
        ),
    ),
    delete=(Call(operation="DeleteSecurityGroup", only="", extra={"GroupId": own_id}),),
    outputs={
        "arn": lambda subject: subject.arn("ec2", f"security-group/{subject.id}"),
        "ownerId": "OwnerId",
    },
    not_computed="ingress egress",
    tags=tags.ec2("security-group"),
    name=Name(),
    identity="name vpcId",
)


def _permission(subject: Subject) -> Values:
    described = {"Description": subject.get("description")} if subject.get("description") else {}
    permission: Values = {"IpProtocol": subject.get("ipProtocol")}
    for name, member in (("fromPort", "FromPort"), ("toPort", "ToPort")):
        if subject.get(name) is not None:
            permission[member] = subject.get(name)
    if subject.get("cidrIpv4"):
        permission["IpRanges"] = [{"CidrIp": subject.get("cidrIpv4")} | described]
    if subject.get("cidrIpv6"):
        permission["Ipv6Ranges"] = [{"CidrIpv6": subject.get("cidrIpv6")} | described]
    if subject.get("referencedSecurityGroupId"):
        pair = {"GroupId": subject.get("referencedSecurityGroupId")}
        permission["UserIdGroupPairs"] = [pair | described]
    return permission


def _one_source(inputs: Values) -> list[str]:
    sources = ("cidrIpv4", "cidrIpv6", "referencedSecurityGroupId")
    given_sources = [name for name in sources if inputs.get(name)]
    if len(given_sources) == 1:
        return []
    return [f"exactly one of {', '.join(sources)} is expected; got {given_sources or 'none'}"]


def _rule(direction: str) -> ResourceType:
    sent = "cidrIpv4 cidrIpv6 description fromPort ipProtocol referencedSecurityGroupId toPort"
    return ResourceType(
        type=f"aws:vpc/securityGroup{direction}Rule:SecurityGroup{direction}Rule",
        service="ec2",
        inputs={
            "securityGroupId": _kept(aws="GroupId", required=True, force_new=True),
            "ipProtocol": _kept(required=True, force_new=True),
            "fromPort": _kept(force_new=True),
            "toPort": _kept(force_new=True),
            "cidrIpv4": _kept(force_new=True),
            "cidrIpv6": _kept(force_new=True),
            "description": _kept(force_new=True),
            "referencedSecurityGroupId": _kept(read="ReferencedGroupInfo.GroupId", force_new=True),
        },
        absent="prefixListId",
        create=(
            Call(
                operation=f"AuthorizeSecurityGroup{direction}",
                only="securityGroupId",
                when=f"securityGroupId {sent}",
                extra={"IpPermissions": [_permission]},
            ),
        ),
        id="SecurityGroupRules[0].SecurityGroupRuleId",
        reads=(
            Read(
                operation="DescribeSecurityGroupRules",
                params={"SecurityGroupRuleIds": [own_id]},
                at="SecurityGroupRules[0]",
            ),
        ),
        delete=(
            Call(
                operation=f"RevokeSecurityGroup{direction}",
                only="securityGroupId",
                extra={"SecurityGroupRuleIds": [own_id]},
            ),
        ),
        outputs={
            "arn": lambda subject: subject.arn("ec2", f"security-group-rule/{subject.id}"),
            "securityGroupRuleId": own_id,
        },
        tags=tags.ec2("security-group-rule"),
        identity=f"securityGroupId {sent}",
        check=_one_source,
    )


TYPES: Final = (
    VPC,
    INTERNET_GATEWAY,
    SUBNET,
    ROUTE_TABLE,
    ROUTE,
    ROUTE_TABLE_ASSOCIATION,
    SECURITY_GROUP,
    _rule("Ingress"),
    _rule("Egress"),
)
