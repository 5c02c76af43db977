"""A schedule that starts a function of the stack every so many minutes."""

from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from infra import policies
from infra.dead_letters import DeadLetters, send
from infra.function import Function
from infra.naming import RegionNames
from infra.service_role import ServiceRole, ServiceRoleArgs

MINUTELY_LATE_S: Final = 60
"""A run that could not begin within the time of the next one is worth nothing any more."""


@dataclass(frozen=True, kw_only=True)
class ScheduleArgs:
    """What a schedule needs to know.

    Attributes:
        names: Names in its Region.
        what: What it is for; ends its name.
        description: What it is for, in words.
        every_minutes: How often it starts the function.
        late_s: How late a start may be.
        function: What it starts, by its alias.
        key_arn: The stack's key in its Region.
        dead_letters: Where starts go that failed for good.
    """

    names: RegionNames
    what: str
    description: str
    every_minutes: int
    late_s: int
    function: Function
    key_arn: pulumi.Input[str]
    dead_letters: DeadLetters


def run_every(name: str, args: ScheduleArgs, parent: pulumi.Resource) -> None:
    """Make a schedule of EventBridge Scheduler and the role by which it starts its function."""
    names, every = args.names, args.every_minutes
    aws.scheduler.Schedule(
        f"{name}-schedule",
        region=names.region,
        name=names.name(args.what),
        description=args.description,
        state="ENABLED",
        schedule_expression=f"rate({every} minute{'' if every == 1 else 's'})",
        flexible_time_window={"mode": "OFF"},
        kms_key_arn=args.key_arn,
        target={
            "arn": args.function.alias_arn,
            "role_arn": _role(name, args, parent).arn,
            "dead_letter_config": {"arn": args.dead_letters.arn},
            "retry_policy": {
                "maximum_event_age_in_seconds": args.late_s,
                "maximum_retry_attempts": 1,
            },
        },
        opts=pulumi.ResourceOptions(parent=parent),
    )


def _role(name: str, args: ScheduleArgs, parent: pulumi.Resource) -> ServiceRole:
    letters, region = args.dead_letters, args.names.region

    def allowed(arns: list[str]) -> str:
        alias, queue, key = map(str, arns)
        invoke = policies.Statement(actions=["lambda:InvokeFunction"], resources=[alias])
        return policies.policy(invoke, *send(queue, key, region))

    return ServiceRole(
        f"{name}-starts",
        ServiceRoleArgs(
            names=args.names,
            what=f"{args.what}-schedule",
            service=policies.SCHEDULER,
            policy=pulumi.Output.all(args.function.alias_arn, letters.arn, letters.key_arn).apply(
                allowed
            ),
        ),
        opts=pulumi.ResourceOptions(parent=parent),
    )
