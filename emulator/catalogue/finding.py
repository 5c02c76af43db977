"""Finding again what was created without an answer: for types whose id only the answer tells.

A create that a run did not see the end of may have made something. These reads find it by what
else names it there: a name, a place that only one can take, or all of its tags.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from emulator.catalogue.lambda_ import function_name
from emulator.catalogue.model import Read, Subject, Template, Values, given

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def by_type(kind: str) -> Read | None:
    """The read that finds a resource of this type again; None when nothing names it."""
    return _READS.get(kind)


def _names(subject: Subject) -> list[Any]:
    return [subject.get("name")]


def _at(place: str, member: str, wanted: str, found: str) -> Callable[[Subject, Values], Any]:
    """Among what an answer lists at `place`: the `found` member of what takes the same place."""

    def pick(subject: Subject, answer: Values) -> Any:
        items: list[dict[str, Any]] = answer[place]
        here = [each[found] for each in items if str(each[member]) == str(subject.get(wanted))]
        return here[0] if here else None

    return pick


def _filters(**values: str) -> Template:
    """EC2's filters: filter name to the input that it is compared with."""

    def source(subject: Subject) -> list[Values]:
        return [
            {"Name": name.replace("_", "-"), "Values": [str(subject.get(wanted))]}
            for name, wanted in values.items()
        ]

    return {"Filters": source}


def _tagged(subject: Subject) -> list[Values]:
    tags: dict[str, str] = subject.get("tags") or {"no tags": "so there is nothing to find it by"}
    return [{"Name": f"tag:{key}", "Values": [value]} for key, value in tags.items()]


def _only(place: str, found: str) -> Callable[[Subject, Values], Any]:
    """The one thing listed; tags name nothing when two things bear them."""

    def pick(subject: Subject, answer: Values) -> Any:
        del subject
        items: list[dict[str, Any]] = answer[place]
        return items[0][found] if len(items) == 1 else None

    return pick


def _ends_with_name(place: str, found: str) -> Callable[[Subject, Values], Any]:
    def pick(subject: Subject, answer: Values) -> Any:
        ends = f":{subject.get('name')}"
        return next((e[found] for e in answer.get(place, []) if str(e[found]).endswith(ends)), None)

    return pick


def _association(subject: Subject, answer: Values) -> Any:
    for table in answer["RouteTables"]:
        for each in table["Associations"]:
            if each.get("SubnetId") == subject.get("subnetId"):
                return each["RouteTableAssociationId"]
    return None


_RULE_SHOWN: Final = {
    "fromPort": "FromPort",
    "toPort": "ToPort",
    "ipProtocol": "IpProtocol",
    "cidrIpv4": "CidrIpv4",
    "cidrIpv6": "CidrIpv6",
    "prefixListId": "PrefixListId",
}


def _security_rule(egress: bool) -> Read:  # noqa: FBT001  # one of two directions
    def pick(subject: Subject, answer: Values) -> Any:
        wanted = {shown: subject.get(name) for name, shown in _RULE_SHOWN.items()}
        wanted = {shown: value for shown, value in wanted.items() if value is not None}
        wanted["IsEgress"] = egress
        for each in answer["SecurityGroupRules"]:
            other = (each.get("ReferencedGroupInfo") or {}).get("GroupId")
            alike = all(each.get(shown) == value for shown, value in wanted.items())
            if alike and other == subject.get("referencedSecurityGroupId"):
                return each["SecurityGroupRuleId"]
        return None

    params = _filters(group_id="securityGroupId")
    return Read(operation="DescribeSecurityGroupRules", params=params, at=pick)


_READS: Final[Mapping[str, Read]] = {
    "aws:ec2/internetGateway:InternetGateway": Read(
        operation="DescribeInternetGateways",
        params={"Filters": _tagged},
        at=_only("InternetGateways", "InternetGatewayId"),
    ),
    "aws:ec2/routeTable:RouteTable": Read(
        operation="DescribeRouteTables",
        params={"Filters": _tagged},
        at=_only("RouteTables", "RouteTableId"),
    ),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": Read(
        operation="DescribeRouteTables",
        params=_filters(**{"association.subnet_id": "subnetId"}),
        at=_association,
    ),
    "aws:ec2/securityGroup:SecurityGroup": Read(
        operation="DescribeSecurityGroups",
        params=_filters(group_name="name", vpc_id="vpcId"),
        at="SecurityGroups[0].GroupId",
    ),
    "aws:ec2/subnet:Subnet": Read(
        operation="DescribeSubnets",
        params=_filters(vpc_id="vpcId", cidr_block="cidrBlock"),
        at="Subnets[0].SubnetId",
    ),
    "aws:ec2/vpc:Vpc": Read(
        operation="DescribeVpcs", params={"Filters": _tagged}, at=_only("Vpcs", "VpcId")
    ),
    "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": Read(
        operation="DescribeDeliveryStream",
        params={"DeliveryStreamName": given("name")},
        at="DeliveryStreamDescription.DeliveryStreamARN",
    ),
    "aws:lambda/alias:Alias": Read(
        operation="GetAlias",
        params={
            "FunctionName": lambda subject: function_name(subject.get("functionName")),
            "Name": given("name"),
        },
        at="AliasArn",
    ),
    "aws:lb/listener:Listener": Read(
        operation="DescribeListeners",
        params={"LoadBalancerArn": given("loadBalancerArn")},
        at=_at("Listeners", "Port", "port", "ListenerArn"),
    ),
    "aws:lb/listenerRule:ListenerRule": Read(
        operation="DescribeRules",
        params={"ListenerArn": given("listenerArn")},
        at=_at("Rules", "Priority", "priority", "RuleArn"),
    ),
    "aws:lb/loadBalancer:LoadBalancer": Read(
        operation="DescribeLoadBalancers",
        params={"Names": _names},
        at="LoadBalancers[0].LoadBalancerArn",
    ),
    "aws:lb/targetGroup:TargetGroup": Read(
        operation="DescribeTargetGroups",
        params={"Names": _names},
        at="TargetGroups[0].TargetGroupArn",
    ),
    "aws:secretsmanager/secret:Secret": Read(
        operation="DescribeSecret", params={"SecretId": given("name")}, at="ARN"
    ),
    "aws:sns/topic:Topic": Read(
        operation="ListTopics", params={}, at=_ends_with_name("Topics", "TopicArn")
    ),
    "aws:sqs/queue:Queue": Read(
        operation="GetQueueUrl", params={"QueueName": given("name")}, at="QueueUrl"
    ),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _security_rule(egress=True),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _security_rule(egress=False),
}
