"""From the stack's parameter to the ground of a drill. Pure.

`infra/drills/parameter.py` writes it: what differs by the Region alone is told once, as a pattern.
The load balancers are left out, which no experiment that runs unattended touches.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from resilience.experiments.core.ground import Ground, GroundError, Place
from resilience.objectives import (
    CONNECT_TIMEOUT_S,
    RESPONSE_TIMEOUT_S,
    Timing,
    recovery_bounds,
)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a stack is drilled by.

    Attributes:
        ground: The stack.
        experiments: Which run by the clock, in turn.
        injections: Whether any may break something.
        stop_s: Longest outage that clients may see.
    """

    ground: Ground
    experiments: tuple[str, ...]
    injections: bool
    stop_s: float


def plan_of(text: str) -> Plan:
    """Read the parameter.

    Raises:
        GroundError: it holds something else.
    """
    try:
        raw: dict[str, Any] = json.loads(text)
        return Plan(
            ground=_ground(raw["stack"]),
            experiments=tuple(raw["experiments"]),
            injections=bool(raw["injections"]),
            stop_s=float(raw["stop_s"]),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise GroundError(
            f"the stack's parameter tells no ground to drill on ({error!r}): expected what this"
            " project's program writes; deploy it"
        ) from error


def _ground(raw: dict[str, Any]) -> Ground:
    timing = Timing(
        interval_s=raw["interval_s"],
        failure_threshold=raw["failure_threshold"],
        record_ttl_s=raw["ttl_s"],
    )
    same = ("account", "project", "stack", "predict_name", "table", "routing", "ttl_s")
    figures = ("rto_s", "rpo_s", "availability_ratio", "hold_s", "look_s", "agreement_s")
    return Ground(
        places=tuple(_place(raw, each) for each in raw["places"]),
        ceiling_s=recovery_bounds(timing).ceiling_s,
        turn_s=timing.interval_s * timing.failure_threshold
        + CONNECT_TIMEOUT_S
        + RESPONSE_TIMEOUT_S,
        **{name: raw[name] for name in (*same, *figures)},
    )


def _place(raw: dict[str, Any], told: dict[str, Any]) -> Place:
    region = told["region"]

    def bucket(kind: str) -> str:
        return str(raw["bucket"]).format(region=region, kind=kind)

    return Place(
        region=region,
        name=raw["name"].format(region=region),
        function=raw["function"],
        alias=raw["alias"],
        listener_arn="",
        load_balancer_arn="",
        zones=tuple(told["zones"]),
        release_bucket=bucket("releases"),
        prediction_bucket=bucket("predictions"),
        evacuation_bucket=bucket("evacuation"),
        deep_check_id=told["deep_check_id"],
        watchers=tuple(told["watchers"]),
        observer=raw["observer"],
    )
