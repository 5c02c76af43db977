"""The observer of one Region: the function that decides on failover, and what starts it.

It acts on its own Region alone: one item of the table's replica there, flags and markers in
buckets there, the topic there. Other Regions it meets as a client and by DNS.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from infra.drills.names import may_be_hurt
from infra.event_call import call_on
from infra.function import Function, FunctionArgs
from infra.function_package import CLIENT, package
from infra.naming import RegionNames
from infra.observer_policies import observe
from infra.region import Region
from infra.release import Release
from infra.ring import watched_by, watchers_of
from infra.settings import Settings
from infra.watching.schedule import MINUTELY_LATE_S, ScheduleArgs, run_every

WHAT: Final = "observer"

_MODULES: Final = (
    *("observer", "observer_config", "observer_look", "observer_memory", "observer_senses"),
    "observer_world",
)
_MEMORY_MB: Final = 512
# A minute of looks, the last of them a slow one.
_TIMEOUT_S: Final = 90


@dataclass(frozen=True, kw_only=True)
class ObserverArgs:
    """What an observer needs to know.

    Attributes:
        region: What serves in its Region.
        settings: The stack's settings.
        release: What is served; its golden requests are what the observer asks.
        key_arn: The stack's key in its Region.
        table_arn: The replica of the stack's table there.
        topic_arn: Who is told there.
        secret_arn: The credential of the stack's own clients there, if they need one.
    """

    region: Region
    settings: Settings
    release: Release
    key_arn: pulumi.Input[str]
    table_arn: pulumi.Input[str]
    topic_arn: pulumi.Input[str]
    secret_arn: pulumi.Input[str] | None


class Observer(pulumi.ComponentResource):
    """Its function, started every minute and whenever an alarm of its Region fires.

    Attributes:
        function_name: The function's name.
    """

    function_name: pulumi.Output[str]

    def __init__(
        self, name: str, args: ObserverArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("understudy:infra:Observer", name, None, opts)
        function = self._function(name, args)
        names, letters = args.region.names, args.region.dead_letters
        run_every(
            name,
            ScheduleArgs(
                names=names,
                what=WHAT,
                description="When the observer begins to look for another minute",
                every_minutes=1,
                late_s=MINUTELY_LATE_S,
                function=function,
                key_arn=args.key_arn,
                dead_letters=letters,
            ),
            self,
        )
        self._on_alarms(name, args, function)
        self.function_name = function.name
        self.register_outputs({"functionName": self.function_name})

    def _function(self, name: str, args: ObserverArgs) -> Function:
        region, names = args.region, args.region.names
        arns = (args.table_arn, args.key_arn, args.topic_arn, args.secret_arn or "")
        permissions = pulumi.Output.all(
            *arns, region.evacuation.flags.encrypted, region.predictions.encrypted
        ).apply(
            lambda each: observe(
                *map(str, each[:4]), flags=each[4], predictions=each[5], region=names.region
            )
        )
        return Function(
            name,
            FunctionArgs(
                names=names,
                what=WHAT,
                handler="resilience.functions.observer.handle",
                package=package(
                    [*_MODULES, *CLIENT], {"golden.json": args.release.golden}, brain=True
                ),
                environment=environment(names, args.settings, args.release)
                | ({} if args.secret_arn is None else secret_name(names)),
                memory_mb=_MEMORY_MB,
                timeout_s=_TIMEOUT_S,
                log_retention_days=args.settings.log_retention_days,
                key_arn=args.key_arn,
                permissions=permissions,
                dead_letters=region.dead_letters,
                tags=may_be_hurt(injections=args.settings.drills.injections),
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _on_alarms(self, name: str, args: ObserverArgs, function: Function) -> None:
        """Start a run at once when something is wrong: up to a minute sooner than the schedule."""
        names = args.region.names
        rule = aws.cloudwatch.EventRule(
            f"{name}-alarms",
            region=names.region,
            name=names.name(WHAT),
            description="An alarm of the stack fires in this Region",
            event_pattern=alarms_fire(names),
            tags=names.tags(names.name(WHAT)),
            opts=pulumi.ResourceOptions(parent=self),
        )
        # A start that does not come through is made good by the schedule: nothing to keep.
        call_on(name, rule, function, self, target_id=WHAT, late_s=MINUTELY_LATE_S)


def environment(names: RegionNames, settings: Settings, release: Release) -> dict[str, str]:
    """Return what an observer is told; `resilience/functions/observer_config.py` reads it."""
    observing, objectives = settings.observing, settings.objectives
    numbers = {
        "look_s": observing.look_s,
        "agreement_s": observing.agreement_s,
        "hold_down_s": objectives.failback_hold_s,
        "stale_after_s": observing.stale_after_s,
        "lease_s": observing.lease_s,
        "caught_up_s": objectives.rpo_s,
    }
    here = names.region
    return {
        "UNDERSTUDY_OBSERVER": json.dumps(numbers, sort_keys=True),
        "UNDERSTUDY_REGIONS": _listed(settings.regions),
        "UNDERSTUDY_WATCHED_REGIONS": _listed(watched_by(here, settings.regions)),
        "UNDERSTUDY_DEPUTY": watchers_of(here, settings.regions)[0],
        "UNDERSTUDY_ZONE": settings.zone_name,
        "UNDERSTUDY_TABLE": names.stack.prefix,
        "UNDERSTUDY_EVACUATION_BUCKET": names.bucket("evacuation"),
        "UNDERSTUDY_PREDICTION_BUCKET": names.bucket("predictions"),
        "UNDERSTUDY_TOPIC": f"arn:aws:sns:{here}:{names.stack.account_id}:{names.name('pager')}",
        "UNDERSTUDY_RELEASE_DIGEST": release.release_digest,
        "UNDERSTUDY_METRICS_NAMESPACE": names.stack.metrics_namespace,
    }


def secret_name(names: RegionNames) -> dict[str, str]:
    """Return where the credential is, which the observer shares with the canary."""
    return {"UNDERSTUDY_CANARY_SECRET": names.name("canary")}


def alarms_fire(names: RegionNames) -> str:
    """Return the pattern of an alarm of the stack that begins to fire.

    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
    """
    return json.dumps(
        {
            "source": ["aws.cloudwatch"],
            "detail-type": ["CloudWatch Alarm State Change"],
            "detail": {
                "alarmName": [{"prefix": f"{names.stack.prefix}-"}],
                "state": {"value": ["ALARM"]},
            },
        }
    )


def _listed(regions: Sequence[str]) -> str:
    return ",".join(regions)
