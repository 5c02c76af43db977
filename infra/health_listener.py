"""The door for Route 53's health checkers: a port of its own, where nobody else is answered."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.naming import RegionNames
from infra.ports import HEALTH_PORT, NOT_FOUND_BODY, TLS_POLICY


@dataclass(frozen=True, kw_only=True)
class HealthListenerArgs:
    """What a health listener needs to know.

    Attributes:
        names: Names in its Region.
        load_balancer_arn: The load balancer it is a door of.
        certificate_arn: A certificate that is issued already.
        ready_target_group_arn: Who answers `/health/ready` and `/health/live`.
        evacuation_target_group_arn: Who answers `/evacuation/*`.
    """

    names: RegionNames
    load_balancer_arn: pulumi.Input[str]
    certificate_arn: pulumi.Input[str]
    ready_target_group_arn: pulumi.Input[str]
    evacuation_target_group_arn: pulumi.Input[str]


class HealthListener(pulumi.ComponentResource):
    """Answers health paths and nothing else, to whom the security group lets through.

    Health checkers carry no credential, so none is ever asked for here; what clients may do is the
    other listener's, and no prediction can be had by this one.
    """

    arn: pulumi.Output[str]

    def __init__(
        self, name: str, args: HealthListenerArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("understudy:infra:HealthListener", name, None, opts)
        names = args.names
        listener = aws.lb.Listener(
            f"{name}-listener",
            region=names.region,
            load_balancer_arn=args.load_balancer_arn,
            port=HEALTH_PORT,
            protocol="HTTPS",
            ssl_policy=TLS_POLICY,
            certificate_arn=args.certificate_arn,
            default_actions=[
                {
                    "type": "fixed-response",
                    "fixed_response": {
                        "status_code": "404",
                        "content_type": "application/json",
                        "message_body": NOT_FOUND_BODY,
                    },
                }
            ],
            tags=names.tags(names.name("health")),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn = listener.arn
        ready, evacuation = args.ready_target_group_arn, args.evacuation_target_group_arn
        self._rule(f"{name}-ready", names, 10, ["/health/ready", "/health/live"], ready)
        self._rule(f"{name}-evacuation", names, 20, ["/evacuation/*"], evacuation)
        self.register_outputs({"arn": self.arn})

    def _rule(
        self,
        name: str,
        names: RegionNames,
        priority: int,
        paths: list[str],
        target_group_arn: pulumi.Input[str],
    ) -> None:
        aws.lb.ListenerRule(
            name,
            region=names.region,
            listener_arn=self.arn,
            priority=priority,
            conditions=[{"path_pattern": {"values": paths}}],
            actions=[{"type": "forward", "target_group_arn": target_group_arn}],
            tags=names.tags(names.name("health")),
            opts=pulumi.ResourceOptions(parent=self),
        )
