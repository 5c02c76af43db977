"""What Lambda says of an invocation."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from emulator.dataplane.lambda_metrics import FunctionMetrics
from emulator.watch import vended
from emulator.watch.metrics import MetricId, Metrics

if TYPE_CHECKING:
    from tests.unit.emulator.conftest import HandClock

INVOCATION = cast(
    "Any",
    SimpleNamespace(
        version=SimpleNamespace(name="predict", region="us-east-1"),
        invoked_arn="arn:aws:lambda:us-east-1:123456789012:function:predict:live",
    ),
)


def total(metrics: Metrics, name: str, **dimensions: str) -> float | None:
    metric = MetricId.of("AWS/Lambda", name, dimensions)
    found = metrics.periods("us-east-1", metric, start_s=0, end_s=1e11, period_s=60)
    return sum(each.total for each in found.values()) if found else None


def test_an_invocation_counts_by_function_by_resource_and_for_all(clock: HandClock) -> None:
    metrics = Metrics(clock)
    figures = FunctionMetrics(metrics)
    figures.admitted(INVOCATION, running=3)
    figures.ran(INVOCATION, failed=False, duration_ms=12.0)
    figures.ran(INVOCATION, failed=True, duration_ms=12.0)
    name = {"FunctionName": "predict"}
    for by in ({}, name, name | {"Resource": "predict:live"}):
        assert total(metrics, "Invocations", **by) == 2
        assert total(metrics, "Errors", **by) == 1
    assert total(metrics, "Throttles", FunctionName="predict") == 0, "zero, not missing"


def test_a_throttle_is_no_invocation(clock: HandClock) -> None:
    metrics = Metrics(clock)
    FunctionMetrics(metrics).throttled(INVOCATION)
    assert total(metrics, "Throttles", FunctionName="predict") == 1
    assert total(metrics, "Invocations", FunctionName="predict") is None


def test_what_is_emitted_is_what_is_said_to_be_emittable(clock: HandClock) -> None:
    metrics = Metrics(clock)
    figures = FunctionMetrics(metrics)
    figures.admitted(INVOCATION, running=1)
    figures.ran(INVOCATION, failed=True, duration_ms=1.0)
    figures.throttled(INVOCATION)
    figures.of_event(INVOCATION, "AsyncEventAge", 1.0, "Milliseconds")
    known = vended.known(metrics)
    emittable = [(e["namespace"], e["name"], e["dimensions"]) for e in known["emittable"]]
    for each in known["emitted"]:
        assert (each["namespace"], each["name"], each["dimensions"]) in emittable
