"""DNS-only switchover: the evacuation flag written by hand, with no observer asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from resilience.experiments.catalogue.evacuation import moved_away
from resilience.experiments.core.change import Change, call
from resilience.experiments.core.experiment import Experiment, kept_answering

if TYPE_CHECKING:
    from resilience.experiments.core.ground import Ground
    from resilience.experiments.core.memory import Drill
    from resilience.experiments.core.world import World

_MARGIN_S: Final = 30.0


def _plan(_world: World, ground: Ground, drill: Drill) -> tuple[Change, ...]:
    place = ground.place(drill.options.get("region", ground.primary.region))
    watcher = ground.place(place.watchers[0])
    where: dict[str, Any] = {
        "Bucket": watcher.evacuation_bucket,
        "Key": f"evacuation/{place.region}",
    }
    body = f'{{"by": "drill {drill.id}"}}'
    return (
        Change(
            what=f"the evacuation flag on {place.region} in {watcher.region}",
            do=call("s3", "put_object", region=watcher.region, Body=body, **where),
            undo=call("s3", "delete_object", region=watcher.region, **where),
        ),
    )


DNS_SWITCHOVER: Final = Experiment(
    name="dns-switchover",
    title="One object in the standby's bucket moves every client, and no client notices",
    description="Writes the evacuation flag itself, waits until name servers lead clients away, "
    "and removes it: health checks and DNS alone, without the observers' decision.",
    blast="None: the Region that is left is well, and so is the one that takes over.",
    plan=_plan,
    done=lambda view: view.led_away() and view.lasted_s >= view.ground.ttl_s,
    deadline_s=lambda ground: ground.turn_s + ground.ttl_s + _MARGIN_S,
    judge=lambda view: (moved_away(view), kept_answering(view)),
    leaves=True,
    outage_s=lambda ground: ground.rto_s,
    hurts=False,
    contributions={"availability": "high"},
)
