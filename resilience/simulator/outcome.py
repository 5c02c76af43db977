"""What a simulated run came to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Violation:
    """A rule that did not hold: which, when, and what was seen."""

    rule: str
    at_s: float
    detail: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Split:
    """The parts of a recovery time, in seconds, as `resilience.measurement` defines them."""

    detect: float
    decide: float
    shift: float
    first_good_reply: float
    steady: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """Measurements and verdict of one scenario.

    Definitions are those of `resilience.measurement`, over an open loop of probes.

    Attributes:
        recovery_s: The longest of the outages, each from the fault's onset to the first full window
            that holds; None: no window failed; inf: one failed and none held again.
        parts: The split of that recovery; None if there is none.
        data_loss_window_s: Age, when the first Region that served was lost, of its oldest
            acknowledged write that no other Region held then; 0 if none was missing or lost.
        availability_ratio: Good replies over all probes, from the start to `duration_s`.
        outages: How often a window failed after windows that held.
        violations: Rules that did not hold; none for a sound brain on a sound stack.
        events: How many events were worked off.
    """

    recovery_s: float | None
    parts: Split | None
    data_loss_window_s: float
    availability_ratio: float
    outages: int
    violations: tuple[Violation, ...]
    events: int
