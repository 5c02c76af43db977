"""Security groups and their rules: they decide who reaches a load balancer (`store.admission`).

Nothing else has one: functions are not in the network.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from emulator.catalogue import tags
from emulator.catalogue.ec2 import stored
from emulator.catalogue.model import (
    Call,
    Name,
    Read,
    ResourceType,
    Subject,
    Values,
    emulated,
    own_id,
    recorded,
)

SECURITY_GROUP: Final = ResourceType(
    type="aws:ec2/securityGroup:SecurityGroup",
    service="ec2",
    inputs={
        "name": stored(aws="GroupName", force_new=True),
        "namePrefix": stored(unread="becomes part of the name", force_new=True),
        "description": stored(default="Managed by Pulumi", force_new=True),
        "vpcId": stored(required=True, force_new=True),
        "revokeRulesOnDelete": stored(unread="steers deletion only"),
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
    if subject.get("prefixListId"):
        permission["PrefixListIds"] = [{"PrefixListId": subject.get("prefixListId")} | described]
    if subject.get("referencedSecurityGroupId"):
        pair = {"GroupId": subject.get("referencedSecurityGroupId")}
        permission["UserIdGroupPairs"] = [pair | described]
    return permission


def _one_source(inputs: Values) -> list[str]:
    sources = ("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId")
    given_sources = [name for name in sources if inputs.get(name)]
    if len(given_sources) == 1:
        return []
    return [f"exactly one of {', '.join(sources)} is expected; got {given_sources or 'none'}"]


_NEVER_FROM_OUTSIDE: Final = "clients come from outside the network, by IPv4"
_NOTHING_LEAVES: Final = "of what leaves, only whether everything may is looked at"


def _rule(direction: str) -> ResourceType:
    acted_on = emulated if direction == "Ingress" else partial(recorded, _NOTHING_LEAVES)
    sent = (
        "cidrIpv4 cidrIpv6 description fromPort ipProtocol prefixListId referencedSecurityGroupId "
        "toPort"
    )
    return ResourceType(
        type=f"aws:vpc/securityGroup{direction}Rule:SecurityGroup{direction}Rule",
        service="ec2",
        inputs={
            "securityGroupId": acted_on(aws="GroupId", required=True, force_new=True),
            "ipProtocol": acted_on(required=True, force_new=True),
            "fromPort": acted_on(force_new=True),
            "toPort": acted_on(force_new=True),
            "cidrIpv4": acted_on(force_new=True),
            "cidrIpv6": recorded(_NEVER_FROM_OUTSIDE, force_new=True),
            "prefixListId": acted_on(force_new=True),
            "description": stored(force_new=True),
            "referencedSecurityGroupId": recorded(
                _NEVER_FROM_OUTSIDE, read="ReferencedGroupInfo.GroupId", force_new=True
            ),
        },
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


TYPES: Final = (SECURITY_GROUP, _rule("Ingress"), _rule("Egress"))
