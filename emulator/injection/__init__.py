"""Fault Injection Service: experiments that break parts of the data plane for a while.

moto keeps templates and experiments and breaks nothing, so this part is the whole service:
templates that are checked (`checks`), targets by ARN and by tags (`targets`), actions that put
faults on the board and take them off again (`actions`, `running`), under the permissions of the
template's role, until their time is over, somebody stops them or a stop condition's alarm goes off.
https://docs.aws.amazon.com/fis/latest/userguide/what-is.html
"""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any, Final

from emulator.door.rest_json import Service
from emulator.injection.experiments import Experiments
from emulator.injection.running import Runner, Surroundings
from emulator.injection.state import Account
from emulator.injection.templates import Templates

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from emulator.clock import Clock
    from emulator.door.refusals import Answer
    from emulator.door.request import ApiRequest
    from emulator.events import EventLog
    from emulator.faults import FaultBoard
    from emulator.storage.objects import Objects
    from emulator.watch.watch import Watch

SIGNED_AS: Final = "fis"

_POLL_S: Final = 1.0  # emulated; an alarm that stops an experiment is seen at most this late
_SHORTEST_REAL_POLL_S: Final = 0.05


class FaultInjection:
    """The service, joined. Safe to use from any thread."""

    def __init__(
        self,
        clock: Clock,
        faults: FaultBoard,
        events: EventLog,
        objects: Objects,
        watch: Watch,
        *,
        seed: int = 0,
    ) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        account = Account()
        state = watch.alarms.state
        around = Surroundings(
            objects=objects,
            clock=clock,
            faults=faults,
            events=events,
            bus=watch.bus,
            alarm_state=state,
        )
        self._runner = Runner(account, around, seed=seed)
        templates = Templates(account, clock, state)
        experiments = Experiments(account, self._runner, clock)
        self._service = Service(
            SIGNED_AS, {**templates.operations(), **experiments.operations()}, self._lock
        )

    def answer(self, request: ApiRequest) -> Answer:
        """Answer one call of the API."""
        self.tick()
        return self._service.answer(request)

    def tick(self) -> None:
        """Move every experiment on that can move."""
        with self._lock:
            self._runner.tick()

    def flows(self) -> Sequence[Callable[[], Coroutine[Any, Any, None]]]:
        """What is to run in the event loop for as long as the emulator serves."""
        return (self._run,)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(max(self._clock.real_s(_POLL_S), _SHORTEST_REAL_POLL_S))
            # In a thread: it waits for a lock that an API call may be holding.
            await asyncio.to_thread(self.tick)
