"""From what a drill saw to its verdict. Pure but for the view it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from resilience.measurement import Evidence, Marks, Steady, measure
from resilience.objectives import Objectives, judge

if TYPE_CHECKING:
    from resilience.experiments.core.experiment import Experiment, View
    from resilience.experiments.core.memory import Drill
    from resilience.measurement import Measurements
    from resilience.objectives import Verdict


ONSET: Final = "fault.lost"
UNHEALTHY: Final = "check.unhealthy"
MOVED: Final = "dns.answer"


def evidence_of(view: View) -> Evidence | None:
    """Give what the figures are computed from; None if nothing was changed."""
    drill = view.drill
    if drill.onset_s is None:
        return None
    until_s = drill.until_s or view.world.now_s()
    others = [place for place in view.ground.places if place.region != view.target.region]
    addresses = (view.world.addresses(place.region) for place in others)
    return Evidence(
        probes=tuple(sorted(view.probes, key=lambda each: each.scheduled_s)),
        writes=drill.writes,
        steady=Steady(),
        marks=Marks(
            onset_s=drill.onset_s,
            until_s=until_s,
            detected_s=_first(drill, UNHEALTHY),
            decided_s=_first(drill, MOVED),
            takeover_addresses=frozenset().union(*addresses),
        ),
        from_s=drill.onset_s if drill.from_s is None else drill.from_s,
        until_s=drill.ended_s or until_s,
        lost_region=view.target.region,
        lost_at_s=drill.onset_s,
        held_at_takeover=_numbers(drill.held_at_onset),
        held_at_end=_numbers(drill.held_at_end),
    )


def _numbers(held: tuple[int, ...] | None) -> frozenset[int] | None:
    return None if held is None else frozenset(held)


def _first(drill: Drill, kind: str) -> float | None:
    return next((each.at_s for each in drill.events if each.kind == kind), None)


def verdicts_of(
    measured: Measurements, objectives: Objectives, experiment: Experiment
) -> tuple[Verdict, ...]:
    """Hold a drill's figures against the objectives that it is about.

    One that lets clients notice nothing has no recovery time, and one that leaves its Region where
    it is loses no write.
    """
    loss = measured.data_loss
    judged = judge(
        objectives,
        recovery_time_s=measured.recovery.recovery_time_s,
        data_loss_window_s=None if loss is None else loss.window_s,
        availability_ratio=measured.availability_ratio,
    )
    about = {"availability"}
    about |= {"rto_s"} if experiment.recovers else set()
    about |= {"rpo_s"} if experiment.leaves else set()
    return tuple(each for each in judged if each.objective in about)


def objectives_of(view: View) -> Objectives:
    """Give the stack's objectives."""
    ground = view.ground
    return Objectives(
        rto_s=ground.rto_s, rpo_s=ground.rpo_s, availability_ratio=ground.availability_ratio
    )


def conclude(view: View, experiment: Experiment) -> tuple[str, str]:
    """Judge a drill that went its way: `met` or `missed`, and what did not hold."""
    evidence = evidence_of(view)
    if evidence is None:
        return "missed", "nothing was changed: " + _unheld(view)
    missed = [each for each in (_unheld(view),) if each]
    verdicts = verdicts_of(measure(evidence), objectives_of(view), experiment)
    missed += [
        f"{v.objective}: {'never' if v.measured is None else f'{v.measured:.3g}'}, "
        f"expected {v.bound:g}"
        for v in verdicts
        if not v.met
    ]
    return ("missed", "; ".join(missed)) if missed else ("met", "all that was promised was seen")


def _unheld(view: View) -> str:
    return "; ".join(f"{e.name}: {e.detail}" for e in view.drill.expected if not e.held)
