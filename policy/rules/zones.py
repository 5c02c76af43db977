"""What is there for the loss of one zone of a Region, which is no reason to leave the Region."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.rule import Said, alone, each, whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.graph import Graph, Resource


@alone("LoadBalancer")
def load_balancers_can_leave_a_zone(balancer: Resource) -> Iterator[str]:
    """A load balancer takes part in zonal shifts.

    A zone that half works answers a third of the clients; without this only the whole Region
    can be left, and the way to switch it on is a deploy into the Region that has the trouble.

    Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-zonal-shift.html
    """
    if not balancer.get("enableZonalShift"):
        yield "takes no part in zonal shifts (enableZonalShift)"


@each("ZonalAutoshiftConfiguration", optional=True)
def practice_runs_are_ended_by_alarms_of_their_region(
    autoshift: Resource, graph: Graph
) -> Iterator[str]:
    """Zonal autoshift is on, and an alarm on its own Region's service ends its practice runs.

    AWS takes a zone away every week. Watched by another Region's alarm, or by one that does not
    look at clients, a run that hurts them goes on for its 30 minutes and counts as passed.

    Source: https://docs.aws.amazon.com/r53recovery/latest/dg/arc-zonal-autoshift.considerations.html
    """
    if autoshift.get("zonalAutoshiftStatus") != "ENABLED":
        yield f"is {autoshift.get('zonalAutoshiftStatus')}: it practises and never shifts"
    watching = graph.behind(autoshift, "outcomeAlarms", "MetricAlarm")
    if not watching:
        yield "has no outcome alarm of this stack"
    for alarm in watching:
        if alarm.region != autoshift.region:
            yield f"is watched by {alarm}, which looks at {alarm.region}"
        if alarm.get("treatMissingData") == "breaching":
            yield f"is watched by {alarm}, which silence alone sets off"
    blocking = graph.behind(autoshift, "blockingAlarms", "MetricAlarm")
    if not any("canary-failure" in str(alarm.get("name")) for alarm in blocking):
        yield "practises while the other Regions may be out and all of the load is here"


@whole
def zones_are_left_alike_in_every_region(graph: Graph) -> Iterator[Said]:
    """Where one Region's load balancer has zonal autoshift, every Region's has.

    The Region that was forgotten is a standby whose zones nobody has ever taken away.

    Source: https://docs.aws.amazon.com/wellarchitected/latest/reliability-pillar/rel_withstand_component_failures_static_stability.html
    """
    shifted = graph.all("ZonalAutoshiftConfiguration")
    if not shifted:
        return
    for balancer in graph.of("LoadBalancer"):
        if not any(balancer in graph.behind(one, "resourceArn", "LoadBalancer") for one in shifted):
            yield balancer, "has no zonal autoshift, and another Region's has"
