"""Executions under way: begun in the event loop, ended by themselves or by somebody."""

from __future__ import annotations

import asyncio
import json
import random
from typing import TYPE_CHECKING, Any, Final

from emulator.dataplane.world import LEAST_REAL_WORK_S
from emulator.steps.errors import RUNTIME
from emulator.steps.history import History, text
from emulator.steps.interpreter import Ended, Interpreter, first_of
from emulator.steps.state import RUNNING
from emulator.steps.tasks import Tasks

if TYPE_CHECKING:
    import threading
    from collections.abc import Awaitable, Callable, Coroutine

    from emulator.clock import Clock
    from emulator.faults import FaultBoard
    from emulator.steps.announce import Announcer
    from emulator.steps.state import Execution
    from emulator.watch.delivery import Work

_ENDS: Final = {
    "SUCCEEDED": ("ExecutionSucceeded", "executionSucceededEventDetails"),
    "FAILED": ("ExecutionFailed", "executionFailedEventDetails"),
    "TIMED_OUT": ("ExecutionTimedOut", "executionTimedOutEventDetails"),
    "ABORTED": ("ExecutionAborted", "executionAbortedEventDetails"),
}


class Runner:
    """Carries executions out. `start` and `abort` may be called from any thread."""

    def __init__(
        self,
        clock: Clock,
        faults: FaultBoard,
        announcer: Announcer,
        soon: Callable[[Work], None],
        lock: threading.RLock,
        *,
        seed: int = 0,
    ) -> None:
        """`soon` has work done in the event loop."""
        self._clock = clock
        self._faults = faults
        self._announcer = announcer
        self._soon = soon
        self._lock = lock
        self._chance = random.Random(seed)  # noqa: S311  # jitter, not secrets
        self._tasks: Tasks | None = None

    def connect(self, invoke: Callable[..., Awaitable[Any]]) -> None:
        """Functions are invoked through this from now on."""
        self._tasks = Tasks(invoke)

    def start(self, execution: Execution) -> None:
        """Begin an execution."""
        execution.history.note(
            "ExecutionStarted",
            "executionStartedEventDetails",
            input=execution.input_text,
            inputDetails={"truncated": False},
            roleArn=execution.role_arn,
        )
        self._announcer.changed(execution)
        self._soon(lambda: self._run(execution))

    def abort(
        self, execution: Execution, *, error: str | None = None, cause: str | None = None
    ) -> None:
        """End an execution at once; what a task of it has begun goes on by itself."""
        self._end(execution, Ended(status="ABORTED", error=error, cause=cause))
        execution.interrupt()

    async def _run(self, execution: Execution) -> None:
        task = asyncio.current_task()
        if task is None or self._tasks is None or execution.status != RUNNING:
            return
        execution.work = (asyncio.get_running_loop(), task)
        grounds = _Grounds(execution, self._clock, self._faults, self._tasks)
        interpreter = Interpreter(
            execution.definition,
            _context(execution),
            execution.history,
            grounds,
            began_s=execution.started_s,
            chance=self._chance,
        )
        try:
            ended = await interpreter.run(json.loads(execution.input_text))
        except Exception as error:  # noqa: BLE001  # an execution that nobody ends runs for ever
            cause = f"{type(error).__name__}: {error}"
            ended = Ended(status="FAILED", error=RUNTIME, cause=cause)
        self._end(execution, ended)

    def _end(self, execution: Execution, ended: Ended) -> None:
        with self._lock:
            if execution.status != RUNNING:
                return  # somebody stopped it meanwhile
            execution.status = ended.status
            execution.stopped_s = self._clock.now_s()
            execution.error, execution.cause = ended.error, ended.cause
            if ended.status == "SUCCEEDED":
                execution.output = text(ended.output)
            kind, member = _ENDS[ended.status]
            execution.history.note(
                kind, member, output=execution.output, error=ended.error, cause=ended.cause
            )
        self._announcer.changed(execution)


class _Grounds:
    """What one execution runs on (`interpreter.Grounds`)."""

    def __init__(
        self, execution: Execution, clock: Clock, faults: FaultBoard, tasks: Tasks
    ) -> None:
        self._execution = execution
        self._clock = clock
        self._faults = faults
        self._tasks = tasks

    def now_s(self) -> float:
        return self._clock.now_s()

    async def sleep(self, emulated_s: float) -> None:
        await self._clock.sleep(emulated_s)

    async def present(self) -> None:
        region = self._execution.machine.region
        version = self._faults.version
        while self._faults.region_lost(region):
            version = await self._faults.wait_changed(since=version)

    def perform(self, resource: str, parameters: Any) -> Coroutine[Any, Any, Any]:
        execution = self._execution
        return self._tasks.perform(execution.machine, execution.role_arn, resource, parameters)

    async def within(self, work: Coroutine[Any, Any, Any], limit_s: float | None) -> Any:
        """A task is real work: it has `LEAST_REAL_WORK_S` at any speed."""
        if limit_s is None:
            return await work
        real_s = max(self._clock.real_s(limit_s), min(LEAST_REAL_WORK_S, limit_s))
        return await first_of(work, asyncio.sleep(real_s))


def _context(execution: Execution) -> dict[str, Any]:
    """The context object, without its state.

    https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html
    """
    return {
        "Execution": {
            "Id": execution.arn,
            "Input": json.loads(execution.input_text),
            "Name": execution.name,
            "RoleArn": execution.role_arn,
            "StartTime": History.stamp(execution.started_s),
            "RedriveCount": 0,
        },
        "StateMachine": {"Id": execution.machine.arn, "Name": execution.machine.name},
    }
