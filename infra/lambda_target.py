"""How a load balancer reaches a function: target group, permission, registration."""

from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from infra.naming import RegionNames

_CHECK_INTERVAL_S: Final = 10
_CHECK_TIMEOUT_S: Final = 5


@dataclass(frozen=True, kw_only=True)
class LambdaTargetArgs:
    """What a target needs to know.

    Attributes:
        names: Names in its Region.
        what: What the function is for; ends the target group's name.
        function_name: The function.
        alias_name: The alias it is invoked by.
        alias_arn: The same, as the load balancer wants it.
        health_path: A path that is answered with 200 while the function can do its work.
    """

    names: RegionNames
    what: str
    function_name: pulumi.Input[str]
    alias_name: pulumi.Input[str]
    alias_arn: pulumi.Input[str]
    health_path: str


class LambdaTarget(pulumi.ComponentResource):
    """A target group that invokes one function by its alias, with health checks on.

    They are off by default for Lambda targets, and then every function is called healthy:
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html

    The target group's ARN is handed out once the function is registered in it.
    """

    target_group_arn: pulumi.Output[str]

    def __init__(
        self, name: str, args: LambdaTargetArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("understudy:infra:LambdaTarget", name, None, opts)
        region = args.names.region
        group = self._target_group(name, args)
        permission = aws.lambda_.Permission(
            f"{name}-permission",
            region=region,
            statement_id="load-balancer",
            action="lambda:InvokeFunction",
            function=args.function_name,
            qualifier=args.alias_name,
            principal="elasticloadbalancing.amazonaws.com",
            source_arn=group.arn,
            opts=pulumi.ResourceOptions(parent=self),
        )
        # Registering a function that may not be invoked is refused.
        attachment = aws.lb.TargetGroupAttachment(
            f"{name}-registration",
            region=region,
            target_group_arn=group.arn,
            target_id=args.alias_arn,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[permission]),
        )
        self.target_group_arn = attachment.target_group_arn
        self.register_outputs({"targetGroupArn": self.target_group_arn})

    def _target_group(self, name: str, args: LambdaTargetArgs) -> aws.lb.TargetGroup:
        group_name = args.names.name(args.what)
        return aws.lb.TargetGroup(
            f"{name}-group",
            region=args.names.region,
            name=group_name,
            target_type="lambda",
            lambda_multi_value_headers_enabled=True,
            health_check={
                "enabled": True,
                "path": args.health_path,
                "matcher": "200",
                "interval": _CHECK_INTERVAL_S,
                "timeout": _CHECK_TIMEOUT_S,
                "healthy_threshold": 2,
                "unhealthy_threshold": 2,
            },
            tags=args.names.tags(group_name),
            opts=pulumi.ResourceOptions(parent=self),
        )
