"""Statistics of CloudWatch, over one period's aggregate. Pure.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.watch.metrics import Aggregate

BASIC: Final = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")
_PERCENTILE: Final = re.compile(r"p(\d{1,2}(\.\d{1,10})?|100)")

_BASIC: Final[dict[str, Callable[[Aggregate], float]]] = {
    "SampleCount": lambda found: found.count,
    "Average": lambda found: found.total / found.count,
    "Sum": lambda found: found.total,
    "Minimum": lambda found: found.minimum,
    "Maximum": lambda found: found.maximum,
}


class StatisticError(ValueError):
    """A statistic that is not known here."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"statistic {name!r} is not known here; known are {', '.join(BASIC)} and percentiles "
            "such as p99 or p99.9 (trimmed means and the like are not emulated)"
        )


def check(name: str) -> None:
    """Refuse a statistic that cannot be computed.

    Raises:
        StatisticError: Names it.
    """
    if name not in BASIC and percentile_of(name) is None:
        raise StatisticError(name)


def percentile_of(name: str) -> float | None:
    """99.9 for `p99.9`; None for what is no percentile. `IQM` and `p50` differ, so only pNN."""
    return float(name[1:]) if _PERCENTILE.fullmatch(name) else None


def value(name: str, found: Aggregate) -> float | None:
    """One statistic; None where there is nothing to compute it from.

    A percentile of samples that came as bare statistics is not known, unless they were one
    sample, or all of one value (same source as above).

    Raises:
        StatisticError: The statistic is not known.
    """
    if found.count <= 0:
        return None
    if name in _BASIC:
        return _BASIC[name](found)
    rank = percentile_of(name)
    if rank is None:
        raise StatisticError(name)
    if found.count == 1 or found.minimum == found.maximum:
        return found.maximum
    return _percentile(rank, found.values)


def _percentile(rank: float, values: dict[float, float]) -> float | None:
    """The smallest value that at least `rank` per cent of the samples do not exceed."""
    wanted = sum(values.values()) * rank / 100
    seen = 0.0
    last: float | None = None
    for last in sorted(values):
        seen += values[last]
        if seen >= wanted:
            return last
    return last
