"""What a drill has to know of a stack: names and objectives, as frozen data. Pure.

On a laptop it is made from the topology that was read back; in Lambda it comes from the stack's
parameter (`resilience.functions.drill_ground`).
"""

from __future__ import annotations

from dataclasses import dataclass


class GroundError(Exception):
    """What a drill was given is no ground to drill on."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """One Region of the stack. `watchers` are the Regions that can evacuate it, nearest first."""

    region: str
    name: str
    function: str
    alias: str
    listener_arn: str
    load_balancer_arn: str
    zones: tuple[str, ...]
    release_bucket: str
    prediction_bucket: str
    evacuation_bucket: str
    deep_check_id: str
    watchers: tuple[str, ...]
    observer: str | None = None


@dataclass(frozen=True, kw_only=True)
class Ground:
    """A stack to drill on. `places` are in the order that clients are led in; times in seconds.

    `ceiling_s` bounds a failover by health checks and DNS, `turn_s` one turn of a health check;
    `hold_s` is what observers wait before they fail back, `look_s` how often they look, `slack_s`
    what the machine that all this runs on may be late.
    """

    account: str
    project: str
    stack: str
    predict_name: str
    table: str
    places: tuple[Place, ...]
    rto_s: float
    rpo_s: float
    availability_ratio: float
    ceiling_s: float
    turn_s: float
    ttl_s: float
    hold_s: float
    look_s: float
    agreement_s: float
    slack_s: float = 0.0
    routing: str = "failover"

    @property
    def primary(self) -> Place:
        """The Region that serves while all are well."""
        return self.places[0]

    @property
    def standby(self) -> Place:
        """The Region that takes over from it; drills keep their memory there."""
        return self.places[1]

    @property
    def prefix(self) -> str:
        """What the names of the stack's alarms and functions begin with."""
        return f"{self.project}-{self.stack}-"

    def place(self, region: str) -> Place:
        """Find a Region. Raises `GroundError`."""
        for each in self.places:
            if each.region == region:
                return each
        known = ", ".join(each.region for each in self.places)
        raise GroundError(f"no Region {region!r} in stack {self.stack}: expected one of {known}")
