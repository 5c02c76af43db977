"""Everything a stack is watched by: each Region by itself and by the others, one view of all."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from infra.aws_regions import HEALTH_METRICS_REGION
from infra.naming import RegionNames, StackNames
from infra.observer import Observer
from infra.region import Region
from infra.release import Release
from infra.settings import Settings
from infra.table import Table
from infra.traffic import Traffic
from infra.watching.alarm import Watch
from infra.watching.alarms import Alarms, AlarmsArgs
from infra.watching.dashboard import Dashboard, DashboardArgs, RegionView
from infra.watching.health_alarms import health_watch
from infra.watching.region_watch import RegionWatch, RegionWatchArgs, own_metrics
from infra.watching.topic import Topic, TopicArgs


@dataclass(frozen=True, kw_only=True)
class WatchingArgs:
    """What watching needs to know.

    Attributes:
        names: Names in the stack.
        settings: The stack's settings.
        release: What is served.
        key_arns: The stack's key, in each Region and where health alarms stand.
        table: What its Regions must agree on.
        regions: What serves, by Region, in the settings' order.
        traffic: What Route 53 follows.
    """

    names: StackNames
    settings: Settings
    release: Release
    key_arns: Mapping[str, pulumi.Output[str]]
    table: Table
    regions: Mapping[str, Region]
    traffic: Traffic


class Watching(pulumi.ComponentResource):
    """A watch in each Region, alarms on what Route 53 says of them, and a dashboard.

    The alarms on health checks can stand in us-east-1 only. They belong to the watch of that
    Region, or, in a stack that does not serve from there, have a topic of their own.
    """

    observers: dict[str, Observer]
    topic_arns: dict[str, pulumi.Output[str]]
    alarm_arns: dict[str, Mapping[str, pulumi.Output[str]]]
    secret_arns: dict[str, pulumi.Output[str] | None]

    def __init__(
        self, name: str, args: WatchingArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("understudy:infra:Watching", name, None, opts)
        regions = args.regions
        health = health_watch(
            # Not in the settings' order: roles move, and what is watched does not.
            {region: args.traffic.health[region].serving_check_id for region in sorted(regions)}
        )
        watches = {region: self._region(region, args, health) for region in regions}
        self.observers = {region: watch.observer for region, watch in watches.items()}
        self.topic_arns = {region: watch.topic_arn for region, watch in watches.items()}
        self.alarm_arns = {region: watch.alarm_arns for region, watch in watches.items()}
        self.secret_arns = {region: watch.secret_arn for region, watch in watches.items()}
        if HEALTH_METRICS_REGION not in regions:
            self._health_alone(f"{name}-health", args, health)
        Dashboard(
            f"{name}-overview",
            DashboardArgs(
                names=args.names,
                through=args.settings.data.home_region,
                views=tuple(_view(region, args, watches[region]) for region in sorted(regions)),
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})

    def _region(self, region: str, args: WatchingArgs, health: Watch) -> RegionWatch:
        return RegionWatch(
            f"{region}-watch",
            RegionWatchArgs(
                region=args.regions[region],
                others=_others(region, args),
                settings=args.settings,
                release=args.release,
                key_arn=args.key_arns[region],
                table_arn=args.table.arns[region],
                besides=(health,) if region == HEALTH_METRICS_REGION else (),
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _health_alone(self, name: str, args: WatchingArgs, health: Watch) -> None:
        child = pulumi.ResourceOptions(parent=self)
        names = RegionNames(stack=args.names, region=HEALTH_METRICS_REGION)
        watching = args.settings.watching
        topic = Topic(
            f"{name}-pager",
            TopicArgs(
                names=names,
                key_arn=args.key_arns[HEALTH_METRICS_REGION],
                pager_endpoint=watching.pager_endpoint,
            ),
            opts=child,
        )
        Alarms(
            f"{name}-alarms",
            AlarmsArgs(
                names=names,
                watches=(health,),
                topic_arn=topic.arn,
                runbook_base_url=watching.runbook_base_url,
            ),
            opts=child,
        )


def _others(region: str, args: WatchingArgs) -> tuple[str, ...]:
    return tuple(other for other in sorted(args.regions) if other != region)


def _view(region: str, args: WatchingArgs, watch: RegionWatch) -> RegionView:
    return RegionView(
        region=region,
        serving=watch.serving,
        recovery=watch.recovery,
        serving_check_id=args.traffic.health[region].serving_check_id,
        watchers=tuple(own_metrics(args.regions[other].names) for other in _others(region, args)),
    )
