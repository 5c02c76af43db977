"""How many invocations may run at a time, and how fast a function may grow.

Lambda counts environments at work. A reservation is a function's own share and its ceiling;
functions without one share what nobody reserved. New environments come at a limited rate.
https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html
https://docs.aws.amazon.com/lambda/latest/dg/scaling-behavior.html

At N times the speed N times as many requests arrive in a real second, each of which still takes as
long as it takes: limits count N times as much then, so that no limit is met at a higher speed that
would not be met at real time. 0 stays 0.
"""

from __future__ import annotations

import math
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from emulator import quotas

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from emulator.clock import Clock
    from emulator.store import Function, Store

RESERVED_REACHED: Final = "ReservedFunctionConcurrentInvocationLimitExceeded"
ACCOUNT_REACHED: Final = "ConcurrentInvocationLimitExceeded"
"""Reasons as Invoke gives them. That too fast a growth is told as the second is unverified.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""


class ThrottledError(Exception):
    """An invocation that no environment may serve now. `reason` is AWS's."""

    def __init__(self, reason: str, limit: float) -> None:
        self.reason = reason
        self.limit = limit
        super().__init__(f"{reason} ({limit:g})")


@dataclass(frozen=True, kw_only=True)
class ScalingRate:
    """New environments a function may start: `at_once`, refilled by `per_s` (emulated)."""

    at_once: float = 1000.0
    per_s: float = 100.0


class Growth:
    """A function's allowance of new environments. It refills steadily and never beyond full."""

    def __init__(self, rate: ScalingRate, now_s: Callable[[], float]) -> None:
        self._rate = rate
        self._now_s = now_s
        self._left = rate.at_once
        self._as_of_s = now_s()

    def take(self, environments: float) -> bool:
        """Take from the allowance; False, and nothing taken, when not enough is left."""
        now_s = self._now_s()
        refill = (now_s - self._as_of_s) * self._rate.per_s
        self._left = min(self._rate.at_once, self._left + refill)
        self._as_of_s = now_s
        if self._left < environments:
            return False
        self._left -= environments
        return True


class Concurrency:
    """Admits invocations, Region by Region. Belongs to one event loop."""

    def __init__(self, store: Store, clock: Clock, rate: ScalingRate) -> None:
        self._store = store
        self._clock = clock
        self._rate = rate
        self._stretch = max(clock.speed, 1.0)
        self._running: Counter[str] = Counter()
        self._growth: dict[str, Growth] = {}

    def running(self, arn: str) -> int:
        """Invocations of a function (unqualified ARN) that run or wait for an environment."""
        return self._running[arn]

    @contextmanager
    def place(self, function: Function) -> Generator[None]:
        """A place for one invocation while the block runs.

        Raises:
            ThrottledError: There is none.
        """
        self._check(function)
        self._running[function.arn] += 1
        try:
            yield
        finally:
            self._running[function.arn] -= 1

    def grow(self, function: Function) -> None:
        """Note that an invocation found no environment idle.

        Raises:
            ThrottledError: The function already grows as fast as it may.
        """
        growth = self._growth.get(function.arn)
        if growth is None:
            growth = self._growth[function.arn] = Growth(self._rate, self._clock.now_s)
        if not growth.take(1.0 / self._stretch):
            raise ThrottledError(ACCOUNT_REACHED, self._rate.at_once)

    def _check(self, function: Function) -> None:
        running, reserved = self._running[function.arn], function.reserved_concurrency
        if reserved is not None:
            if running >= self._stretched(reserved):
                raise ThrottledError(RESERVED_REACHED, reserved)
            return
        if running < self._stretched(function.claimed_concurrency):
            return  # an environment provisioned for it, which counts as claimed already
        others = self._store.functions_in(function.region)
        quota = quotas.applied(quotas.CONCURRENT_EXECUTIONS, function.region)
        shared = max(quota - sum(each.claimed_concurrency for each in others), 0)
        used = sum(self._beyond_claim(each) for each in others)
        if used >= self._stretched(shared):
            raise ThrottledError(ACCOUNT_REACHED, shared)

    def _beyond_claim(self, function: Function) -> int:
        """How much of what all share a function uses."""
        if function.reserved_concurrency is not None:
            return 0
        return max(self._running[function.arn] - self._stretched(function.claimed_concurrency), 0)

    def _stretched(self, limit: float) -> int:
        return math.ceil(limit * self._stretch)
