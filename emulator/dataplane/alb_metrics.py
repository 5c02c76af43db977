"""What a load balancer says of its requests to CloudWatch, its own health checks left out.

Response times are what this machine took, in real seconds. Dimensions with an Availability Zone
are not emitted. That fixed responses count by their status (`HTTPCode_ELB_4XX_Count`), as the
balancer's other answers do, is unverified.
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from emulator.dataplane.alb_handling import Handling
    from emulator.dataplane.world import World
    from emulator.store import LoadBalancer

NAMESPACE: Final = "AWS/ApplicationELB"
_LISTED_CODES: Final = frozenset({500, 502, 503, 504})
_INTERNAL: Final = frozenset({"LambdaServiceException", "LambdaConnectionError"})
"""Reasons that are not the function's doing; throttling counts as the function's (unverified)."""

_ACTIONS: Final = {
    "fixed-response": "HTTP_Fixed_Response_Count",
    "redirect": "HTTP_Redirect_Count",
}

Figure = tuple[str, float, str, tuple[str, ...]]
"""Name, value, unit, and what it is counted by: `LoadBalancer`, `TargetGroup` or both."""

_BY_BALANCER: Final = ("LoadBalancer",)
_BY_BOTH: Final = ("LoadBalancer", "TargetGroup")


def note(world: World, balancer: LoadBalancer, handling: Handling) -> None:
    """Put the metrics of one request."""
    names = {
        "LoadBalancer": balancer.arn.partition(":loadbalancer/")[2],
        "TargetGroup": handling.target_group_arn.rpartition(":")[2],
    }
    for name, value, unit, by in figures(handling, speed=world.clock.speed):
        dimensions: Mapping[str, str] = {each: names[each] for each in by}
        world.metrics.put(balancer.region, NAMESPACE, name, dimensions, value, unit=unit)


def figures(handling: Handling, *, speed: float) -> Iterator[Figure]:
    """Every figure of a request that has been answered.

    A request counts (`RequestCount`) once the balancer has chosen a target for it.
    """
    if handling.target_group_arn:
        yield from _each("RequestCount", 1, "Count")
    if handling.target_status is not None and handling.target_s is not None:
        yield from _each(f"HTTPCode_Target_{handling.target_status // 100}XX_Count", 1, "Count")
        yield from _each("TargetResponseTime", handling.target_s / speed, "Seconds")
        return
    if handling.error_reason:
        name = "LambdaInternalError" if handling.error_reason in _INTERNAL else "LambdaUserError"
        yield name, 1, "Count", ("TargetGroup",)
        yield name, 1, "Count", _BY_BOTH
    for action in handling.actions:
        if action in _ACTIONS:
            yield _ACTIONS[action], 1, "Count", _BY_BALANCER
    status = handling.response.status if handling.response else 0
    yield f"HTTPCode_ELB_{status // 100}XX_Count", 1, "Count", _BY_BALANCER
    if status in _LISTED_CODES:
        yield f"HTTPCode_ELB_{status}_Count", 1, "Count", _BY_BALANCER


def _each(name: str, value: float, unit: str) -> Iterator[Figure]:
    yield name, value, unit, _BY_BALANCER
    yield name, value, unit, _BY_BOTH
