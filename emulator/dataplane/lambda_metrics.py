"""What Lambda says of its functions to CloudWatch.

Durations are what this machine took, in real milliseconds, as in the functions' logs.
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulator.dataplane.lambda_invocation import Invocation
    from emulator.watch.metrics import Metrics


class FunctionMetrics:
    """AWS/Lambda, by function and by the resource invoked."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def throttled(self, invocation: Invocation) -> None:
        """An invocation found no place. Not an invocation, nor an error."""
        self._put(invocation, "Throttles", 1, "Count")

    def admitted(self, invocation: Invocation, running: int) -> None:
        """An invocation found a place among `running` of its function."""
        self._put(invocation, "Throttles", 0, "Count")
        self._put(invocation, "ConcurrentExecutions", running, "Count")

    def ran(self, invocation: Invocation, *, failed: bool, duration_ms: float) -> None:
        """The function ran, and returned or failed."""
        self._put(invocation, "Invocations", 1, "Count")
        self._put(invocation, "Errors", int(failed), "Count")
        self._put(invocation, "Duration", duration_ms, "Milliseconds")

    def of_event(self, invocation: Invocation, name: str, value: float, unit: str) -> None:
        """A figure of the queue of asynchronous events, by function alone."""
        version = invocation.version
        dimensions = {"FunctionName": version.name}
        self._metrics.put(version.region, "AWS/Lambda", name, dimensions, value, unit=unit)

    def _put(self, invocation: Invocation, name: str, value: float, unit: str) -> None:
        region = invocation.version.region
        for dimensions in _dimensions(invocation):
            self._metrics.put(region, "AWS/Lambda", name, dimensions, value, unit=unit)


def _dimensions(invocation: Invocation) -> Iterator[dict[str, str]]:
    name = invocation.version.name
    resource = invocation.invoked_arn.partition(":function:")[2]
    yield {}
    yield {"FunctionName": name}
    yield {"FunctionName": name, "Resource": resource}
