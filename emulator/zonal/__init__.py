"""ARC zonal shift: traffic of a load balancer moved away from one Availability Zone, for a while.

moto has nothing of it, so this part is the whole service: managed resources, practice run
configurations, autoshift status, zonal shifts that somebody starts and practice runs that somebody
starts. A shift takes the zone's address out of the load balancer's name (`zones_away`) until it
expires, on the emulated clock.

What starts by itself in AWS does not start here: autoshifts (no zone is impaired), and the practice
run of every week; `StartPracticeRun` runs one at any time.
https://docs.aws.amazon.com/r53recovery/latest/dg/arc-zonal-autoshift.how-it-works.html
"""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any, Final

from emulator.door.rest_json import Service
from emulator.zonal.practice import PracticeRuns
from emulator.zonal.resources import Resources
from emulator.zonal.shifts import Shifts
from emulator.zonal.state import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from emulator.clock import Clock
    from emulator.door.refusals import Answer
    from emulator.door.request import ApiRequest
    from emulator.events import EventLog
    from emulator.store import Store

SIGNED_AS: Final = "arc-zonal-shift"

_POLL_S: Final = 1.0  # emulated; an alarm that ends a practice run is seen at most this late
_SHORTEST_REAL_POLL_S: Final = 0.05


class ZonalShifts:
    """The service, joined. Safe to use from any thread."""

    def __init__(self, store: Store, clock: Clock, events: EventLog) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._ledger = Ledger(clock, events)
        resources = Resources(store, self._ledger)
        self._shifts = Shifts(resources, self._ledger)
        self._practice = PracticeRuns(store, resources, self._ledger)
        self._service = Service(
            SIGNED_AS,
            {
                **resources.operations(),
                **self._shifts.operations(),
                **self._practice.operations(),
            },
            self._lock,
        )

    def answer(self, request: ApiRequest) -> Answer:
        """Answer one call of the API."""
        self.tick()
        return self._service.answer(request)

    def zones_away(self, load_balancer_arn: str) -> frozenset[str]:
        """Ids of the Availability Zones that a load balancer's traffic is kept away from now."""
        with self._lock:
            shift = self._ledger.applied(load_balancer_arn)
            return frozenset() if shift is None else frozenset({shift.away_from})

    def tick(self) -> None:
        """End what has expired, and practice runs whose outcome alarm has gone off."""
        with self._lock:
            self._practice.look()
            self._ledger.expire()

    def flows(self) -> Sequence[Callable[[], Coroutine[Any, Any, None]]]:
        """What is to run in the event loop for as long as the emulator serves."""
        return (self._run,)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(max(self._clock.real_s(_POLL_S), _SHORTEST_REAL_POLL_S))
            # In a thread: it waits for a lock that an API call may be holding.
            await asyncio.to_thread(self.tick)
