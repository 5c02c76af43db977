"""The load balancer of one Region, and what it does with a request."""

from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from infra.naming import RegionNames

HTTPS_PORT: Final = 443

# TLS 1.2 and 1.3, forward secrecy only: AWS's recommended policy.
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
_TLS_POLICY: Final = "ELBSecurityPolicy-TLS13-1-2-2021-06"

# DNS moves new connections only. The default would let a client keep one for an hour, so that a
# Region could be evacuated and still serve; 60 s is the least there is.
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html
_CLIENT_KEEP_ALIVE_S: Final = 60


@dataclass(frozen=True, kw_only=True)
class LoadBalancerArgs:
    """What a load balancer needs to know.

    Attributes:
        names: Names in its Region.
        vpc_id: The network it stands in.
        subnet_ids: Public subnets, one an availability zone.
        certificate_arn: A certificate that is issued already.
        default_target_group_arn: Where requests go.
        evacuation_target_group_arn: Where requests for `/evacuation/*` go.
        deletion_protection: Whether it refuses to be deleted.
    """

    names: RegionNames
    vpc_id: pulumi.Input[str]
    subnet_ids: list[pulumi.Output[str]]
    certificate_arn: pulumi.Input[str]
    default_target_group_arn: pulumi.Input[str]
    evacuation_target_group_arn: pulumi.Input[str]
    deletion_protection: bool


class LoadBalancer(pulumi.ComponentResource):
    """An internet-facing application load balancer that speaks HTTPS only."""

    arn: pulumi.Output[str]
    dns_name: pulumi.Output[str]
    zone_id: pulumi.Output[str]
    listener_arn: pulumi.Output[str]

    def __init__(
        self, name: str, args: LoadBalancerArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("understudy:infra:LoadBalancer", name, None, opts)
        names = args.names
        balancer = aws.lb.LoadBalancer(
            f"{name}-alb",
            region=names.region,
            name=names.stack.prefix,
            load_balancer_type="application",
            internal=False,
            ip_address_type="ipv4",
            subnets=args.subnet_ids,
            security_groups=[self._security_group(name, args)],
            client_keep_alive=_CLIENT_KEEP_ALIVE_S,
            drop_invalid_header_fields=True,
            enable_deletion_protection=args.deletion_protection,
            tags=names.tags(names.stack.prefix),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn = balancer.arn
        self.dns_name = balancer.dns_name
        self.zone_id = balancer.zone_id
        self.listener_arn = self._listener(name, args)
        self.register_outputs({"arn": self.arn, "listenerArn": self.listener_arn})

    def _security_group(self, name: str, args: LoadBalancerArgs) -> pulumi.Output[str]:
        """Let HTTPS in and nothing out: Lambda targets are invoked, not connected to.

        Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
        """
        names = args.names
        group = aws.ec2.SecurityGroup(
            f"{name}-security",
            region=names.region,
            name=names.name("alb"),
            description="HTTPS from anywhere to the load balancer",
            vpc_id=args.vpc_id,
            tags=names.tags(names.name("alb")),
            opts=pulumi.ResourceOptions(parent=self),
        )
        aws.vpc.SecurityGroupIngressRule(
            f"{name}-https",
            region=names.region,
            security_group_id=group.id,
            description="HTTPS from anywhere",
            cidr_ipv4="0.0.0.0/0",
            ip_protocol="tcp",
            from_port=HTTPS_PORT,
            to_port=HTTPS_PORT,
            tags=names.tags(names.name("https")),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return group.id

    def _listener(self, name: str, args: LoadBalancerArgs) -> pulumi.Output[str]:
        names = args.names
        listener = aws.lb.Listener(
            f"{name}-https",
            region=names.region,
            load_balancer_arn=self.arn,
            port=HTTPS_PORT,
            protocol="HTTPS",
            ssl_policy=_TLS_POLICY,
            certificate_arn=args.certificate_arn,
            default_actions=[
                {"type": "forward", "target_group_arn": args.default_target_group_arn}
            ],
            tags=names.tags(names.name("https")),
            opts=pulumi.ResourceOptions(parent=self),
        )
        aws.lb.ListenerRule(
            f"{name}-evacuation",
            region=names.region,
            listener_arn=listener.arn,
            priority=10,
            conditions=[{"path_pattern": {"values": ["/evacuation/*"]}}],
            actions=[{"type": "forward", "target_group_arn": args.evacuation_target_group_arn}],
            tags=names.tags(names.name("evacuation")),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return listener.arn
