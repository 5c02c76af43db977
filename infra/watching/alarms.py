"""Alarms and pages as CloudWatch resources, with the topic that hears of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws
from pulumi_aws.cloudwatch import MetricAlarmMetricQueryArgsDict

from infra.naming import RegionNames
from infra.watching.alarm import METRICS_IN_AN_ALARM, Alarm, Maths, Metric, Page, Watch, described

# A page that waits for another one: so long, to see whether the other opens; and so long after
# the other has closed, for what it caused to be made good.
_WAIT_S: Final = 180
_EXTENSION_S: Final = 900


@dataclass(frozen=True, kw_only=True)
class AlarmsArgs:
    """What alarms need to know.

    Attributes:
        names: Names in their Region.
        watches: Families of alarms, each with its page, in the Region.
        topic_arn: Who hears of them.
        runbook_base_url: Where their pages are.
    """

    names: RegionNames
    watches: tuple[Watch, ...]
    topic_arn: pulumi.Input[str]
    runbook_base_url: str


class Alarms(pulumi.ComponentResource):
    """Metric alarms, and a composite alarm over each family of them.

    Every one tells the topic when it fires and when it is over. Only the composites' messages
    wake somebody (`topic`), so that one incident is one page, however many alarms it sets off.

    Attributes:
        arns: Of the metric alarms, by what ends their names.
    """

    arns: dict[str, pulumi.Output[str]]

    def __init__(
        self, name: str, args: AlarmsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("understudy:infra:Alarms", name, None, opts)
        self.arns = {}
        pages: dict[str, aws.cloudwatch.CompositeAlarm] = {}
        for watch in args.watches:
            alarms = {alarm.name: self._alarm(name, alarm, args) for alarm in watch.alarms}
            self.arns |= {ending: alarm.arn for ending, alarm in alarms.items()}
            over = [*alarms.values(), *pages.values()]
            pages[watch.page.slug] = self._page(name, watch.page, args, over)
        self.register_outputs({})

    def _alarm(self, name: str, alarm: Alarm, args: AlarmsArgs) -> aws.cloudwatch.MetricAlarm:
        names, signal = args.names, alarm.signal
        single = signal if isinstance(signal, Metric) else None
        due, periods = alarm.of
        return aws.cloudwatch.MetricAlarm(
            f"{name}-{alarm.name}",
            region=names.region,
            name=names.name(alarm.name),
            alarm_description=described(
                alarm.means, alarm.slug, runbook_base_url=args.runbook_base_url
            ),
            namespace=None if single is None else single.namespace,
            metric_name=None if single is None else single.name,
            dimensions=None if single is None else single.dimensions,
            statistic=None if single is None else single.stat,
            period=None if single is None else alarm.period_s,
            metric_queries=_queries(signal, alarm.period_s) if isinstance(signal, Maths) else None,
            comparison_operator=alarm.comparison,
            threshold=alarm.threshold,
            datapoints_to_alarm=due,
            evaluation_periods=periods,
            treat_missing_data=alarm.missing,
            alarm_actions=[args.topic_arn],
            ok_actions=[args.topic_arn],
            tags=names.tags(names.name(alarm.name)),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _page(
        self, name: str, page: Page, args: AlarmsArgs, over: Sequence[pulumi.CustomResource]
    ) -> aws.cloudwatch.CompositeAlarm:
        names = args.names
        return aws.cloudwatch.CompositeAlarm(
            f"{name}-{page.slug}",
            region=names.region,
            alarm_name=names.name(page.slug),
            alarm_description=described(
                page.means, page.slug, runbook_base_url=args.runbook_base_url
            ),
            alarm_rule=page.rule(names.stack.prefix),
            actions_suppressor=None
            if page.unless is None
            else {
                "alarm": names.name(page.unless),
                "wait_period": _WAIT_S,
                "extension_period": _EXTENSION_S,
            },
            alarm_actions=[args.topic_arn],
            ok_actions=[args.topic_arn],
            tags=names.tags(names.name(page.slug)),
            # A rule may name only alarms that exist.
            opts=pulumi.ResourceOptions(parent=self, depends_on=over),
        )


def _queries(maths: Maths, period_s: int) -> list[MetricAlarmMetricQueryArgsDict]:
    if len(maths.metrics) > METRICS_IN_AN_ALARM:
        raise ValueError(
            f"{maths.label} needs {len(maths.metrics)} metrics; an alarm takes"
            f" {METRICS_IN_AN_ALARM}: use fewer Regions in one stack"
        )
    result: MetricAlarmMetricQueryArgsDict = {
        "id": "result",
        "expression": maths.expression,
        "label": maths.label,
        "return_data": True,
    }
    return [result, *(_query(id_, metric, period_s) for id_, metric in maths.metrics.items())]


def _query(id_: str, metric: Metric, period_s: int) -> MetricAlarmMetricQueryArgsDict:
    return {
        "id": id_,
        "metric": {
            "namespace": metric.namespace,
            "metric_name": metric.name,
            "dimensions": metric.dimensions,
            "period": period_s,
            "stat": metric.stat,
        },
    }
