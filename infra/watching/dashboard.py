"""The dashboard of a stack: its Regions side by side, one row for each question asked at night.

CloudWatch's dashboards belong to no Region: one is seen from every Region's console, and takes
metrics from all of them. So there is one for a stack, not one in each Region.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi
import pulumi_aws as aws

from infra.aws_regions import HEALTH_METRICS_REGION
from infra.naming import StackNames
from infra.watching.alarm import MINUTE_S, Maths, Metric
from infra.watching.recovery_alarms import Recovery
from infra.watching.serving_alarms import Serving, failed_share
from infra.watching.signals import (
    OwnMetrics,
    of_function,
    of_health_check,
    of_queue,
    of_stream,
)

# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
_WIDTH: Final = 24
_LEAST_WIDTH: Final = 6
_HEIGHT: Final = 6
_TITLE_HEIGHT: Final = 2

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class RegionView:
    """What is shown of one Region.

    Attributes:
        region: The Region.
        serving: What serves clients there.
        recovery: What a failover will need of it.
        serving_check_id: What Route 53 follows.
        watchers: The metrics of the other Regions, whose canaries look at this one.
    """

    region: str
    serving: Serving
    recovery: Recovery
    serving_check_id: pulumi.Input[str]
    watchers: Sequence[OwnMetrics]


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a graph: a metric, and the Region it is in."""

    label: str
    region: str
    signal: Metric | Maths
    right: bool = False


@dataclass(frozen=True, kw_only=True)
class DashboardArgs:
    """What a dashboard needs to know.

    Attributes:
        names: Names in the stack.
        through: The Region whose endpoint it is managed by.
        views: What it shows, a column each.
    """

    names: StackNames
    through: str
    views: Sequence[RegionView]


class Dashboard(pulumi.ComponentResource):
    """One dashboard; a column for each Region."""

    def __init__(
        self, name: str, args: DashboardArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("understudy:infra:Dashboard", name, None, opts)
        aws.cloudwatch.Dashboard(
            f"{name}-dashboard",
            region=args.through,
            dashboard_name=args.names.prefix,
            dashboard_body=pulumi.Output.json_dumps(dashboard_body(args.views), sort_keys=True),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})


def arn_by_name(names: StackNames) -> str:
    """Return its ARN without waiting for it: it belongs to no Region, but is made through one."""
    return f"arn:aws:cloudwatch::{names.account_id}:dashboard/{names.prefix}"


