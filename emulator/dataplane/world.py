"""What every part of the data plane works on: the deployed state, time, faults and the log."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emulator.clock import Clock
    from emulator.events import EventLog
    from emulator.faults import FaultBoard
    from emulator.store import Store


@dataclass(frozen=True, kw_only=True)
class World:
    """The shared objects of the emulator process, handed to each part once."""

    store: Store
    clock: Clock
    faults: FaultBoard
    events: EventLog
    seed: int = 0

    def chance(self, purpose: str) -> random.Random:
        """A generator of its own for one purpose: the same seed gives the same draws."""
        return random.Random(f"{self.seed}/{purpose}")  # noqa: S311  # routing, not secrets

    def function_lost(self, region: str, arn: str) -> bool:
        """Whether a function (unqualified ARN), or its whole Region, is lost."""
        return self.faults.region_lost(region) or self.faults.function_lost(arn)

    def balancer_lost(self, region: str, arn: str) -> bool:
        """Whether a load balancer, or its whole Region, is lost."""
        return self.faults.region_lost(region) or self.faults.load_balancer_lost(arn)
