"""How health is judged: how to break these rules, and what they then say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.policy.breaking import Broken, case, change, drop, first

if TYPE_CHECKING:
    from policy import Graph


def swap_flags(graph: Graph) -> None:
    key = "UNDERSTUDY_EVACUATION_BUCKET"
    one, other = (
        each for each in graph.of("Function") if each.inputs["name"].endswith("-evacuation")
    )
    variables = one.inputs["environment"]["variables"]
    variables[key] = other.inputs["environment"]["variables"][key]


def look_at_the_own_region(graph: Graph) -> None:
    check = first(graph, "HealthCheck", "us-east-1-health-evacuation")
    check.inputs["fqdn"] = first(graph, "HealthCheck", "us-east-1-health-deep").inputs["fqdn"]


BREAKS: tuple[Broken, ...] = (
    case(
        "deep-checks-ask-each-region-itself",
        "only looks at the surface",
        change("HealthCheck", "-deep", searchString="ready"),
    ),
    case(
        "deep-checks-ask-each-region-itself",
        "asks for /health/live",
        change("HealthCheck", "-deep", resourcePath="/health/live"),
    ),
    case(
        "deep-checks-ask-each-region-itself",
        "not each Region once",
        change("HealthCheck", "-deep", fqdn="predict.understudy.example"),
    ),
    case(
        "evacuation-checks-ask-a-watcher",
        "is not inverted",
        change("HealthCheck", "-evacuation", invertHealthcheck=False),
    ),
    case("evacuation-checks-ask-a-watcher", "no other Region", look_at_the_own_region),
    case("evacuation-checks-ask-a-watcher", "another Region's bucket", swap_flags),
    case(
        "evacuation-checks-ask-a-watcher",
        "no evacuation function",
        drop("Function", "us-west-2-evacuation"),
    ),
    case(
        "evacuation-checks-ask-a-watcher",
        "is watched by 0",
        drop("HealthCheck", "us-east-1-health-evacuation"),
    ),
    case(
        "serving-checks-need-every-judge",
        "needs 1 of",
        change("HealthCheck", "-serving", childHealthThreshold=1),
    ),
    case(
        "serving-checks-need-every-judge",
        "has 0 checks",
        change("HealthCheck", "-serving", childHealthchecks=["other"]),
    ),
    case("health-checks-are-never-disabled", "is disabled", change("HealthCheck", disabled=True)),
    case(
        "health-checks-look-from-everywhere",
        "looks only from us-east-1",
        change("HealthCheck", "-deep", regions=["us-east-1"]),
    ),
)
