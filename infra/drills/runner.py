"""The function that runs a drill step by step, and what calls it besides the machine."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from infra.bucket import Bucket
from infra.dead_letters import DeadLetters
from infra.drills import permissions
from infra.drills.names import WHAT, machine_arn, parameter_name, topic_arn
from infra.drills.permissions import Drilled
from infra.event_call import call_on
from infra.function import Function, FunctionArgs
from infra.function_package import CLIENT, package
from infra.naming import RegionNames
from infra.observer import secret_name
from infra.policies import Encrypted, Statement
from infra.release import Release
from infra.settings import Settings

_MODULES: Final = (
    *("scheduled_drill", "drill_world", "drill_ground", "drill_journals", "drill_age"),
    *("restored_items", "restore_findings"),
    # Words to the observers are its items.
    "observer_memory",
)
_MEMORY_MB: Final = 512
# A step looks for seconds; this is for calls that AWS throttles. Within the lease of a drill's lock
# (`resilience.experiments.core.memory`), or another drill takes this one for dead; and the machine
# gives up on it a little later (`infra.drills.definition.TASK_S`).
_TIMEOUT_S: Final = 240


@dataclass(frozen=True, kw_only=True)
class RunnerArgs:
    """What the function needs to know.

    Attributes:
        here: Names in the Region that it runs in.
        first: Names in the Region that drills hurt.
        places: Names in every Region of the stack.
        settings: The stack's settings.
        release: What is served; its golden requests are what its clients ask.
        key_arn: The stack's key in its Region.
        first_key_arn: The stack's key in the Region that drills hurt.
        journals: Where journals go.
        dead_letters: Where calls go that it could not answer.
        secret_arn: The credential of the stack's own clients there, if they need one.
    """

    here: RegionNames
    first: RegionNames
    places: Sequence[RegionNames]
    settings: Settings
    release: Release
    key_arn: pulumi.Input[str]
    first_key_arn: pulumi.Input[str]
    journals: Bucket
    dead_letters: DeadLetters
    secret_arn: pulumi.Input[str] | None


class Runner(pulumi.ComponentResource):
    """The function; called hourly to tell the drills' age, and when a drill's machine has ended.

    Attributes:
        function: It.
    """

    function: Function

    def __init__(
        self, name: str, args: RunnerArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("understudy:infra:DrillRunner", name, None, opts)
        self.function = self._function(name, args)
        here = args.here
        self._called(
            f"{name}-hourly",
            here,
            "drill-age",
            description="Once an hour somebody asks when a drill last passed",
            schedule_expression="rate(1 hour)",
        )
        self._called(
            f"{name}-aftermath",
            here,
            "drill-aftermath",
            description="A drill's machine has ended as it should not: what it left is taken back",
            event_pattern=ended_badly(here),
        )
        self.register_outputs({"functionName": self.function.name})

    def _function(self, name: str, args: RunnerArgs) -> Function:
        here, settings = args.here, args.settings
        allowed = pulumi.Output.all(
            args.key_arn,
            args.first_key_arn,
            args.journals.encrypted,
            args.secret_arn or "",
        ).apply(lambda each: _allowed(args, *each))
        return Function(
            name,
            FunctionArgs(
                names=here,
                what=WHAT,
                handler="resilience.functions.scheduled_drill.handle",
                package=package(
                    [*_MODULES, *CLIENT],
                    {"golden.json": args.release.golden},
                    brain=True,
                    drills=True,
                ),
                environment={
                    "UNDERSTUDY_DRILLS": parameter_name(here),
                    "UNDERSTUDY_JOURNAL_BUCKET": here.bucket("journals"),
                    "UNDERSTUDY_DRILL_MACHINE": machine_arn(here),
                    "UNDERSTUDY_TOPIC": topic_arn(here),
                    "UNDERSTUDY_RELEASE_DIGEST": args.release.release_digest,
                    "UNDERSTUDY_METRICS_NAMESPACE": here.stack.metrics_namespace,
                }
                | ({} if args.secret_arn is None else secret_name(here)),
                memory_mb=_MEMORY_MB,
                timeout_s=_TIMEOUT_S,
                log_retention_days=settings.log_retention_days,
                key_arn=args.key_arn,
                permissions=allowed,
                dead_letters=args.dead_letters,
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _called(
        self,
        name: str,
        here: RegionNames,
        what: str,
        *,
        description: str,
        schedule_expression: str | None = None,
        event_pattern: str | None = None,
    ) -> None:
        rule = aws.cloudwatch.EventRule(
            f"{name}-rule",
            region=here.region,
            name=here.name(what),
            description=description,
            schedule_expression=schedule_expression,
            event_pattern=event_pattern,
            tags=here.tags(here.name(what)),
            opts=pulumi.ResourceOptions(parent=self),
        )
        call_on(name, rule, self.function, self, target_id=WHAT)


def _allowed(
    args: RunnerArgs,
    key_arn: str,
    first_key_arn: str,
    journals: Encrypted,
    secret_arn: str,
) -> tuple[Statement, ...]:
    drilled = Drilled(
        here=args.here,
        first=args.first,
        places=args.places,
        key_arn=key_arn,
        first_key_arn=first_key_arn,
        journals=journals,
        secret_arn=secret_arn,
    )
    return permissions.drill(drilled, args.settings.drills.experiments)


def ended_badly(here: RegionNames) -> str:
    """Return the pattern of a drill's machine that ended without its own rollback, or might have.

    An execution that is stopped by hand or times out runs no state any more; one whose definition
    fails is caught by none. After an ordinary failure there is nothing left to take back.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
    """
    return json.dumps(
        {
            "source": ["aws.states"],
            "detail-type": ["Step Functions Execution Status Change"],
            "detail": {
                "stateMachineArn": [machine_arn(here)],
                "status": ["FAILED", "TIMED_OUT", "ABORTED"],
            },
        }
    )
