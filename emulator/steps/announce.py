"""What executions tell the world: events on the Region's bus, and metrics in its CloudWatch.

https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html and
https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emulator.steps.state import RUNNING

if TYPE_CHECKING:
    from emulator.events import EventLog
    from emulator.steps.state import Execution
    from emulator.watch.bus import EventBus
    from emulator.watch.metrics import Metrics

SOURCE: Final = "aws.states"
DETAIL_TYPE: Final = "Step Functions Execution Status Change"
NAMESPACE: Final = "AWS/States"
_COUNTED: Final = {
    RUNNING: "ExecutionsStarted",
    "SUCCEEDED": "ExecutionsSucceeded",
    "FAILED": "ExecutionsFailed",
    "TIMED_OUT": "ExecutionsTimedOut",
    "ABORTED": "ExecutionsAborted",
}
_INCLUDED: Final = {"included": True}


class Announcer:
    """Sends what there is to say of an execution that has come to another status."""

    def __init__(self, bus: EventBus, metrics: Metrics, events: EventLog) -> None:
        self._bus = bus
        self._metrics = metrics
        self._events = events

    def changed(self, execution: Execution) -> None:
        """An execution is in a status from now on."""
        machine = execution.machine
        self._bus.emit(
            machine.region, SOURCE, DETAIL_TYPE, _detail(execution), resources=[execution.arn]
        )
        dimensions = {"StateMachineArn": machine.arn}
        name = _COUNTED[execution.status]
        self._metrics.put(machine.region, NAMESPACE, name, dimensions, 1.0, unit="Count")
        if execution.stopped_s is not None:
            took_ms = 1000 * (execution.stopped_s - execution.started_s)
            self._metrics.put(
                machine.region,
                NAMESPACE,
                "ExecutionTime",
                dimensions,
                took_ms,
                unit="Milliseconds",
            )
        self._events.record(
            "execution.changed",
            machine=machine.arn,
            execution=execution.name,
            status=execution.status,
            error=execution.error,
            cause=execution.cause,
        )


def _detail(execution: Execution) -> dict[str, object]:
    ended_s = execution.stopped_s
    return {
        "executionArn": execution.arn,
        "stateMachineArn": execution.machine.arn,
        "name": execution.name,
        "status": execution.status,
        "startDate": int(1000 * execution.started_s),
        "stopDate": None if ended_s is None else int(1000 * ended_s),
        "input": execution.input_text,
        "inputDetails": _INCLUDED,
        "output": execution.output,
        "outputDetails": None if execution.output is None else _INCLUDED,
        "error": execution.error,
        "cause": execution.cause,
    }
