"""Who reaches a load balancer's ports."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.naming import RegionNames
from infra.ports import CLIENT_PORT, HEALTH_PORT


@dataclass(frozen=True, kw_only=True)
class BalancerSecurityArgs:
    """What a load balancer's security group needs to know.

    Attributes:
        names: Names in its Region.
        vpc_id: The network it is for.
    """

    names: RegionNames
    vpc_id: pulumi.Input[str]


class BalancerSecurity(pulumi.ComponentResource):
    """Lets anyone reach the clients' port, Route 53's health checkers the other, and nothing out.

    Nothing out, because Lambda targets are invoked, not connected to:
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
    """

    group_id: pulumi.Output[str]

    def __init__(
        self, name: str, args: BalancerSecurityArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("understudy:infra:BalancerSecurity", name, None, opts)
        names = args.names
        group = aws.ec2.SecurityGroup(
            f"{name}-group",
            region=names.region,
            name=names.name("alb"),
            description="HTTPS from anywhere, health checks from Route 53",
            vpc_id=args.vpc_id,
            tags=names.tags(names.name("alb")),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.group_id = group.id
        self._admit(name, names, "https", CLIENT_PORT, cidr_ipv4="0.0.0.0/0")
        checkers = checkers_prefix_list(names.region)
        self._admit(name, names, "health", HEALTH_PORT, prefix_list_id=checkers)
        self.register_outputs({"groupId": self.group_id})

    def _admit(
        self,
        name: str,
        names: RegionNames,
        what: str,
        port: int,
        *,
        cidr_ipv4: str | None = None,
        prefix_list_id: str | None = None,
    ) -> None:
        source = "anywhere" if cidr_ipv4 else "the health checkers of Route 53"
        aws.vpc.SecurityGroupIngressRule(
            f"{name}-{what}",
            region=names.region,
            security_group_id=self.group_id,
            description=f"HTTPS from {source}",
            cidr_ipv4=cidr_ipv4,
            prefix_list_id=prefix_list_id,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            tags=names.tags(names.name(what)),
            opts=pulumi.ResourceOptions(parent=self),
        )


def checkers_prefix_list(region: str) -> str:
    """Look up AWS's own list of the addresses that Route 53's health checkers come from.

    It counts as 25 rules towards the security group's quota, which is 60 by default.
    Source: https://docs.aws.amazon.com/vpc/latest/userguide/working-with-aws-managed-prefix-lists.html
    """
    return aws.ec2.get_managed_prefix_list(
        name=f"com.amazonaws.{region}.route53-healthchecks", region=region
    ).id
