"""Signals for tests of the failover brain: all fresh and well unless said otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from resilience.failover import Action, Gates, Intent, Settings, Sighting, Signal, Watch, decide

if TYPE_CHECKING:
    from typing import TypeAlias

SETTINGS: Final = Settings(agreement_s=5, hold_down_s=30, stale_after_s=10, lease_s=20)

Seen: TypeAlias = "tuple[Sighting, Signal, float]"


def signal(well: bool | None, at_s: float) -> Signal:  # noqa: FBT001 - a signal is a yes or no
    return Signal(well=well, seen_at_s=at_s)


def open_gates(at_s: float) -> Gates:
    """Give gates that are all open."""
    seen = signal(True, at_s)
    return Gates(replication_caught_up=seen, model_parity=seen, capacity=seen)


def observed(  # noqa: PLR0913 - one argument a signal
    at_s: float,
    *,
    observer: bool | None = True,
    probe: bool | None = True,
    verdict: bool | None = True,
    refuge: bool | None = True,
    flag: bool | None = False,
    gates: Gates | None = None,
    intent: Intent | None = None,
) -> Seen:
    """Give what `decide` takes besides the watch: a sighting, the observer's own health, now."""
    seen = Sighting(
        target="us-east-1",
        probe=signal(probe, at_s),
        verdict=signal(verdict, at_s),
        refuge=signal(refuge, at_s),
        flag=signal(flag, at_s),
        gates=open_gates(at_s) if gates is None else gates,
        intent=intent,
    )
    return seen, signal(observer, at_s), at_s


def run(watch: Watch, *sequence: Seen) -> tuple[Watch, list[Action]]:
    """Decide for each in turn; gives the actions of all."""
    actions: list[Action] = []
    for seen in sequence:
        watch, steps = decide(watch, *seen, SETTINGS)
        actions += [step.action for step in steps]
    return watch, actions
