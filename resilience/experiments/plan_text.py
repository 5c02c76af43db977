"""What a drill is going to do, in words, before it does anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from resilience.experiments.core.steps import LOOKS_OF_A_MARKER, MARGIN_S, SCHEDULE_S, STEADY_S

if TYPE_CHECKING:
    from resilience.experiments.core.experiment import Experiment
    from resilience.experiments.core.ground import Ground

USD_PER_MILLION_REQUESTS: Final = 0.20
"""Lambda's price of a million requests, the greatest part of what probes cost.
https://aws.amazon.com/lambda/pricing/
"""

CLIENTS_LOOKS_A_REPLY: Final = 2.0  # DNS queries and load balancer capacity, generously


@dataclass(frozen=True, kw_only=True)
class PlanText:
    """A plan to show. Durations are the longest there are; a drill that goes well is shorter."""

    drill: str
    experiment: Experiment
    ground: Ground
    options: dict[str, str]
    changes: tuple[str, ...]
    refusals: tuple[str, ...]
    rate_per_s: float

    @property
    def longest_s(self) -> float:
        """How long the whole drill may last."""
        ground = self.ground
        back_s = ground.hold_s + SCHEDULE_S + LOOKS_OF_A_MARKER * ground.look_s + MARGIN_S
        settle_s = 4 * ground.turn_s + 2 * ground.ttl_s + 2 * STEADY_S
        return self.experiment.deadline_s(ground) + back_s + settle_s

    @property
    def cost_usd(self) -> float:
        """What its probes cost at most, in US dollars."""
        requests = self.longest_s * self.rate_per_s
        return CLIENTS_LOOKS_A_REPLY * requests * USD_PER_MILLION_REQUESTS / 1e6

    def to_json(self) -> dict[str, Any]:
        """Give it for a machine."""
        ground = self.ground
        return {
            "drill": self.drill,
            "experiment": self.experiment.name,
            "account": ground.account,
            "stack": ground.stack,
            "regions": [place.region for place in ground.places],
            "options": self.options,
            "changes": list(self.changes),
            "blast": self.experiment.blast,
            "longest_s": self.longest_s,
            "changes_stand_s": self.experiment.deadline_s(ground),
            "cost_usd": round(self.cost_usd, 4),
            "refusals": list(self.refusals),
        }

    def text(self) -> str:
        """Give it for a person."""
        ground = self.ground
        hit = self.options.get("region", ground.primary.region)
        others = ", ".join(p.region for p in ground.places if p.region != hit)
        outage_s = self.experiment.outage_s(ground)
        written = (
            [f"  writes        numbered objects beside {hit}'s predictions, deleted afterwards"]
            if self.experiment.leaves
            else []
        )
        lines = [
            f"{self.experiment.name}: {self.experiment.title}",
            f"  {self.experiment.description}",
            f"  account       {ground.account}, stack {ground.stack}",
            f"  Regions       {hit} is hit; {others} {'are' if ',' in others else 'is'} not",
            f"  blast radius  {self.experiment.blast}",
            *(f"  changes       {each}" for each in self.changes),
            f"  stops when    clients get no right answer for {outage_s:g} s",
            "                a paging alarm is up in a Region that is not hit",
            *written,
            f"  changes stand {self.experiment.deadline_s(ground):g} s at most",
            f"  lasts         {self.longest_s:g} s at most",
            f"  costs         less than {max(self.cost_usd, 0.01):.2f} USD of requests",
        ]
        lines += [f"  refused       {each}" for each in self.refusals]
        return "\n".join(lines)
