"""Observer dead: nobody watches the Region that is lost. Route 53 moves clients all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from resilience.experiments.catalogue.region_loss import another_serves
from resilience.experiments.catalogue.throttle import stopped
from resilience.experiments.core.experiment import Experiment
from resilience.experiments.core.memory import Expected
from resilience.experiments.core.steady import flagged
from resilience.experiments.core.world import CallError

if TYPE_CHECKING:
    from resilience.experiments.core.change import Change
    from resilience.experiments.core.experiment import View
    from resilience.experiments.core.ground import Ground
    from resilience.experiments.core.memory import Drill
    from resilience.experiments.core.world import World

ALARM: Final = "observer-silent"
_ALARM_S: Final = 420.0
"""Three periods of a minute without data, the minute under way, and some for CloudWatch."""


def _plan(world: World, ground: Ground, drill: Drill) -> tuple[Change, ...]:
    place = ground.place(drill.options.get("region", ground.primary.region))
    watching = [ground.place(watcher) for watcher in place.watchers]
    observers = [(each.region, each.observer) for each in watching if each.observer is not None]
    if not observers:
        raise CallError(f"observers of {place.region}", "NoSuchObserver", "nobody watches it")
    return (
        *(stopped(world, region, observer) for region, observer in observers),
        stopped(world, place.region, place.function),
    )


def _silent(view: View) -> list[str]:
    """List the watchers whose own alarm says that they do not look."""
    found: list[str] = []
    for watcher in view.target.watchers:
        reply = view.world.call(
            "cloudwatch",
            "describe_alarms",
            region=watcher,
            AlarmNames=[f"{view.ground.prefix}{ALARM}"],
        )
        if any(each["StateValue"] == "ALARM" for each in reply["MetricAlarms"]):
            found.append(watcher)
    return found


def _judge(view: View) -> tuple[Expected, ...]:
    region, silent = view.target.region, _silent(view)
    latched = [w for w in view.target.watchers if flagged(view.world, view.ground, region, w)]
    return (
        another_serves(view),
        Expected(
            name="nothing latches the move",
            held=not latched,
            detail=f"flags in {', '.join(latched) or 'no Region'}",
        ),
        Expected(
            name="the alarm says that nobody watches",
            held=len(silent) == len(view.target.watchers),
            detail=f"{ALARM} is up in {', '.join(silent) or 'no Region'}",
        ),
    )


OBSERVER_DEAD: Final = Experiment(
    name="observer-dead",
    title="Without observers Route 53 still moves clients within the RTO, and an alarm says so",
    description="Stops every observer that watches the Region that serves, then that Region's "
    "function, both by reserved concurrency 0.",
    blast="As region-loss; and nothing latches the move, so a Region that flaps flaps clients.",
    plan=_plan,
    done=lambda view: bool(view.recovery_s) and len(_silent(view)) == len(view.target.watchers),
    deadline_s=lambda ground: max(ground.ceiling_s, ground.rto_s) + _ALARM_S,
    judge=_judge,
    recovers=True,
    leaves=True,
    contributions={"availability": "high", "reliability": "high"},
)
