"""Chaos Toolkit's probes: what a drill's steady state is made of. They read only."""

from __future__ import annotations

from resilience.experiments.actions import stepper_of
from resilience.experiments.core.steady import unsteady


def stack_is_steady(stack: str) -> bool:
    """Tell whether each Region serves, clients are led to the first, and none is evacuated."""
    stepper = stepper_of(stack)
    return not unsteady(stepper.world, stepper.ground)
