"""The clock as a function sees it: the emulated AWS's own, and its Region's fault of it.

At ten times the speed a function that sleeps ten seconds must sleep one, and the time it writes
down must be everybody's. So `time.time`, `time.monotonic` and `time.sleep` of a worker follow the
emulator's clock: all workers are anchored to one moment of the machine's monotonic clock, which
its processes share. A skewed Region's `time.time` is early or late by so many seconds; durations
stay right, as on a machine whose clock was set wrong.

What stays real: `time.perf_counter`, which measures work, and work does not run faster with speed
(docs/adr/0008-let-waits-run-faster-but-not-work.md); and `datetime.now`, which asks the system
itself, and with it what signs AWS calls and judges certificates.

Loaded by path, into a worker, before its package. Nothing of the emulator is on its path.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

SHORTEST_REAL_TIMEOUT_S = 1.0
"""No timeout of work is cut below this, as everywhere in the emulator (`World.work_limit_s`)."""

_monotonic = time.monotonic
_sleep = time.sleep


class WorkerClock:
    """Emulated time in one worker process.

    Attributes:
        speed: How many emulated seconds pass in a real one.
        skew_s: By how much this Region's wall clock is wrong now; the next request may change it.
    """

    def __init__(self, anchor: Mapping[str, float]) -> None:
        self.speed = anchor["speed"]
        self.skew_s = 0.0
        self._start_s = anchor["start_s"]
        self._start_monotonic_s = anchor["start_monotonic_s"]

    def time(self) -> float:
        """Emulated Unix time, as this Region has it."""
        return self._start_s + self._passed_s() + self.skew_s

    def time_ns(self) -> int:
        """The same in nanoseconds."""
        return int(self.time() * 1e9)

    def monotonic(self) -> float:
        """Emulated seconds since some moment."""
        return self._start_monotonic_s + self._passed_s()

    def monotonic_ns(self) -> int:
        """The same in nanoseconds."""
        return int(self.monotonic() * 1e9)

    def sleep(self, seconds: float) -> None:
        """Sleep so many emulated seconds."""
        _sleep(seconds / self.speed)

    def real_timeout_s(self, seconds: float) -> float:
        """Real seconds to wait for what somebody does within so many emulated ones."""
        return max(seconds / self.speed, min(seconds, SHORTEST_REAL_TIMEOUT_S))

    def _passed_s(self) -> float:
        return (_monotonic() - self._start_monotonic_s) * self.speed


def install(anchor: Mapping[str, float]) -> WorkerClock:
    """Let this process live by the emulated clock from now on.

    Args:
        anchor: `speed`, `start_s` (Unix time at which the emulated clock began) and
            `start_monotonic_s` (that moment on the machine's monotonic clock).
    """
    clock = WorkerClock(anchor)
    for name in ("time", "time_ns", "monotonic", "monotonic_ns", "sleep"):
        setattr(time, name, getattr(clock, name))
    return clock


def scale_waits(clock: WorkerClock, threading: Any) -> None:
    """Let waits with a timeout (of events, queues, futures) end by the emulated clock as well."""
    own = threading.Condition.wait

    def wait(self: Any, timeout: float | None = None) -> bool:
        return own(self, None if timeout is None else clock.real_timeout_s(timeout))

    threading.Condition.wait = wait


def scale_connections(clock: WorkerClock, socket: Any) -> None:
    """Let connections that are opened with a timeout of their own end by the emulated clock."""
    own = socket.create_connection

    def create_connection(address: Any, timeout: Any = None, *rest: Any, **more: Any) -> Any:
        known = isinstance(timeout, int | float)
        return own(address, clock.real_timeout_s(timeout) if known else timeout, *rest, **more)

    socket.create_connection = create_connection
