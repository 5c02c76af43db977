"""A sight of a stack in which all is well, to change one thing at a time in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from resilience.oncall.copies import Copying
from resilience.oncall.outside import Probed
from resilience.oncall.room import Carries, Demand, Room
from resilience.oncall.sight import (
    EpochSight,
    RegionSight,
    Sight,
    TableLag,
    WatcherSight,
)

AT = datetime(2027, 1, 15, 8, 0, tzinfo=UTC)
EAST, WEST = "us-east-1", "us-west-2"


def probed(*, well: bool = True, detail: str = "the right answer") -> Probed:
    return Probed(well=well, detail=detail, latency_ms=12.0, release="a" * 64, served_by=EAST)


def region(name: str, **changed: Any) -> RegionSight:
    other = WEST if name == EAST else EAST
    well = RegionSight(
        region=name,
        serves=name == EAST,
        probe=probed(),
        verdict=True,
        flagged_by=(),
        watchers=(
            WatcherSight(
                watcher=other, phase="serving", reading="target well", held=False, told=""
            ),
        ),
        observer_age_s=4.0,
        code_sha256="c" * 64,
        room=Room(region=name, reserved=50, provisioned=0, quota=1000, unreserved=950),
        carries=Carries(region=name, carries=True, why="50 of them start cold"),
        firing=(),
    )
    return replace(well, **changed)


def sight(*regions: RegionSight, **changed: Any) -> Sight:
    well = Sight(
        stack="staging",
        account="123456789012",
        at=AT,
        topology_seen_at=AT,
        topology_source="read now",
        missing=(),
        serving=EAST,
        regions=regions or (region(EAST), region(WEST)),
        table_lags=(TableLag(source=EAST, destination=WEST, lag_s=1.0),),
        copying=(Copying(what="predictions", source=EAST, destination=WEST, lag_s=3.0, pending=0),),
        demand=Demand(concurrency=50, known_from="the largest reservation of any Region"),
        epoch=EpochSight(number=3, holder=EAST, holds=True),
        words=(),
        last_drill=None,
        last_restore_test=None,
        garbled=(),
        unseen=(),
        asked=19,
    )
    return replace(well, **changed)
