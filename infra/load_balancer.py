"""The load balancer of one Region, and the two doors in it."""

from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from infra.access_logs import AccessLogs, AccessLogsArgs
from infra.balancer_security import BalancerSecurity, BalancerSecurityArgs
from infra.client_listener import ClientListener, ClientListenerArgs
from infra.health_listener import HealthListener, HealthListenerArgs
from infra.naming import RegionNames
from infra.settings.edge import EdgeSettings
from infra.web_firewall import WebFirewall, WebFirewallArgs

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
        evacuation_target_group_arn: Where health checkers' requests for `/evacuation/*` go.
        deletion_protection: Whether it refuses to be deleted.
        settings: The edge's settings.
        bundle_bucket: A bucket of the Region, for the authorities of client certificates.
        key_arn: The stack's KMS key in the Region.
        log_retention_days: How long logs of the web firewall are kept.
    """

    names: RegionNames
    vpc_id: pulumi.Input[str]
    subnet_ids: list[pulumi.Output[str]]
    certificate_arn: pulumi.Input[str]
    default_target_group_arn: pulumi.Input[str]
    evacuation_target_group_arn: pulumi.Input[str]
    deletion_protection: bool
    settings: EdgeSettings
    bundle_bucket: pulumi.Input[str]
    key_arn: pulumi.Input[str]
    log_retention_days: int


class LoadBalancer(pulumi.ComponentResource):
    """An internet-facing application load balancer that speaks HTTPS only.

    It has two listeners: one for clients, one for Route 53's health checkers, so that who may call
    can be decided for clients without the checkers having to be let through.
    """

    arn: pulumi.Output[str]
    dns_name: pulumi.Output[str]
    zone_id: pulumi.Output[str]
    listener_arn: pulumi.Output[str]
    log_bucket: pulumi.Output[str]

    def __init__(
        self, name: str, args: LoadBalancerArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("understudy:infra:LoadBalancer", name, None, opts)
        names = args.names
        child = pulumi.ResourceOptions(parent=self)
        security = BalancerSecurity(
            f"{name}-security", BalancerSecurityArgs(names=names, vpc_id=args.vpc_id), opts=child
        )
        logs = AccessLogs(
            f"{name}-logs",
            AccessLogsArgs(
                names=names,
                days=args.settings.access_log_days,
                deletion_protection=args.deletion_protection,
            ),
            opts=child,
        )
        balancer = aws.lb.LoadBalancer(
            f"{name}-alb",
            region=names.region,
            name=names.stack.prefix,
            load_balancer_type="application",
            internal=False,
            ip_address_type="ipv4",
            subnets=args.subnet_ids,
            security_groups=[security.group_id],
            client_keep_alive=_CLIENT_KEEP_ALIVE_S,
            drop_invalid_header_fields=True,
            access_logs={"bucket": logs.bucket_name, "enabled": True},
            enable_deletion_protection=args.deletion_protection,
            # A zone can then be left by one call, without this program or Route 53.
            enable_zonal_shift=True,
            tags=names.tags(names.stack.prefix),
            opts=child,
        )
        self.arn = balancer.arn
        self.log_bucket = logs.bucket_name
        self.dns_name = balancer.dns_name
        self.zone_id = balancer.zone_id
        self.listener_arn = self._listeners(name, args)
        if args.settings.web_firewall:
            WebFirewall(
                f"{name}-firewall",
                WebFirewallArgs(
                    names=names,
                    load_balancer_arn=self.arn,
                    settings=args.settings,
                    key_arn=args.key_arn,
                    log_retention_days=args.log_retention_days,
                ),
                opts=child,
            )
        self.register_outputs({"arn": self.arn, "listenerArn": self.listener_arn})

    def _listeners(self, name: str, args: LoadBalancerArgs) -> pulumi.Output[str]:
        child = pulumi.ResourceOptions(parent=self)
        HealthListener(
            f"{name}-health",
            HealthListenerArgs(
                names=args.names,
                load_balancer_arn=self.arn,
                certificate_arn=args.certificate_arn,
                ready_target_group_arn=args.default_target_group_arn,
                evacuation_target_group_arn=args.evacuation_target_group_arn,
            ),
            opts=child,
        )
        clients = ClientListener(
            f"{name}-clients",
            ClientListenerArgs(
                names=args.names,
                load_balancer_arn=self.arn,
                certificate_arn=args.certificate_arn,
                target_group_arn=args.default_target_group_arn,
                settings=args.settings,
                bundle_bucket=args.bundle_bucket,
            ),
            opts=child,
        )
        return clients.arn
