"""Recovery objectives, their verdicts, and what physics allows.

RTO and RPO are *objectives*; recovery time and data loss window are *measurements*
(`resilience.measurement`). Pure: no I/O, no clock.
"""

from __future__ import annotations

from dataclasses import dataclass

HEALTHY_SHARE_RATIO = 0.18
"""Route 53 calls an endpoint healthy while more than this share of its checkers do.
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
"""

CONNECT_TIMEOUT_S = 4.0
RESPONSE_TIMEOUT_S = 2.0
"""HTTP(S) checkers connect within four seconds, then want a status within two (same page)."""


@dataclass(frozen=True, kw_only=True)
class Objectives:
    """What a stack promises. `availability_ratio` is over a drill's own window, 0 to 1."""

    rto_s: float
    rpo_s: float
    availability_ratio: float


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One objective held against its measurement; `measured` is None when it never came."""

    objective: str
    bound: float
    measured: float | None
    met: bool


def judge(
    objectives: Objectives,
    *,
    recovery_time_s: float | None,
    data_loss_window_s: float | None,
    availability_ratio: float | None,
) -> tuple[Verdict, ...]:
    """Hold each measurement against its objective.

    A measurement of None (never recovered, nothing probed) misses its objective: what was not
    seen to hold does not hold.
    """
    at_most = (
        ("rto_s", objectives.rto_s, recovery_time_s),
        ("rpo_s", objectives.rpo_s, data_loss_window_s),
    )
    return (
        *(
            Verdict(
                objective=name,
                bound=bound,
                measured=measured,
                met=measured is not None and measured <= bound,
            )
            for name, bound, measured in at_most
        ),
        Verdict(
            objective="availability",
            bound=objectives.availability_ratio,
            measured=availability_ratio,
            met=availability_ratio is not None
            and availability_ratio >= objectives.availability_ratio,
        ),
    )


@dataclass(frozen=True, kw_only=True)
class Timing:
    """The three settings that bound a DNS failover from below and from above."""

    interval_s: float
    failure_threshold: int
    record_ttl_s: float


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """No recovery by health checks can be faster than `floor_s`; none should pass `ceiling_s`."""

    floor_s: float
    ceiling_s: float


def detection_floor_s(timing: Timing) -> float:
    """Give the earliest instant after a hard loss at which Route 53 can call it unhealthy.

    Checkers do not coordinate: each looks every `interval_s` at a phase of its own. In the luckiest
    case all those that decide looked just after the loss, and report their N-th failure in a row
    (N - 1) intervals later. Phases are rarely that lucky: spread evenly, the last checker that it
    takes (more than 82 % must have turned, see `HEALTHY_SHARE_RATIO`) looks most of an interval
    later, and a failure that is a silence must time out first.
    """
    return timing.interval_s * (timing.failure_threshold - 1)


def recovery_bounds(timing: Timing) -> Bounds:
    """Bound the recovery time that health checks and DNS allow after a hard loss.

    Floor: detection at its earliest, and every client's cached answer expiring just then (so the
    TTL adds nothing). Ceiling: the loss falls right after every checker's look, so N full
    intervals pass; the last look is a silence that takes both of its timeouts; and a client took
    the old answer just before it changed, so a full TTL passes. What lies above the ceiling was
    not Route 53: a cold standby, kept connections, resolvers that overstay the TTL.
    """
    ceiling_s = (
        timing.interval_s * timing.failure_threshold
        + CONNECT_TIMEOUT_S
        + RESPONSE_TIMEOUT_S
        + timing.record_ttl_s
    )
    return Bounds(floor_s=detection_floor_s(timing), ceiling_s=ceiling_s)


def rto_warning(objectives: Objectives, timing: Timing) -> str | None:
    """Say so when the settings alone can miss the RTO, before anything is run."""
    bounds = recovery_bounds(timing)
    if bounds.ceiling_s <= objectives.rto_s:
        return None
    sum_text = (
        f"{timing.failure_threshold} x {timing.interval_s:g} s health checks "
        f"+ {CONNECT_TIMEOUT_S + RESPONSE_TIMEOUT_S:g} s timeouts "
        f"+ {timing.record_ttl_s:g} s record TTL = {bounds.ceiling_s:g} s at worst"
    )
    chance = "cannot meet" if bounds.floor_s > objectives.rto_s else "can miss"
    return (
        f"these settings {chance} the RTO of {objectives.rto_s:g} s: {sum_text}. "
        "Lower failureThreshold, healthCheckIntervalSeconds or recordTtlSeconds"
    )
