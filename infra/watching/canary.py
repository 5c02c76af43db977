"""The canary of one Region: a function on a schedule that asks the others as a client does."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from infra.client_secret import read_secret
from infra.dead_letters import DeadLetters
from infra.function import Function, FunctionArgs
from infra.function_package import CLIENT, package
from infra.naming import RegionNames
from infra.release import Release
from infra.watching.schedule import MINUTELY_LATE_S, ScheduleArgs, run_every

_MEMORY_MB: Final = 512
# Its own limits end it after seconds; this is for what they cannot end.
_TIMEOUT_S: Final = 240
_SECRET_RECOVERY_DAYS: Final = 7


@dataclass(frozen=True, kw_only=True)
class CanaryArgs:
    """What a canary needs to know.

    Attributes:
        names: Names in its Region.
        targets: Names of the other Regions' endpoints, by Region.
        release: Whose golden requests it sends.
        key_arn: The stack's key in its Region.
        dead_letters: Where runs go that failed for good.
        every_minutes: How often it looks.
        log_retention_days: How long its logs are kept.
        authenticated: Whether clients must say who they are; then it has a secret, which is made
            empty and which an operator fills.
        deletion_protection: Whether a deleted secret can be had back.
    """

    names: RegionNames
    targets: Mapping[str, str]
    release: Release
    key_arn: pulumi.Input[str]
    dead_letters: DeadLetters
    every_minutes: int
    log_retention_days: int
    authenticated: bool
    deletion_protection: bool


class Canary(pulumi.ComponentResource):
    """Its function, its credential's secret, and its schedule.

    Attributes:
        secret_arn: The secret; None where clients need to show nothing.
    """

    secret_arn: pulumi.Output[str] | None

    def __init__(
        self, name: str, args: CanaryArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("understudy:infra:Canary", name, None, opts)
        self.secret_arn = self._secret(name, args).arn if args.authenticated else None
        function = self._function(name, args)
        run_every(
            name,
            ScheduleArgs(
                names=args.names,
                what="canary",
                description="When the canary looks at the other Regions",
                every_minutes=args.every_minutes,
                late_s=MINUTELY_LATE_S,
                function=function,
                key_arn=args.key_arn,
                dead_letters=args.dead_letters,
            ),
            self,
        )
        self.register_outputs({})

    def _function(self, name: str, args: CanaryArgs) -> Function:
        environment: dict[str, str] = {
            "UNDERSTUDY_CANARY_TARGETS": json.dumps(args.targets, sort_keys=True),
            "UNDERSTUDY_RELEASE_DIGEST": args.release.release_digest,
            "UNDERSTUDY_METRICS_NAMESPACE": args.names.stack.metrics_namespace,
        }
        if self.secret_arn is not None:
            environment["UNDERSTUDY_CANARY_SECRET"] = args.names.name("canary")
        permissions = (
            ()
            if self.secret_arn is None
            else pulumi.Output.all(self.secret_arn, args.key_arn).apply(
                lambda arns: read_secret(str(arns[0]), str(arns[1]), args.names.region)
            )
        )
        return Function(
            name,
            FunctionArgs(
                names=args.names,
                what="canary",
                handler="resilience.functions.canary.handle",
                package=package(["canary", *CLIENT], {"golden.json": args.release.golden}),
                environment=environment,
                memory_mb=_MEMORY_MB,
                timeout_s=_TIMEOUT_S,
                log_retention_days=args.log_retention_days,
                key_arn=args.key_arn,
                permissions=permissions,
                dead_letters=args.dead_letters,
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _secret(self, name: str, args: CanaryArgs) -> aws.secretsmanager.Secret:
        names = args.names
        return aws.secretsmanager.Secret(
            f"{name}-secret",
            region=names.region,
            name=names.name("canary"),
            description="The canary's credential; docs/how-to/give-canaries-a-credential.md",
            kms_key_id=args.key_arn,
            recovery_window_in_days=_SECRET_RECOVERY_DAYS if args.deletion_protection else 0,
            tags=names.tags(names.name("canary")),
            opts=pulumi.ResourceOptions(parent=self),
        )
