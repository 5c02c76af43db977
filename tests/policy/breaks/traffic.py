"""How clients are led: how to break these rules, and what they then say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.policy.breaking import Break, Broken, case, change, drop

if TYPE_CHECKING:
    from policy import Graph


def swap_failover(key: str) -> Break:
    def apply(graph: Graph) -> None:
        one, other = (each for each in graph.of("Record") if each.inputs.get("setIdentifier"))
        one.inputs[key] = other.inputs[key]

    return apply


def both_to_one_region(graph: Graph) -> None:
    for each in graph.of("Record"):
        if each.inputs.get("setIdentifier"):
            each.inputs["latencyRoutingPolicies"] = [{"region": "us-east-1"}]


FAILOVER = "us-east-1-failover"

BREAKS: tuple[Broken, ...] = (
    case(
        "failover-records-are-complete-and-distinct",
        "two records called",
        change("Record", FAILOVER, setIdentifier="us-west-2"),
    ),
    case(
        "failover-records-are-complete-and-distinct",
        "SECONDARY, SECONDARY",
        change("Record", FAILOVER, failoverRoutingPolicies=[{"type": "SECONDARY"}]),
    ),
    case(
        "failover-records-are-complete-and-distinct",
        "expected each Region once",
        swap_failover("records"),
    ),
    case(
        "every-routed-record-has-its-health-check",
        "has no health check",
        change("Record", FAILOVER, healthCheckId=None),
    ),
    case(
        "every-routed-record-has-its-health-check",
        "and follows",
        swap_failover("healthCheckId"),
    ),
    case("latency-records-are-complete-and-distinct", "leads to", both_to_one_region),
    case(
        "clients-have-one-way-in",
        "whatever its health",
        change("Record", FAILOVER, failoverRoutingPolicies=None, setIdentifier=None),
    ),
    case(
        "regional-names-lead-home",
        "hides a Region",
        change("Record", "us-east-1-regional", healthCheckId="check"),
    ),
    case("regional-names-lead-home", "0 records", drop("Record", "us-east-1-regional")),
    case(
        "one-judge-decides",
        "beside its health check",
        change("Record", "us-east-1-regional", aliases=[{"evaluateTargetHealth": True}]),
    ),
    case("answers-live-for-a-minute", "for 3600 s", change("Record", FAILOVER, ttl=3600)),
)
