"""What a simulation is asked to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

    from resilience.simulate.play import Plan

SCENARIOS: Final = 2_000
"""Without a number of one's own: every class a hundred times, in ten seconds or so."""

JUDGED: Final = frozenset({"region-gone", "throttled", "bad-model"})
"""The fault classes that the objectives are held to: a Region that gives no right answer at all,
because it is silent, because its function is stopped, or because its model is wrong. The last two
still answer, so clients keep their connections to it. What hurts a part of the requests is shown
and not held to an objective: health checks may rightly leave such a Region in service."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """Checked options.

    `way` is how the command says where the topology is from; `resume` is the folder that a long
    run is kept in, to go on from.
    """

    stack: str
    project_dir: Path
    scenarios: int
    plan: Plan
    workers: int
    what_ifs: bool
    way: str
    resume: Path | None = None

    def command(self, *more: str) -> str:
        """Give the command that plays this stack again, with these options."""
        return " ".join(("./run simulate", f"--stack {self.stack}", *self._way(), *more))

    def again(self) -> str:
        """Give the command that gives this run again."""
        plan = self.plan
        more = [f"--scenarios {self.scenarios}", f"--seed {plan.seed}"]
        if plan.chosen:
            more.append(f"--classes {','.join(plan.classes)}")
        if plan.duration_s is not None:
            more.append(f"--duration {plan.duration_s:g}")
        return self.command(*more)

    def _way(self) -> tuple[str, ...]:
        return (self.way,) if self.way else ()
