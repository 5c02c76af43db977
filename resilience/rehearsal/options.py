"""What a rehearsal is asked to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

RATE_PER_S = 10.0
REAL_RATE_PER_S = 20.0
"""Without a rate of one's own: ten probes a scenario second, but no more than twenty a real one.

Half of them open a TLS connection, on the machine that also emulates both of its ends.
"""


class ScenarioName(StrEnum):
    """What can be rehearsed."""

    PRIMARY_LOST = "primary-lost"
    STANDBY_LOST = "standby-lost"
    FIRST_TWO_LOST = "first-two-lost"
    NEAREST_LOST = "nearest-lost"
    ALL_LOST = "all-lost"


@dataclass(frozen=True, kw_only=True)
class Options:
    """Checked options.

    `release` None builds one; `config_file` None takes the stack's own; `scenario` None plays the
    loss that fits the stack's routing best.
    """

    stack: str
    project_dir: Path
    config_file: Path | None
    release: Path | None
    scenario: ScenarioName | None
    speed: float
    seed: int
    rate_per_s: float
    out: Path


class ScenarioError(Exception):
    """A scenario that a stack cannot play; says which it can."""


_FITTING: dict[str, tuple[ScenarioName, ...]] = {
    "failover": (ScenarioName.PRIMARY_LOST, ScenarioName.STANDBY_LOST, ScenarioName.ALL_LOST),
    "latency": (ScenarioName.NEAREST_LOST, ScenarioName.ALL_LOST),
}
_REGIONS_FOR_TWO_LOST = 3


def fitting(asked: ScenarioName | None, *, routing: str, regions: int) -> ScenarioName:
    """Give the scenario to play on a stack: the one asked for, or the first that fits.

    Raises:
        ScenarioError: the one asked for does not fit.
    """
    known = _FITTING[routing]
    if routing == "failover" and regions >= _REGIONS_FOR_TWO_LOST:
        known = (*known, ScenarioName.FIRST_TWO_LOST)
    if asked is None:
        return known[0]
    if asked not in known:
        raise ScenarioError(
            f"{asked} cannot be played on {regions} Regions with routing {routing!r}: expected "
            f"one of {', '.join(known)}"
        )
    return asked


def default_rate_per_s(speed: float) -> float:
    """Give the probe rate for a speed, in probes a scenario second."""
    return min(RATE_PER_S, REAL_RATE_PER_S / speed)
