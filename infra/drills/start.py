"""The schedule that starts a drill, in the Region that the drill does not hurt first."""

import json
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from infra import policies
from infra.dead_letters import DeadLetters, send
from infra.drills.names import WHAT, machine_arn
from infra.naming import RegionNames
from infra.service_role import ServiceRole, ServiceRoleArgs

IN_TURN: Final = "in-turn"
"""What a schedule asks for: the function knows which of the experiments is next."""

# A start that is later than this may fall out of the window; the next one is not far.
_LATE_S: Final = 600


@dataclass(frozen=True, kw_only=True)
class StartArgs:
    """What the schedule needs to know.

    Attributes:
        names: Names in its Region.
        schedule: When, a cron expression in UTC.
        machine_arn: What it starts.
        key_arn: The stack's key there.
        dead_letters: Where starts go that failed for good.
    """

    names: RegionNames
    schedule: str
    machine_arn: pulumi.Output[str]
    key_arn: pulumi.Input[str]
    dead_letters: DeadLetters


class Start(pulumi.ComponentResource):
    """A schedule of EventBridge Scheduler, and the role by which it starts the machine.

    Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-templated.html
    """

    def __init__(
        self, name: str, args: StartArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("understudy:infra:DrillStart", name, None, opts)
        names = args.names
        aws.scheduler.Schedule(
            f"{name}-schedule",
            region=names.region,
            name=names.name(WHAT),
            description="When the next drill starts",
            state="ENABLED",
            schedule_expression=args.schedule,
            schedule_expression_timezone="UTC",
            flexible_time_window={"mode": "OFF"},
            kms_key_arn=args.key_arn,
            target={
                "arn": args.machine_arn,
                "role_arn": self._role(name, args).arn,
                "input": json.dumps({"experiment": IN_TURN}),
                "dead_letter_config": {"arn": args.dead_letters.arn},
                "retry_policy": {
                    "maximum_event_age_in_seconds": _LATE_S,
                    "maximum_retry_attempts": 3,
                },
            },
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})

    def _role(self, name: str, args: StartArgs) -> ServiceRole:
        letters, region = args.dead_letters, args.names.region

        def allowed(arns: list[str]) -> str:
            queue, key = map(str, arns)
            start = policies.Statement(
                actions=["states:StartExecution"], resources=[machine_arn(args.names)]
            )
            return policies.policy(start, *send(queue, key, region))

        return ServiceRole(
            f"{name}-starts",
            ServiceRoleArgs(
                names=args.names,
                what=f"{WHAT}-schedule",
                service=policies.SCHEDULER,
                policy=pulumi.Output.all(letters.arn, letters.key_arn).apply(allowed),
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
