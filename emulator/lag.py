"""How long a copy takes: drawn from a lognormal distribution, in emulated time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import random

_Z_99: Final = 2.3263478740408408  # the standard normal's 99th percentile


@dataclass(frozen=True, kw_only=True)
class ReplicationLag:
    """Lognormal lag from write to replica, in emulated seconds."""

    median_s: float = 1.5
    p99_s: float = 15.0

    def draw_s(self, source: random.Random) -> float:
        """One lag."""
        sigma = math.log(self.p99_s / self.median_s) / _Z_99
        return source.lognormvariate(math.log(self.median_s), sigma)
