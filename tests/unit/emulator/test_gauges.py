"""What is sampled: replication in its documented Regions, streams, and a gauge that fails."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from emulator.storage.replication_figures import RuleFigures
from emulator.storage.rules import ReplicationConfiguration, ReplicationRule
from emulator.watch import gauges
from emulator.watch.gauges import Sampler
from emulator.watch.metrics import Aggregate, MetricId, Metrics

if TYPE_CHECKING:
    import pytest

    from tests.unit.emulator.conftest import HandClock

FIGURES = RuleFigures(
    source_bucket="here",
    destination_bucket="there",
    rule_id="to-there",
    pending_bytes=10,
    pending_operations=2,
    latency_s=7.5,
    failed_operations=3,
)
RULE = ReplicationRule(
    id="to-there",
    priority=0,
    prefix="",
    tags=frozenset(),
    destination="there",
    storage_class=None,
    delete_markers=True,
    replica_modifications=False,
    encrypted=False,
    replica_key=None,
    metrics=True,
)


@dataclass
class Buckets:
    """The part of the object store that the gauge asks."""

    rule: ReplicationRule

    def region_of(self, bucket: str) -> str | None:
        return {"here": "us-east-1", "there": "us-west-2"}[bucket]

    def replication_of(self, bucket: str) -> ReplicationConfiguration:
        del bucket
        return ReplicationConfiguration(role_arn="arn:role", rules=(self.rule,))


@dataclass
class Rules:
    """A replicator with one rule."""

    now: RuleFigures = FIGURES

    def figures(self) -> list[RuleFigures]:
        return [self.now]


def totals(metrics: Metrics, region: str, name: str) -> Aggregate | None:
    dimensions = {"SourceBucket": "here", "DestinationBucket": "there", "RuleId": "to-there"}
    metric = MetricId.of("AWS/S3", name, dimensions)
    found = metrics.periods(region, metric, start_s=0, end_s=1e11, period_s=60)
    return found[max(found)] if found else None


def test_replication_is_published_where_aws_publishes_it(clock: HandClock) -> None:
    metrics, rules = Metrics(clock), Rules()
    read = gauges.replication(metrics, cast("Any", Buckets(RULE)), cast("Any", rules))
    read()
    rules.now = replace(FIGURES, failed_operations=4)
    read()
    latency = totals(metrics, "us-west-2", "ReplicationLatency")
    failed = totals(metrics, "us-east-1", "OperationsFailedReplication")
    assert latency is not None
    assert latency.maximum == 7.5, "latency in the destination's Region"
    assert failed is not None
    assert failed.total == 4, "failures in the source's Region, each once"
    assert totals(metrics, "us-east-1", "ReplicationLatency") is None
    assert totals(metrics, "us-west-2", "OperationsFailedReplication") is None


def test_a_rule_without_metrics_publishes_none(clock: HandClock) -> None:
    metrics = Metrics(clock)
    silent = replace(RULE, metrics=False)
    gauges.replication(metrics, cast("Any", Buckets(silent)), cast("Any", Rules()))()
    assert metrics.regions() == []


def test_a_gauge_that_fails_does_not_silence_the_others(
    clock: HandClock, capsys: pytest.CaptureFixture[str]
) -> None:
    read: list[str] = []

    def broken() -> None:
        raise RuntimeError("no such thing")

    Sampler(clock, (broken, lambda: read.append("other"))).read()
    assert read == ["other"]
    assert "no such thing" in capsys.readouterr().err


def test_the_sampler_reads_until_it_is_cancelled(clock: HandClock) -> None:
    clock.speed = 1000.0
    read: list[int] = []

    async def run() -> None:
        task = asyncio.create_task(Sampler(clock, (lambda: read.append(1),)).run())
        async with asyncio.timeout(10):
            while len(read) < 2:  # noqa: ASYNC110  # a list that a thread fills
                await asyncio.sleep(0.01)
        task.cancel()

    asyncio.run(run())
