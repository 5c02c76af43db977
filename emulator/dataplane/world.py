"""What every part of the data plane works on: the deployed state, time, faults and the log."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from emulator.watch.metrics import Metrics

if TYPE_CHECKING:
    from emulator.clock import Clock
    from emulator.events import EventLog
    from emulator.faults import FaultBoard
    from emulator.store import Store

LEAST_REAL_WORK_S: Final = 1.0
"""Real seconds that something which runs code has at least, whatever the speed.

A function's run and the answer to a health check are real work on this machine. At ten times the
speed their emulated limits (seconds) would be a few tenths of a real second, and every cold start
would break them. What hangs is therefore noticed later than in AWS by up to this long, times the
speed; what refuses or does not shake hands is not affected.
"""


@dataclass(frozen=True, kw_only=True)
class World:
    """The shared objects of the emulator process, handed to each part once."""

    store: Store
    clock: Clock
    faults: FaultBoard
    events: EventLog
    metrics: Metrics = field(default_factory=Metrics)
    """What services say about themselves to CloudWatch; by default a store nobody reads."""
    seed: int = 0

    def work_limit_s(self, emulated_s: float) -> float:
        """Real seconds for work whose limit is `emulated_s`; at least `LEAST_REAL_WORK_S`.

        A limit that is shorter than that in AWS too is kept as it is.
        """
        return max(self.clock.real_s(emulated_s), min(LEAST_REAL_WORK_S, emulated_s))

    def chance(self, purpose: str) -> random.Random:
        """A generator of its own for one purpose: the same seed gives the same draws."""
        return random.Random(f"{self.seed}/{purpose}")  # noqa: S311  # routing, not secrets

    def function_lost(self, region: str, arn: str) -> bool:
        """Whether a function (unqualified ARN), or its whole Region, is lost."""
        return self.faults.region_lost(region) or self.faults.function_lost(arn)

    def balancer_lost(self, region: str, arn: str, zone_id: str) -> bool:
        """Whether a load balancer, its zone or its whole Region is lost."""
        return (
            self.faults.region_lost(region)
            or self.faults.load_balancer_lost(arn)
            or self.faults.zone_lost(zone_id)
        )
