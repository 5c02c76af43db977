"""Experiments as a deployed stack stops them: its setting `drillStopSeconds`, read back.

A drill by hand is stopped after the same outage of clients as one that runs by the clock.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from resilience.experiments.core.guards import CalendarError, stop_s_of
from resilience.experiments.core.world import CallError

if TYPE_CHECKING:
    from resilience.experiments.core.stepper import Stepper


def stopping(stepper: Stepper) -> tuple[Stepper, tuple[str, ...]]:
    """Give a hand whose drills stop where the stack says. Reads only.

    Returns:
        The hand, and why nothing may run with it: what the stack says cannot be read.
    """
    try:
        stop_s = stop_s_of(stepper.world, stepper.ground)
    except (CallError, CalendarError) as error:
        return stepper, (f"what must be known before a drill cannot be read: {error}",)
    if stop_s is None:
        return stepper, ()
    catalogue = {name: each.stopped_after(stop_s) for name, each in stepper.catalogue.items()}
    return replace(stepper, catalogue=catalogue), ()
