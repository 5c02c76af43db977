"""Two, three, five and eight Regions: every rule holds, and a Region costs what a Region costs."""

from __future__ import annotations

import json
from collections import Counter
from itertools import combinations
from typing import TYPE_CHECKING, Final

import pytest

import policy
from tests.infra.graph import Recorded, run_program, stack_config

if TYPE_CHECKING:
    from pathlib import Path

REGIONS: Final = (
    *("us-east-1", "us-west-2", "eu-west-1", "ap-south-1"),
    *("sa-east-1", "ap-southeast-2", "eu-central-1", "ca-central-1"),
)
COUNTS: Final = {"failover": (2, 3, 5, 8), "latency": (2, 3, 5)}
ASKED: Final = [(routing, count) for routing, counts in COUNTS.items() for count in counts]

Graphs = dict[tuple[str, int], Recorded]


@pytest.fixture(scope="module")
def graphs(release_zip: Path) -> Graphs:
    return {
        (routing, count): run_program(
            "staging",
            stack_config("staging", routing=routing, regions=json.dumps(REGIONS[:count])),
            release_zip,
        )
        for routing, count in ASKED
    }


def watchers(count: int) -> int:
    """How many others watch each Region: the next two in the ring, where there are two."""
    return min(2, count - 1)


def of_the_ring(graph: Recorded) -> int:
    """Evacuation checks: one for each Region and each of its watchers."""
    paths = [str(check.get("resourcePath")) for check in graph.of("HealthCheck")]
    return sum(path.startswith("/evacuation/") for path in paths)


def of_pairs(graph: Recorded) -> int:
    """Alarms on what each Region's canary sees of each other Region."""
    return len(graph.matching("MetricAlarm", metricName="CanarySuccess"))


@pytest.mark.parametrize(("routing", "count"), ASKED)
def test_every_rule_holds_whatever_the_number_of_regions(
    graphs: Graphs, routing: str, count: int
) -> None:
    graph = graphs[routing, count]
    assert graph.regions == REGIONS[:count]
    assert [str(each) for each in policy.check(graph)] == []


@pytest.mark.parametrize(("routing", "count"), ASKED)
def test_ring_and_pairs_are_all_that_depends_on_more_than_one_region(
    graphs: Graphs, routing: str, count: int
) -> None:
    graph = graphs[routing, count]
    assert of_the_ring(graph) == count * watchers(count)
    assert of_pairs(graph) == count * (count - 1)


@pytest.mark.parametrize("routing", COUNTS)
def test_each_region_more_is_as_many_resources_more(graphs: Graphs, routing: str) -> None:
    """Of every kind, exactly: what is left without ring and pairs lies on a line."""
    counted: dict[int, Counter[str]] = {}
    for count in COUNTS[routing]:
        graph = graphs[routing, count]
        kinds = Counter(each.type for each in (*graph.custom, *graph.components))
        kinds["aws:route53/healthCheck:HealthCheck"] -= of_the_ring(graph)
        kinds["aws:cloudwatch/metricAlarm:MetricAlarm"] -= of_pairs(graph)
        counted[count] = kinds
    for kind in set().union(*counted.values()):
        steps = {
            (counted[more][kind] - counted[fewer][kind]) / (more - fewer)
            for fewer, more in combinations(COUNTS[routing], 2)
        }
        assert len(steps) == 1, f"{kind}: {steps} for each Region more"


def test_a_chain_is_a_record_and_a_check_a_region_more_than_latency_records(
    graphs: Graphs,
) -> None:
    for count in COUNTS["latency"]:
        more = Counter(each.kind for each in graphs["failover", count].custom)
        more.subtract(Counter(each.kind for each in graphs["latency", count].custom))
        left = {kind: number for kind, number in more.items() if number}
        assert left == {"Record": count, "HealthCheck": count}, "the way onward, and its check"
