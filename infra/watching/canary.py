"""The canary of one Region: a function on a schedule that asks the others as a client does."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from infra import policies
from infra.dead_letters import DeadLetters, send
from infra.function import Function, FunctionArgs
from infra.naming import RegionNames
from infra.release import Release
from infra.service_role import ServiceRole, ServiceRoleArgs

_SOURCE: Final = "resilience/functions/canary.py"
_MEMORY_MB: Final = 512
# Its own limits end it after seconds; this is for what they cannot end.
_TIMEOUT_S: Final = 240
_SECRET_RECOVERY_DAYS: Final = 7
# A run that could not begin within the time of the next one is worth nothing any more.
_LATE_S: Final = 60


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
    """Its function, its credential's secret, and its schedule."""

    def __init__(
        self, name: str, args: CanaryArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("understudy:infra:Canary", name, None, opts)
        function = self._function(name, args)
        self._schedule(name, args, function)
        self.register_outputs({})

    def _function(self, name: str, args: CanaryArgs) -> Function:
        environment: dict[str, str] = {
            "UNDERSTUDY_CANARY_TARGETS": json.dumps(args.targets, sort_keys=True),
            "UNDERSTUDY_RELEASE_DIGEST": args.release.release_digest,
            "UNDERSTUDY_METRICS_NAMESPACE": args.names.stack.metrics_namespace,
        }
        permissions: pulumi.Input[tuple[policies.Statement, ...]] = ()
        if args.authenticated:
            secret = self._secret(name, args)
            environment["UNDERSTUDY_CANARY_SECRET"] = args.names.name("canary")
            permissions = pulumi.Output.all(secret.arn, args.key_arn).apply(
                lambda arns: read_secret(str(arns[0]), str(arns[1]), args.names.region)
            )
        return Function(
            name,
            FunctionArgs(
                names=args.names,
                what="canary",
                handler="canary.handle",
                package=pulumi.AssetArchive(
                    {
                        "canary.py": pulumi.FileAsset(_SOURCE),
                        "golden.json": pulumi.StringAsset(args.release.golden),
                    }
                ),
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

    def _schedule(self, name: str, args: CanaryArgs, function: Function) -> None:
        names, letters = args.names, args.dead_letters
        every = args.every_minutes
        aws.scheduler.Schedule(
            f"{name}-schedule",
            region=names.region,
            name=names.name("canary"),
            description="When the canary looks at the other Regions",
            schedule_expression=f"rate({every} minute{'' if every == 1 else 's'})",
            flexible_time_window={"mode": "OFF"},
            kms_key_arn=args.key_arn,
            target={
                "arn": function.alias_arn,
                "role_arn": self._scheduler_role(name, args, function).arn,
                "dead_letter_config": {"arn": letters.arn},
                "retry_policy": {
                    "maximum_event_age_in_seconds": _LATE_S,
                    "maximum_retry_attempts": 1,
                },
            },
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _scheduler_role(self, name: str, args: CanaryArgs, function: Function) -> ServiceRole:
        letters, region = args.dead_letters, args.names.region

        def allowed(arns: list[str]) -> str:
            alias, queue, key = map(str, arns)
            invoke = policies.Statement(actions=["lambda:InvokeFunction"], resources=[alias])
            return policies.policy(invoke, *send(queue, key, region))

        return ServiceRole(
            f"{name}-starts",
            ServiceRoleArgs(
                names=args.names,
                what="canary-schedule",
                service=policies.SCHEDULER,
                policy=pulumi.Output.all(function.alias_arn, letters.arn, letters.key_arn).apply(
                    allowed
                ),
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )


def read_secret(secret_arn: str, key_arn: str, region: str) -> tuple[policies.Statement, ...]:
    """Read one secret that is encrypted with the stack's key.

    Source: https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
    """
    return (
        policies.Statement(actions=["secretsmanager:GetSecretValue"], resources=[secret_arn]),
        policies.use_key(key_arn, "Decrypt", service=f"secretsmanager.{region}.amazonaws.com"),
    )
