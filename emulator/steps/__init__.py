"""Step Functions: standard workflows that run on the emulated clock, under their own roles.

moto has an interpreter of its own; its waits are real, nothing asks the machine's role, a lost
Region's executions go on, and no event or metric tells of them. So this part is the whole service:
state machines in the JSONPath subset of the States Language that `definition` checks, tasks that
invoke functions and publish on topics (`tasks`), executions (`interpreter`) with their histories,
events and metrics. What is not emulated is refused by name when a machine is created.
https://docs.aws.amazon.com/step-functions/latest/dg/welcome.html
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final

from emulator.door.json_rpc import Service
from emulator.door.rest_json import ServiceError
from emulator.steps.announce import Announcer
from emulator.steps.executions import Executions
from emulator.steps.machines import Machines
from emulator.steps.running import Runner
from emulator.steps.state import Account
from emulator.store.backends import region_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from emulator.clock import Clock
    from emulator.door.refusals import Answer
    from emulator.door.request import ApiRequest
    from emulator.events import EventLog
    from emulator.faults import FaultBoard
    from emulator.watch.watch import Watch

SIGNED_AS: Final = "states"


class StateMachines:
    """The service, joined. Safe to use from any thread; executions run in the event loop."""

    def __init__(
        self,
        clock: Clock,
        faults: FaultBoard,
        events: EventLog,
        watch: Watch,
        *,
        seed: int = 0,
    ) -> None:
        lock = threading.RLock()
        account = Account()
        announcer = Announcer(watch.bus, watch.metrics, events)
        self._runner = Runner(clock, faults, announcer, watch.delivery.soon, lock, seed=seed)
        self._executions = Executions(account, self._runner, clock)
        machines = Machines(account, self._runner, clock)
        self._lock = lock
        self._service = Service(
            "stepfunctions",
            {**machines.operations(), **self._executions.operations()},
            lock,
        )

    def connect(self, invoke: Callable[..., Awaitable[Any]]) -> None:
        """Functions are invoked through this from now on, before anything is started."""
        self._runner.connect(invoke)

    def answer(self, request: ApiRequest) -> Answer:
        """Answer one call of the API."""
        return self._service.answer(request)

    def start(self, arn: str, body: str) -> str | None:
        """Start an execution for another service; why there is none, or None."""
        try:
            with self._lock:
                self._executions.start(region_of(arn), {"stateMachineArn": arn, "input": body})
        except ServiceError as error:
            return str(error)
        return None
