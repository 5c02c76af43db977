"""A planted fault: a brain or a setting that is known to be bad, and how it is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from resilience import failover

if TYPE_CHECKING:
    from collections.abc import Callable

    from resilience.failover import Brain, Inputs, Place, Settings, Step
    from resilience.topology import Topology

Thought: TypeAlias = "tuple[Brain, tuple[Step, ...]]"
Think: TypeAlias = "Callable[[Brain, Inputs, Place, Settings], Thought]"


def unchanged(topology: Topology) -> Topology:
    """A stack without a mistake."""
    return topology


@dataclass(frozen=True, kw_only=True)
class Plant:
    """One mistake. `make_think` makes a brain, which may remember things within a scenario.

    `classes` are those that are played to find it; none means all. `why_not` is why simulation
    cannot find it, for the table.
    """

    name: str
    mistake: str
    make_think: Callable[[], Think] = lambda: failover.think
    change: Callable[[Topology], Topology] = unchanged
    classes: tuple[str, ...] = ()
    why_not: str = ""

    @property
    def kind(self) -> str:
        return "setting" if self.change is not unchanged else "brain"
