"""Standby under full load: does it take a step load cold, without having been warmed up?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from resilience.experiments.core.change import Change, nothing
from resilience.experiments.core.experiment import Experiment, kept_answering
from resilience.experiments.core.memory import Expected

if TYPE_CHECKING:
    from resilience.experiments.core.experiment import View
    from resilience.experiments.core.ground import Ground
    from resilience.experiments.core.memory import Drill
    from resilience.experiments.core.world import World

_BURST_S: Final = 10.0
_GOOD_RATIO: Final = 0.99


def _plan(_world: World, ground: Ground, drill: Drill) -> tuple[Change, ...]:
    region = drill.options.get("region", ground.standby.region)
    what = f"a step load of {drill.options['rate']} requests a second on {region}"
    return (Change(what=what, do=nothing(region), undo=nothing(region)),)


def _judge(view: View) -> tuple[Expected, ...]:
    region = view.drill.options.get("region", view.ground.standby.region)
    rate_per_s = float(view.drill.options["rate"])
    replies = view.world.burst(region, rate_per_s=rate_per_s, for_s=_BURST_S)
    bad = [each for each in replies if not each.good]
    reasons = sorted({f"{p.outcome}{'' if p.status is None else f' {p.status}'}" for p in bad})
    detail = f"{len(bad)} of {len(replies)} replies were bad ({', '.join(reasons) or 'none'})"
    held = bool(replies) and len(bad) <= (1 - _GOOD_RATIO) * len(replies)
    takes = Expected(name="the standby takes the load cold", held=held, detail=detail)
    return takes, kept_answering(view)


STANDBY_LOAD: Final = Experiment(
    name="standby-throttled-under-load",
    title="The standby takes the whole load at once, without scaling first",
    description="Sends a step load to the standby's own name. Choose a `rate` no lower than the "
    "stack's peak: what the standby cannot take here it cannot take when the primary is lost.",
    blast="Requests to the standby, which serves no client meanwhile.",
    plan=_plan,
    done=lambda _: True,
    deadline_s=lambda _: _BURST_S,
    judge=_judge,
    choices={"rate": ("20", "10", "50", "100", "200", "500", "1000")},
    outage_s=lambda ground: ground.rto_s,
    spares=True,
    contributions={"availability": "high"},
)
