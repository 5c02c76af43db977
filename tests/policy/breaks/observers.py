"""Who decides: how to break these rules, and what they then say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.policy.breaking import Broken, case, change, drop, first, say

if TYPE_CHECKING:
    from policy import Graph

OBSERVER = "us-east-1-watch-observer"
VERDICT = "us-east-1-verdict"


def follow_the_serving_check(graph: Graph) -> None:
    serving = first(graph, "HealthCheck", "us-east-1-health-serving")
    first(graph, "Record", f"{VERDICT}-well").inputs["healthCheckId"] = serving.id


def swap_the_words(graph: Graph) -> None:
    well = first(graph, "Record", f"{VERDICT}-well")
    not_well = first(graph, "Record", f"{VERDICT}-not-well")
    for record, address in ((well, "192.0.2.2"), (not_well, "192.0.2.1")):
        record.inputs["records"] = [address]


BREAKS: tuple[Broken, ...] = (
    case(
        "every-region-has-an-observer-that-is-started",
        "nothing in us-east-1 starts its observer",
        change("Schedule", OBSERVER, state="DISABLED"),
    ),
    case(
        "every-region-has-an-observer-that-is-started",
        "nothing in us-east-1 starts its observer",
        change("Schedule", OBSERVER, scheduleExpression="rate(1 hour)"),
    ),
    case(
        "every-region-has-an-observer-that-is-started",
        "no observer stands in us-east-1",
        drop("Function", OBSERVER),
    ),
    case(
        "observers-touch-their-own-region-alone",
        "may route53:ChangeResourceRecordSets",
        say(OBSERVER, "policy", Action=["route53:ChangeResourceRecordSets"]),
    ),
    case(
        "observers-touch-their-own-region-alone",
        "reaches us-west-2",
        say(
            OBSERVER,
            "policy",
            Resource=["arn:aws:dynamodb:us-west-2:123456789012:table/understudy-prod"],
        ),
    ),
    case(
        "verdicts-tell-of-the-deep-checks",
        "follows us-east-1-health-serving",
        follow_the_serving_check,
    ),
    case(
        "verdicts-tell-of-the-deep-checks",
        "leads to 192.0.2.2",
        drop("Record", f"{VERDICT}-well"),
    ),
    case("verdicts-tell-of-the-deep-checks", "follows no check", swap_the_words),
)
