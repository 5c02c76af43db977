"""AZ loss: traffic leaves one zone of the Region that serves, by zonal shift or FIS.

A zonal shift expires by itself; it is cancelled before.
https://docs.aws.amazon.com/r53recovery/latest/dg/arc-zonal-shift.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from resilience.experiments.catalogue import fis
from resilience.experiments.core.change import Act, Change, performs
from resilience.experiments.core.experiment import Experiment, kept_answering
from resilience.experiments.core.memory import Expected
from resilience.experiments.core.world import CallError

if TYPE_CHECKING:
    from resilience.experiments.core.experiment import View
    from resilience.experiments.core.ground import Ground
    from resilience.experiments.core.memory import Drill
    from resilience.experiments.core.world import World

SHIFT, FIS = "shift", "fis"
_START, _CANCEL = "start-zonal-shift", "cancel-zonal-shift"
_EXPIRES: Final = "30m"
_LOOK_S: Final = 20.0
_WITHOUT_A_ZONE_RATIO: Final = 0.6
_MARGIN_S: Final = 60.0


def _plan(world: World, ground: Ground, drill: Drill) -> tuple[Change, ...]:
    place = ground.place(drill.options.get("region", ground.primary.region))
    if drill.options["how"] == FIS:
        return (fis.experiment(world, place.region, "az-loss", drill),)
    reply = world.call("arc-zonal-shift", "list_managed_resources", region=place.region)
    zones = [
        zone
        for each in reply["items"]
        if each["arn"] == place.load_balancer_arn
        for zone in each["availabilityZones"]
    ]
    if not zones:
        raise CallError(
            f"arc-zonal-shift list_managed_resources in {place.region}",
            "NoSuchResource",
            f"{place.load_balancer_arn} takes no part in zonal shifts: expected its attribute "
            "zonal_shift.config.enabled to be true",
        )
    zone = max(zones)
    facts = {"resource": place.load_balancer_arn, "zone": zone, "comment": f"drill {drill.id}"}
    return (
        Change(
            what=f"a zonal shift away from {zone} in {place.region}",
            do=Act(kind=_START, region=place.region, facts=facts),
            undo=Act(kind=_CANCEL, region=place.region, facts=facts),
        ),
    )


def _active(world: World, act: Act) -> list[str]:
    reply = world.call(
        "arc-zonal-shift",
        "list_zonal_shifts",
        region=act.region,
        resourceIdentifier=act.facts["resource"],
        status="ACTIVE",
    )
    return [
        str(each["zonalShiftId"])
        for each in reply["items"]
        if each["comment"] == act.facts["comment"]
    ]


@performs(_START)
def _start(world: World, act: Act) -> None:
    if not _active(world, act):
        world.call(
            "arc-zonal-shift",
            "start_zonal_shift",
            region=act.region,
            resourceIdentifier=act.facts["resource"],
            awayFrom=act.facts["zone"],
            expiresIn=_EXPIRES,
            comment=act.facts["comment"],
        )


@performs(_CANCEL)
def _cancel(world: World, act: Act) -> None:
    for name in _active(world, act):
        world.call("arc-zonal-shift", "cancel_zonal_shift", region=act.region, zonalShiftId=name)


def _judge(view: View) -> tuple[Expected, ...]:
    if view.drill.options["how"] == FIS:
        # Who holds an address of the cut zone waits in vain until DNS leaves it out.
        return (kept_answering(view, _WITHOUT_A_ZONE_RATIO),)
    left, zones = view.world.addresses(view.target.region), view.target.zones
    gone = Expected(
        name="the zone gets no new clients",
        held=bool(left) and len(left) < len(zones),
        detail=f"{len(left)} addresses for {len(zones)} zones",
    )
    return gone, kept_answering(view)


AZ_LOSS: Final = Experiment(
    name="az-loss",
    title="A Region serves on without one of its zones, and no client notices",
    description="Moves traffic away from one zone of the Region that serves. `how`: a zonal shift, "
    "or the FIS template az-loss, which cuts the zone's network.",
    blast="A third of the Region's capacity; with `fis`, connections into the zone break.",
    plan=_plan,
    done=lambda view: view.lasted_s >= view.ground.ttl_s + _LOOK_S,
    deadline_s=lambda ground: ground.ttl_s + _MARGIN_S,
    judge=_judge,
    choices={"how": (SHIFT, FIS)},
    outage_s=lambda ground: ground.rto_s,
    contributions={"availability": "high"},
)
