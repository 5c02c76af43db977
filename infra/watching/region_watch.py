"""What one Region is watched by: its topic, its alarms, its canary."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from infra.backup_names import VAULT
from infra.drills.names import drilled_from
from infra.naming import RegionNames
from infra.observer import Observer, ObserverArgs
from infra.region import Region
from infra.release import Release
from infra.settings import Settings
from infra.watching.alarm import Watch
from infra.watching.alarms import Alarms, AlarmsArgs
from infra.watching.backup_alarms import BackedUp, backup_watch
from infra.watching.canary import Canary, CanaryArgs
from infra.watching.drill_alarms import drill_watch
from infra.watching.neighbour_alarms import Neighbours, neighbour_watch
from infra.watching.recovery_alarms import Recovery, recovery_watch
from infra.watching.serving_alarms import Serving, serving_watch
from infra.watching.signals import Balancer, OwnMetrics, replication_rule
from infra.watching.topic import Topic, TopicArgs
from infra.zonal_autoshift import ZonalAutoshift, ZonalAutoshiftArgs
from infra.zone import regional_name


@dataclass(frozen=True, kw_only=True)
class RegionWatchArgs:
    """What watching a Region needs to know.

    Attributes:
        region: What serves there.
        others: The stack's other Regions.
        settings: The stack's settings.
        release: What is served; its golden requests are what the canary sends.
        key_arn: The stack's key in the Region.
        table_arn: The replica of the stack's table there.
        besides: Families of alarms that stand here for all Regions.
    """

    region: Region
    others: Sequence[str]
    settings: Settings
    release: Release
    key_arn: pulumi.Input[str]
    table_arn: pulumi.Input[str]
    besides: tuple[Watch, ...] = ()


class RegionWatch(pulumi.ComponentResource):
    """Watches one Region, and the others from it; needs nothing of another Region to work.

    Attributes:
        serving: What serves clients there, as it is watched.
        recovery: What a failover will need of it, as it is watched.
        observer: What decides on failover there.
        topic_arn: Who is told there.
        alarm_arns: Of its metric alarms, by what ends their names.
        secret_arn: The credential of the stack's own clients there; None if they need none.
    """

    serving: Serving
    recovery: Recovery
    observer: Observer
    topic_arn: pulumi.Output[str]
    alarm_arns: Mapping[str, pulumi.Output[str]]
    secret_arn: pulumi.Output[str] | None

    def __init__(
        self, name: str, args: RegionWatchArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("understudy:infra:RegionWatch", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        names, watching = args.region.names, args.settings.watching
        canary = self._canary(name, args)
        own = own_metrics(names)
        self.serving = _serving(args.region, own)
        self.recovery = _recovery(args, own)
        topic = Topic(
            f"{name}-pager",
            TopicArgs(names=names, key_arn=args.key_arn, pager_endpoint=watching.pager_endpoint),
            opts=child,
        )
        self.observer = Observer(
            f"{name}-observer",
            ObserverArgs(
                region=args.region,
                settings=args.settings,
                release=args.release,
                key_arn=args.key_arn,
                table_arn=args.table_arn,
                topic_arn=topic.arn,
                secret_arn=canary.secret_arn,
            ),
            opts=child,
        )
        alarms = Alarms(
            f"{name}-alarms",
            AlarmsArgs(
                names=names,
                watches=(
                    serving_watch(self.serving, watching),
                    neighbour_watch(Neighbours(own=own, targets=args.others), watching),
                    recovery_watch(self.recovery, watching),
                    *_backups(args, own),
                    *_drilled(args, own),
                    *args.besides,
                ),
                topic_arn=topic.arn,
                runbook_base_url=watching.runbook_base_url,
            ),
            opts=child,
        )
        if args.settings.zonal.autoshift:
            self._zonal_autoshift(name, args, alarms)
        self.topic_arn, self.alarm_arns = topic.arn, alarms.arns
        self.secret_arn = canary.secret_arn
        self.register_outputs({"topicArn": topic.arn})

    def _zonal_autoshift(self, name: str, args: RegionWatchArgs, alarms: Alarms) -> None:
        ZonalAutoshift(
            f"{name}-zonal-autoshift",
            ZonalAutoshiftArgs(
                names=args.region.names,
                load_balancer_arn=args.region.load_balancer.arn,
                outcome_alarm_arns=[alarms.arns[each] for each in ("availability", "latency")],
                # With a neighbour out, this Region may be the only one.
                blocking_alarm_arns=[alarms.arns[f"canary-failure-{one}"] for one in args.others],
                settings=args.settings.zonal,
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _canary(self, name: str, args: RegionWatchArgs) -> Canary:
        settings = args.settings
        return Canary(
            f"{name}-canary",
            CanaryArgs(
                names=args.region.names,
                targets={other: regional_name(other, settings.zone_name) for other in args.others},
                release=args.release,
                key_arn=args.key_arn,
                dead_letters=args.region.dead_letters,
                every_minutes=settings.watching.canary_minutes,
                log_retention_days=settings.log_retention_days,
                authenticated=settings.edge.client_authentication != "none",
                deletion_protection=settings.deletion_protection,
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )


def own_metrics(names: RegionNames) -> OwnMetrics:
    """Return what the stack says of itself from one Region."""
    return OwnMetrics(namespace=names.stack.metrics_namespace, region=names.region)


def _backups(args: RegionWatchArgs, own: OwnMetrics) -> tuple[Watch, ...]:
    settings = args.settings.backup
    if not settings.enabled:
        return ()
    backed_up = BackedUp(
        own=own,
        vault_name=args.region.names.name(VAULT),
        test_overdue_s=settings.test_overdue_s,
    )
    return (backup_watch(backed_up),)


def _drilled(args: RegionWatchArgs, own: OwnMetrics) -> tuple[Watch, ...]:
    drills = args.settings.drills
    if not drills.scheduled or own.region != drilled_from(args.settings.regions):
        return ()
    return (drill_watch(own, overdue_days=drills.overdue_days),)


def _serving(region: Region, own: OwnMetrics) -> Serving:
    return Serving(
        balancer=Balancer(
            load_balancer_arn=region.load_balancer.arn,
            target_group_arn=region.target.target_group_arn,
        ),
        function_name=region.function.name,
        own=own,
    )


def _recovery(args: RegionWatchArgs, own: OwnMetrics) -> Recovery:
    region, here = args.region, args.region.names
    others = [RegionNames(stack=here.stack, region=other) for other in args.others]
    arriving = {
        bucket.kind: tuple(replication_rule(other, here, bucket.kind) for other in others)
        for bucket in (region.releases, region.predictions)
    }
    leaving = {
        bucket.kind: tuple(replication_rule(here, other, bucket.kind) for other in others)
        for bucket in (region.releases, region.predictions)
    }
    return Recovery(
        own=own,
        arriving=arriving,
        leaving=leaving,
        stream_name=here.name("predictions"),
        switch_name=region.evacuation.function_name,
        dead_letters_name=region.dead_letters.name,
        rpo_s=args.settings.objectives.rpo_s,
    )
