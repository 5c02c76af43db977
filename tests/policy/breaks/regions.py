"""Regions stand alone and match: how to break these rules, and what they then say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.policy.breaking import Broken, add, case, change, drop, first, replace

if TYPE_CHECKING:
    from policy import Graph


def wait_for_the_other_region(graph: Graph) -> None:
    one, other = graph.of("Vpc")
    replace(graph, one, dependencies=frozenset({other.urn}))


def leave_the_component(graph: Graph) -> None:
    replace(graph, first(graph, "Vpc"), parent="urn:pulumi:staging::understudy::a::b")


def two_subnets_in_one_zone(graph: Graph) -> None:
    one, other, *_ = graph.per_region("Subnet")["us-east-1"]
    one.inputs["availabilityZone"] = other.inputs["availabilityZone"]


BREAKS: tuple[Broken, ...] = (
    case(
        "regional-resources-state-their-region",
        "leaves its Region to the provider",
        change("Function", region=None),
    ),
    case("resources-are-tagged", "without Name", change("HealthCheck", tags=None, tagsAll=None)),
    case(
        "resources-are-tagged",
        "is tagged us-west-9",
        change("Vpc", tags={"region": "us-west-9"}),
    ),
    case("resources-belong-to-a-component", "has left its component", leave_the_component),
    case("regions-are-built-alone", "waits for", wait_for_the_other_region),
    case(
        "standbys-match-the-primary",
        "has memorySize 128",
        change("Function", "us-west-2-predict", memorySize=128),
    ),
    case(
        "standbys-match-the-primary", "is not in us-west-2", drop("Function", "us-west-2-predict")
    ),
    case(
        "provisioned-capacity-is-the-same-everywhere",
        "unevenly",
        add(
            "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig",
            "us-east-1-ahead",
            region="us-east-1",
            provisionedConcurrentExecutions=2,
        ),
    ),
    case("every-region-spans-the-same-zones", "availability zones", drop("Subnet")),
    case("every-region-spans-the-same-zones", "one availability zone", two_subnets_in_one_zone),
)
