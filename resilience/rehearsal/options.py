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
    BOTH_LOST = "both-lost"


@dataclass(frozen=True, kw_only=True)
class Options:
    """Checked options. `release` None builds one; `config_file` None takes the stack's own."""

    stack: str
    project_dir: Path
    config_file: Path | None
    release: Path | None
    scenario: ScenarioName
    speed: float
    seed: int
    rate_per_s: float
    out: Path


def default_rate_per_s(speed: float) -> float:
    """Give the probe rate for a speed, in probes a scenario second."""
    return min(RATE_PER_S, REAL_RATE_PER_S / speed)
