"""AWS Backup: vaults and their locks, plans, jobs, copies, restores and restore tests.

moto keeps vaults and plans and does nothing with them; this part answers the API in its place and
does the work, on the emulated clock, under the roles it is given.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from emulator.backup.announce import Announcer
from emulator.backup.api import take_over
from emulator.backup.jobs import Jobs
from emulator.backup.plans import Plans
from emulator.backup.restore_tests import RestoreTests
from emulator.backup.state import Account
from emulator.backup.testing import Testing
from emulator.backup.vaults import Vaults
from emulator.backup.work import JobTimes, Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from emulator.clock import Clock
    from emulator.events import EventLog
    from emulator.faults import FaultBoard
    from emulator.storage.objects import Objects
    from emulator.watch.watch import Watch

__all__ = ["Backups", "JobTimes"]

_POLL_S: Final = 1.0  # emulated; a step is taken at most this much late
_SHORTEST_REAL_POLL_S: Final = 0.05


class Backups:
    """AWS Backup, joined. `close` gives moto its own back."""

    def __init__(  # noqa: PLR0913 - the emulator's shared parts, handed in
        self,
        clock: Clock,
        faults: FaultBoard,
        events: EventLog,
        objects: Objects,
        watch: Watch,
        *,
        seed: int = 0,
        times: JobTimes | None = None,
    ) -> None:
        self.account = Account()
        self._clock = clock
        announcer = Announcer(watch.bus, watch.metrics, events)
        self._worker = Worker(self.account, announcer, objects, clock, faults, times=times)
        jobs = Jobs(self.account, self._worker, clock)
        self._plans = Plans(self.account, self._worker, clock, faults)
        self._tests = RestoreTests(self.account, jobs, self._worker, clock, faults, seed=seed)
        testing = Testing(self.account, self._tests, clock)
        vaults = Vaults(self.account, announcer, clock)
        operations = {
            name: operation
            for part in (vaults, self._plans, jobs, testing)
            for name, operation in part.operations().items()
        }
        self.close = take_over(operations, self.account.lock)

    def tick(self) -> None:
        """Do all that is due now: schedules first, then jobs."""
        with self.account.lock:
            self._plans.fire()
            self._tests.fire()
            self._worker.tick()

    def recovery_points(self) -> list[str]:
        """The ARN of every recovery point there is."""
        with self.account.lock:
            return [
                arn
                for _, region in self.account.regions()
                for vault in region.vaults.values()
                for arn in vault.points
            ]

    def flows(self) -> Sequence[Callable[[], Coroutine[Any, Any, None]]]:
        """What is to run in the event loop for as long as the emulator serves."""
        return (self._run,)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(max(self._clock.real_s(_POLL_S), _SHORTEST_REAL_POLL_S))
            # In a thread: it waits for locks that an API call may be holding.
            await asyncio.to_thread(self.tick)
