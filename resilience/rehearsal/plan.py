"""How long each phase of a run may take, planned from what is deployed. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from resilience.objectives import (
    CONNECT_TIMEOUT_S,
    RESPONSE_TIMEOUT_S,
    Bounds,
    recovery_bounds,
)

if TYPE_CHECKING:
    from resilience.measurement import Steady
    from resilience.topology import Topology

BUSY_MACHINE_REAL_S = 6.0
"""What a busy machine may add to any wait, in wall seconds: work does not run faster with speed."""

SCHEDULE_S = 60.0
"""An observer that was away begins to look again with the next minute of its schedule."""

LOST_LOOK_REAL_S = 2.0
"""What a look at a lost Region takes at least, in wall seconds: no timeout is cut below a real one,
and an observer's look has two in a row, its question and its write."""

LOOKS_OF_A_MARKER = 6
"""Looks until a marker was there and back: one to send, one to see it, one to answer; twice over,
as either side may have just looked."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Durations in scenario seconds; those called deadline are the longest a wait may last."""

    bounds: Bounds
    steady_s: float
    settled_hold_s: float
    settle_deadline_s: float
    takeover_deadline_s: float
    latch_hold_s: float
    latch_deadline_s: float
    return_deadline_s: float
    latched_watch_s: float
    failback_deadline_s: float
    gates_deadline_s: float


def make_plan(topology: Topology, steady: Steady, *, speed: float) -> Plan:
    """Plan a run from what is deployed: checks, records, objectives, and observers."""
    timing = topology.timing
    bounds = recovery_bounds(timing)
    slack_s = BUSY_MACHINE_REAL_S * speed
    timeouts_s = CONNECT_TIMEOUT_S + RESPONSE_TIMEOUT_S
    turn_s = timing.interval_s * timing.failure_threshold + timeouts_s
    hold_s = topology.primary.failback_hold_s
    deciding = topology.standby.observer
    look_s, agreement_s = (
        (0.0, 0.0) if deciding is None else (deciding.look_s, deciding.agreement_s)
    )
    return Plan(
        bounds=bounds,
        steady_s=2 * steady.window_s,
        settled_hold_s=timing.interval_s * (timing.failure_threshold - 1) + timeouts_s,
        settle_deadline_s=2 * turn_s + timing.record_ttl_s + slack_s,
        takeover_deadline_s=max(bounds.ceiling_s, topology.objectives.rto_s)
        + steady.window_s
        + slack_s,
        latch_hold_s=latch_hold_s(timing.interval_s, timing.failure_threshold),
        latch_deadline_s=turn_s + SCHEDULE_S + agreement_s + 3 * look_s + slack_s,
        return_deadline_s=turn_s + slack_s,
        latched_watch_s=min(hold_s, timing.record_ttl_s + steady.window_s),
        failback_deadline_s=turn_s + timing.record_ttl_s + steady.window_s + slack_s,
        gates_deadline_s=hold_s + SCHEDULE_S + LOOKS_OF_A_MARKER * look_s + 60.0 + slack_s,
    )


def speed_warning(topology: Topology, *, speed: float) -> str | None:
    """Say so when looks at a lost Region, slow at this speed, come too far apart to agree."""
    deciding = topology.standby.observer
    if deciding is None:
        return None
    room_s = deciding.stale_after_s - deciding.look_s
    if LOST_LOOK_REAL_S * speed < room_s:
        return None
    return (
        f"at {speed:g} times the speed a look at a lost Region may take "
        f"{LOST_LOOK_REAL_S * speed:g} s of {room_s:g} s: observers may never agree, and what is "
        f"missed then is the machine's. Use a --speed below {room_s / LOST_LOOK_REAL_S:g}"
    )


def latch_hold_s(interval_s: float, threshold: int) -> float:
    """Say how long after the flag was set a lost Region must stay away.

    The flag counts once the evacuation check has turned: at most `threshold` intervals and one
    look's timeouts later. A Region given back counts as healthy once a few checkers have seen
    `threshold` good answers: not before `threshold - 1` intervals, less the timeouts of a look
    that was already waiting for an answer. The difference is what has to be waited.
    """
    timeouts_s = CONNECT_TIMEOUT_S + RESPONSE_TIMEOUT_S
    latched_s = threshold * interval_s + timeouts_s
    back_s = (threshold - 1) * interval_s - timeouts_s
    return latched_s - back_s
