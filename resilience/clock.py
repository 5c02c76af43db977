"""Scenario time: seconds since the run began, on a clock `speed` times as fast as the wall's."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

SHORTEST_REAL_TIMEOUT_S = 1.0
"""No real wait for a reply is shorter: a machine that emulates two Regions is a busy one."""


class Clock:
    """The one clock of a run. Made at its start; `speed` 10 passes ten seconds in one."""

    def __init__(self, speed: float = 1.0) -> None:
        if not 0 < speed < float("inf"):
            raise ValueError(f"speed is {speed}: expected a number above 0, 1 for real time")
        self.speed = speed
        self._start_unix_s = time.time()
        self._start_monotonic_s = time.monotonic()

    def now_s(self) -> float:
        """Scenario seconds since the start; never goes back."""
        return (time.monotonic() - self._start_monotonic_s) * self.speed

    def at_unix_s(self, unix_s: float) -> float:
        """Say which scenario second a wall-clock instant was."""
        return (unix_s - self._start_unix_s) * self.speed

    def started_at(self) -> datetime:
        """When the run began, on the wall clock."""
        return datetime.fromtimestamp(self._start_unix_s, UTC)

    def timeout_s(self, scenario_s: float) -> float:
        """Turn a timeout into wall seconds, never shorter than `SHORTEST_REAL_TIMEOUT_S`."""
        return max(scenario_s / self.speed, SHORTEST_REAL_TIMEOUT_S)

    async def sleep(self, scenario_s: float) -> None:
        """Sleep this many scenario seconds; not at all for zero or less."""
        await asyncio.sleep(max(scenario_s, 0.0) / self.speed)

    async def sleep_until(self, scenario_s: float) -> None:
        """Sleep until the clock shows this."""
        await self.sleep(scenario_s - self.now_s())