def dashboard_body(views: Sequence[RegionView]) -> Json:
    """Return the dashboard: a title and the same graphs for each Region, next to each other."""
    width = max(_LEAST_WIDTH, _WIDTH // len(views))
    across = _WIDTH // width
    widgets: list[Json] = []
    for number, view in enumerate(views):
        shown = graphs(view)
        x = number % across * width
        top = number // across * (_TITLE_HEIGHT + len(shown) * _HEIGHT)
        widgets.append(_title(view.region, x=x, y=top, width=width))
        for row, (question, lines) in enumerate(shown.items()):
            place = {"x": x, "y": top + _TITLE_HEIGHT + row * _HEIGHT}
            widgets.append({**_graph(question, lines), **place, "width": width, "height": _HEIGHT})
    return {"widgets": widgets}


def graphs(view: RegionView) -> dict[str, tuple[Line, ...]]:
    """Return what is shown of a Region: a question, and the lines that answer it."""
    return {
        "Are clients served?": _service(view),
        "How long do they wait?": _latency(view),
        "Is there capacity?": _capacity(view),
        "What do others see of it?": _seen(view),
        "Could it take over, or be taken over from?": _recovery(view),
        "Who decides, and has it decided?": _observer(view),
        "Has anything failed for good?": _failures(view),
    }


def _service(view: RegionView) -> tuple[Line, ...]:
    own, region = view.serving.own, view.region
    return (
        Line(label="requests", region=region, signal=own.of_handler("Requests", "Sum")),
        Line(label="refused", region=region, signal=own.of_handler("Refused", "Sum")),
        Line(label="failed, share", region=region, signal=failed_share(view.serving), right=True),
    )


def _latency(view: RegionView) -> tuple[Line, ...]:
    balancer, own, region = view.serving.balancer, view.serving.own, view.region
    return (
        Line(
            label="p50, s", region=region, signal=balancer.of_targets("TargetResponseTime", "p50")
        ),
        Line(
            label="p99, s", region=region, signal=balancer.of_targets("TargetResponseTime", "p99")
        ),
        Line(
            label="handler p99, ms",
            region=region,
            signal=own.of_handler("Latency", "p99"),
            right=True,
        ),
    )


def _capacity(view: RegionView) -> tuple[Line, ...]:
    function, own, region = view.serving.function_name, view.serving.own, view.region
    return (
        Line(
            label="concurrent",
            region=region,
            signal=of_function("ConcurrentExecutions", "Maximum", function),
        ),
        Line(label="throttles", region=region, signal=of_function("Throttles", "Sum", function)),
        Line(label="cold starts", region=region, signal=own.of_handler("ColdStarts", "Sum")),
    )


def _seen(view: RegionView) -> tuple[Line, ...]:
    canaries = tuple(
        Line(
            label=f"canary in {watcher.region}",
            region=watcher.region,
            signal=watcher.of_canary("CanarySuccess", "Minimum", target=view.region),
        )
        for watcher in view.watchers
    )
    route_53 = Line(
        label="Route 53",
        region=HEALTH_METRICS_REGION,
        signal=of_health_check(view.serving_check_id),
    )
    return (route_53, *canaries)


def _recovery(view: RegionView) -> tuple[Line, ...]:
    arriving = tuple(
        Line(
            label=f"{kind}: seconds behind, {rule.source_region}",
            region=view.region,
            signal=rule.metric("ReplicationLatency", "Maximum"),
        )
        for kind, rules in view.recovery.arriving.items()
        for rule in rules
    )
    fresh = Line(
        label="records: oldest undelivered, s",
        region=view.region,
        signal=of_stream("DeliveryToS3.DataFreshness", "Maximum", view.recovery.stream_name),
    )
    return (*arriving, fresh)


def _observer(view: RegionView) -> tuple[Line, ...]:
    own, region = view.recovery.own, view.region
    return (
        Line(label="looks", region=region, signal=own.of_observer("ObserverLooks", "Sum")),
        Line(label="steps", region=region, signal=own.of_observer("ObserverSteps", "Sum")),
        Line(label="refusals", region=region, signal=own.of_observer("ObserverRefusals", "Sum")),
        Line(label="epoch held", region=region, signal=own.of_observer("EpochHeld", "Minimum")),
        Line(
            label="age of its peers, s",
            region=region,
            signal=own.of_observer("PeerAge", "Maximum"),
            right=True,
        ),
    )


def _failures(view: RegionView) -> tuple[Line, ...]:
    recovery, region = view.recovery, view.region
    failed = tuple(
        Line(
            label=f"{kind}: failed copies to {rule.destination_region}",
            region=region,
            signal=rule.metric("OperationsFailedReplication", "Sum"),
        )
        for kind, rules in recovery.leaving.items()
        for rule in rules
    )
    return (
        Line(
            label="dead letters",
            region=region,
            signal=of_queue(
                "ApproximateNumberOfMessagesVisible", "Maximum", recovery.dead_letters_name
            ),
        ),
        Line(
            label="switch errors",
            region=region,
            signal=of_function("Errors", "Sum", recovery.switch_name),
        ),
        *failed,
    )


def _title(region: str, *, x: int, y: int, width: int) -> Json:
    place = {"x": x, "y": y, "width": width, "height": _TITLE_HEIGHT}
    return {"type": "text", **place, "properties": {"markdown": f"# {region}"}}


def _graph(question: str, lines: Sequence[Line]) -> Json:
    return {
        "type": "metric",
        "properties": {
            "title": question,
            "view": "timeSeries",
            "region": lines[0].region,
            "period": MINUTE_S,
            "metrics": [row for n, line in enumerate(lines) for row in _rows(n, line)],
        },
    }


def _rows(number: int, line: Line) -> list[list[Any]]:
    """A line as a dashboard has it; maths come with their metrics, which are not drawn."""
    shown: Json = {"label": line.label, "region": line.region}
    if line.right:
        shown["yAxis"] = "right"
    if isinstance(line.signal, Metric):
        return [_metric(line.signal, shown)]
    hidden = [
        _metric(metric, {"id": id_, "region": line.region, "visible": False})
        for id_, metric in line.signal.metrics.items()
    ]
    maths = {"id": f"line{number}", "expression": line.signal.expression, **shown}
    return [[maths], *hidden]


def _metric(metric: Metric, shown: Json) -> list[Any]:
    dimensions = [part for pair in metric.dimensions.items() for part in pair]
    return [metric.namespace, metric.name, *dimensions, {"stat": metric.stat, **shown}]
