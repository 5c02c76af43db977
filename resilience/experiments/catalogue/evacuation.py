"""Evacuation and return: an operator's word to the observers, there and back. No fault at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from resilience.experiments.core.asking import word
from resilience.experiments.core.change import Change
from resilience.experiments.core.experiment import STEADY, Experiment, kept_answering
from resilience.experiments.core.memory import Expected
from resilience.experiments.core.steady import flagged

if TYPE_CHECKING:
    from resilience.experiments.core.experiment import View
    from resilience.experiments.core.ground import Ground
    from resilience.experiments.core.memory import Drill
    from resilience.experiments.core.world import World

_SCHEDULE_S: Final = 60.0
_MARGIN_S: Final = 15.0


def _plan(_world: World, ground: Ground, drill: Drill) -> tuple[Change, ...]:
    region = drill.options.get("region", ground.primary.region)
    return (
        Change(
            what=f"the operator's word to evacuate {region}",
            do=word(ground, "evacuate", region, drill=drill.id),
            undo=word(ground, "failback", region, drill=drill.id),
        ),
    )


def moved_away(view: View) -> Expected:
    """Hold that new clients are led, and served, elsewhere."""
    served = {p.region for p in view.latest if p.good and p.region}
    away = view.led_away()
    where = ", ".join(sorted(served)) or "nowhere"
    detail = f"DNS leads {'away' if away else 'there still'}; the last replies came from {where}"
    return Expected(name="clients are led away", held=away, detail=detail)


def deadline_s(ground: Ground) -> float:
    """Give the longest that observers, health checks and DNS may take."""
    return _SCHEDULE_S + 3 * ground.look_s + ground.turn_s + ground.ttl_s + _MARGIN_S


def _judge(view: View) -> tuple[Expected, ...]:
    region = view.target.region
    said = [w for w in view.target.watchers if flagged(view.world, view.ground, region, w)]
    carried = Expected(
        name="an observer carries the word out",
        held=bool(said),
        detail=f"flags in {', '.join(said) or 'no Region'}",
    )
    return carried, moved_away(view), kept_answering(view)


def _judge_after(view: View) -> tuple[Expected, ...]:
    """Hold that the way back costs no reply either."""
    until_s = view.drill.until_s or view.world.now_s()
    since = [each for each in view.probes if each.scheduled_s >= until_s]
    bad = sum(not each.good for each in since)
    held = bool(since) and bad <= (1 - STEADY.success_ratio) * len(since)
    detail = f"{bad} of {len(since)} replies were bad"
    return (Expected(name="clients do not notice the return", held=held, detail=detail),)


EVACUATION: Final = Experiment(
    name="evacuation-and-return",
    title="An operator evacuates a Region by one word and gets it back, and no client notices",
    description="Asks the observers to evacuate the Region that serves, waits until clients are "
    "led away, and asks them to fail back.",
    blast="None: the Region that is left is well, and so is the one that takes over.",
    plan=_plan,
    done=lambda view: view.led_away() and view.lasted_s >= view.ground.ttl_s,
    deadline_s=deadline_s,
    judge=_judge,
    judge_after=_judge_after,
    leaves=True,
    outage_s=lambda ground: ground.rto_s,
    hurts=False,
    contributions={"availability": "high", "reliability": "medium"},
)
