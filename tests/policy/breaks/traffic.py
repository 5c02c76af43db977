"""How clients are led: how to break these rules, and what they then say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.policy.breaking import Break, Broken, case, change, drop, first, forget_dependencies

if TYPE_CHECKING:
    from policy import Graph


REGIONS = ("us-east-1", "us-west-2")


def swap_failover(key: str) -> Break:
    def apply(graph: Graph) -> None:
        one, other = (first(graph, "Record", f"{each}-link") for each in REGIONS)
        one.inputs[key] = other.inputs[key]

    return apply


def past_the_chain(graph: Graph) -> None:
    """Lead the clients' name to one load balancer."""
    to_one = first(graph, "Record", FAILOVER).inputs["records"]
    first(graph, "Record", CLIENTS).inputs["records"] = to_one


def both_to_one_region(graph: Graph) -> None:
    for each in graph.of("Record"):
        if each.inputs.get("setIdentifier"):
            each.inputs["latencyRoutingPolicies"] = [{"region": "us-east-1"}]


FAILOVER = "us-east-1-link"
ONWARD = "us-east-1-onward"
CLIENTS = "traffic-clients"

BREAKS: tuple[Broken, ...] = (
    case(
        "failover-records-are-complete-and-distinct",
        "two records called",
        change("Record", ONWARD, setIdentifier="us-east-1"),
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
    case("clients-have-one-way-in", "whatever its health", past_the_chain),
    case(
        "clients-have-one-way-in",
        "routes by no policy",
        change("Record", CLIENTS, records=["nowhere.understudy.example"]),
    ),
    case(
        "the-chain-goes-on-while-a-later-region-is-ready",
        "goes on by",
        change("Record", ONWARD, healthCheckId="HealthCheck-us-east-1-health-serving"),
    ),
    case(
        "the-chain-goes-on-while-a-later-region-is-ready",
        "only while 2 are ready",
        change("HealthCheck", "us-east-1-later", childHealthThreshold=2),
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
    case(
        "records-wait-for-what-they-lead-to",
        "before it can serve",
        forget_dependencies("Record", "ListenerRule"),
    ),
)
