"""The environments of one function version: handing out, starting, reusing, expiring.

An invocation takes an idle environment or waits; a waiting one takes whatever comes first, a new
environment or one that another invocation gives back. At real time every waiting invocation has an
environment started for it, as in AWS. A start takes real time, though, so at N times the speed it
seems N times as long and N times as many invocations wait for it: there, one is started for every N
that wait. A machine-wide limit on starts at a time holds besides.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from emulator.dataplane.lambda_environment import Environment, Initialization
    from emulator.store import FunctionVersion

PROVISIONED: Final[Initialization] = "provisioned-concurrency"


class Launch(Protocol):
    """Starts one environment."""

    async def __call__(self, version: FunctionVersion, *, provisioned: bool) -> Environment:
        """An environment that is ready; raises when there will be none."""
        ...


class Pool:
    """Environments of one version. Invariant: an environment is idle or with one invocation."""

    def __init__(
        self,
        version: FunctionVersion,
        launch: Launch,
        start_slots: asyncio.Semaphore,
        *,
        speed: float = 1.0,
    ) -> None:
        self.version = version
        self._launch = launch
        self._start_slots = start_slots
        self._waiting_for_a_start = max(speed, 1.0)
        self._idle: list[Environment] = []
        self._busy: set[Environment] = set()
        self._ending: set[Environment] = set()
        self._waiting: deque[asyncio.Future[Environment]] = deque()
        self._starting: set[asyncio.Task[None]] = set()
        self._to_keep = 0
        self._provisioning: set[asyncio.Task[None]] = set()
        self.provisioning_failure: str | None = None
        """Why provisioning stopped; None while it goes on or is done."""

    @property
    def environments(self) -> int:
        """How many environments there are, idle and busy."""
        return len(self._idle) + len(self._busy)

    @property
    def has_idle(self) -> bool:
        """Whether an invocation would find an environment at once."""
        return bool(self._idle)

    @property
    def provisioned(self) -> int:
        """How many environments there are that were started ahead of any invocation."""
        return sum(each.initialization == PROVISIONED for each in (*self._idle, *self._busy))

    @property
    def in_use(self) -> bool:
        """Whether an invocation runs here or waits to."""
        return bool(
            self._busy or self._waiting or self._starting or self._provisioning or self._to_keep
        )

    def provision(self, count: int) -> None:
        """Keep `count` environments started, whether asked for or not; idempotent.

        A start that failed is not tried again before another count is asked for, as in AWS.
        """
        if count != self._to_keep:
            self._to_keep = count
            self.provisioning_failure = None
        if self.provisioning_failure is not None:
            return
        for _ in range(count - self.provisioned - len(self._provisioning)):
            task = asyncio.create_task(self._provision_one())
            self._provisioning.add(task)
            task.add_done_callback(self._provisioning.discard)

    async def acquire(self) -> Environment:
        """An environment for one invocation; `release` or `discard` it afterwards.

        Raises:
            Exception: whatever the launch raised; the failed start is this invocation's.
        """
        while self._idle:
            environment = self._take_idle()
            if environment.credentials.fresh():
                self._busy.add(environment)
                return environment
            await environment.close()
        waiter: asyncio.Future[Environment] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        self._start_enough()
        return await waiter

    def _take_idle(self) -> Environment:
        """The environment used last, but a provisioned one before any other, as in AWS."""
        provisioned = (each for each in reversed(self._idle) if each.initialization == PROVISIONED)
        environment = next(provisioned, self._idle[-1])
        self._idle.remove(environment)
        return environment

    def release(self, environment: Environment, now_s: float) -> None:
        """Give an environment back for the next invocation."""
        environment.last_used_s = now_s
        self._busy.discard(environment)
        self._hand_over(environment)

    async def discard(self, environment: Environment) -> None:
        """End an environment that cannot serve again."""
        self._busy.discard(environment)
        await environment.close()

    async def expire(self, *, used_before_s: float) -> int:
        """End the environments idle since before `used_before_s` (emulated); returns how many.

        As many provisioned ones as are to be kept stay, however long nobody asked for them.
        """
        spare = self.provisioned - self._to_keep
        old: list[Environment] = []
        for each in self._idle:
            if each.initialization == PROVISIONED:
                if spare > 0:
                    old.append(each)
                spare -= 1
            elif each.last_used_s < used_before_s:
                old.append(each)
        self._idle = [each for each in self._idle if each not in old]
        self._ending.update(old)  # so that `close` ends them if this is given up meanwhile
        await asyncio.gather(*(each.close() for each in old))
        self._ending.difference_update(old)
        return len(old)

    async def kill(self) -> int:
        """Kill every process at once; invocations under way see it. Returns how many there were."""
        idle, self._idle = self._idle, []
        busy = list(self._busy)
        for environment in (*idle, *busy):
            environment.worker.kill()
        await asyncio.gather(*(each.close() for each in idle))
        return len(idle) + len(busy)

    async def close(self) -> None:
        """End everything, starts under way included."""
        for waiter in self._waiting:
            waiter.cancel()
        self._waiting.clear()
        starts = [*self._starting, *self._provisioning]
        for task in starts:
            task.cancel()
        await asyncio.gather(*starts, return_exceptions=True)
        await self.kill()
        await asyncio.gather(*(each.close() for each in (*self._busy, *self._ending)))
        self._busy.clear()
        self._ending.clear()

    async def _provision_one(self) -> None:
        async with self._start_slots:
            if self.provisioned >= self._to_keep or self.provisioning_failure is not None:
                return
            try:
                environment = await self._launch(self.version, provisioned=True)
            except Exception as error:  # noqa: BLE001  # told to whoever reads the status
                self.provisioning_failure = f"FUNCTION_ERROR_INIT_FAILURE: {error}"
            else:
                self._hand_over(environment)

    def _start_enough(self) -> None:
        """Have as many starts under way as the invocations that wait call for."""
        wanted = math.ceil(len(self._waiting) / self._waiting_for_a_start)
        for _ in range(wanted - len(self._starting)):
            task = asyncio.create_task(self._start())
            self._starting.add(task)
            task.add_done_callback(self._started)

    def _started(self, task: asyncio.Task[None]) -> None:
        self._starting.discard(task)
        if not task.cancelled() and self._next_waiter_stays():
            self._start_enough()  # a start may have failed, or more may wait than before

    async def _start(self) -> None:
        async with self._start_slots:
            if not self._next_waiter_stays():
                return  # an environment was given back meanwhile: no need to start another
            try:
                environment = await self._launch(self.version, provisioned=False)
            except Exception as error:  # noqa: BLE001  # handed to the invocation that waits
                self._fail_one(error)
            else:
                self._hand_over(environment)

    def _hand_over(self, environment: Environment) -> None:
        if self._next_waiter_stays():
            self._busy.add(environment)
            self._waiting.popleft().set_result(environment)
        else:
            self._idle.append(environment)

    def _fail_one(self, error: Exception) -> None:
        if self._next_waiter_stays():
            self._waiting.popleft().set_exception(error)

    def _next_waiter_stays(self) -> bool:
        """Whether somebody waits, after forgetting those who gave up."""
        while self._waiting and self._waiting[0].done():
            self._waiting.popleft()
        return bool(self._waiting)
