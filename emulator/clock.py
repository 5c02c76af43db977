"""Emulated time: the real clock, running `speed` times as fast.

Every wait of the emulated AWS (a health-check interval, a TTL, a Firehose buffer)
goes through one `Clock`, so one number decides how fast a rehearsal runs.
What real hardware does inside such a wait (a TLS handshake, a process start) takes
real time at any speed; `timeout_s` keeps a floor under real timeouts for that reason.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

SHORTEST_REAL_TIMEOUT_S = 0.5
"""A real timeout never goes below this: at high speed the machine's own pauses would fail it."""


class SpeedError(ValueError):
    """A speed that is not a positive, finite number."""

    def __init__(self, speed: float) -> None:
        self.speed = speed
        super().__init__(f"speed is {speed!r}; expected a number above 0 (1 is real time)")


class Clock:
    """Emulated UTC: `start + (real time since start) * speed`.

    Invariant: `now_s` never goes backwards (it follows the monotonic clock, not the wall clock).
    Safe to use from any thread.
    """

    def __init__(self, speed: float = 1.0) -> None:
        if not 0 < speed < float("inf"):
            raise SpeedError(speed)
        self.speed = speed
        self._start_s = time.time()
        self._start_monotonic_s = time.monotonic()

    @property
    def anchor(self) -> dict[str, float]:
        """What another process of this machine needs to tell the same time."""
        return {
            "speed": self.speed,
            "start_s": self._start_s,
            "start_monotonic_s": self._start_monotonic_s,
        }

    def now_s(self) -> float:
        """Emulated Unix time, in seconds."""
        return self._start_s + (time.monotonic() - self._start_monotonic_s) * self.speed

    def now(self) -> datetime:
        """Emulated UTC."""
        return datetime.fromtimestamp(self.now_s(), UTC)

    def real_now_s(self) -> float:
        """Real Unix time, on the monotonic clock."""
        return self._start_s + time.monotonic() - self._start_monotonic_s

    def real_s(self, emulated_s: float) -> float:
        """How many real seconds `emulated_s` take."""
        return emulated_s / self.speed

    def timeout_s(self, emulated_s: float) -> float:
        """Real seconds to wait for something that real hardware does within `emulated_s`.

        Never below `SHORTEST_REAL_TIMEOUT_S`.
        """
        return max(self.real_s(emulated_s), SHORTEST_REAL_TIMEOUT_S)

    async def sleep(self, emulated_s: float) -> None:
        """Sleep for `emulated_s`; at once when that is zero or less."""
        await asyncio.sleep(max(self.real_s(emulated_s), 0.0))
