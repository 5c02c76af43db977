"""The journal of a drill: the one of every rung, with Chaos Toolkit's own inside."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from resilience.experiments import chaos
from resilience.experiments.core.experiment import View
from resilience.experiments.core.record import on_own_clock
from resilience.experiments.core.verdict import evidence_of, objectives_of, verdicts_of
from resilience.journal import Expectation, Journal, Phase, Raw, Run, commit_of, write_journal
from resilience.measurement import measure
from resilience.objectives import recovery_bounds
from resilience.prober import CLIENTS
from resilience.report import write_report
from resilience.topology import digest, to_json

if TYPE_CHECKING:
    from pathlib import Path

    from resilience.experiments.attach import Attached
    from resilience.experiments.core.experiment import Experiment
    from resilience.experiments.core.memory import Drill
    from resilience.experiments.laptop_world import LaptopWorld
    from resilience.journal import Overall


def journal_of(
    attached: Attached,
    world: LaptopWorld,
    drill: Drill,
    experiment: Experiment,
    project_dir: Path,
) -> Journal:
    """Write a drill down: measured and judged if it went its way, and only told if it broke."""
    seat, topology = attached.seat, attached.seat.topology
    own = on_own_clock(drill, seat.origin_s)
    view = View(world=world, ground=attached.ground, drill=own, probes=world.own_probes())
    run = Run(
        kind="drill",
        scenario=experiment.name,
        stack=topology.stack,
        seed=seat.seed,
        speed=seat.clock.speed,
        rate_per_s=seat.rate_per_s,
        clients=CLIENTS,
        commit=commit_of(project_dir),
        started_at=seat.clock.started_at(),
        duration_s=seat.clock.now_s(),
        environment={"python": sys.version.split()[0], "drill": drill.id} | attached.environment,
    )
    told = _told(attached, drill, own, experiment, run)
    evidence = evidence_of(view) if drill.verdict in {"met", "missed"} else None
    if evidence is None:
        judged = drill.verdict == "missed"
        return told.model_copy(update={"verdict": "missed", "broken": None} if judged else {})
    measured = measure(evidence)
    verdicts = verdicts_of(measured, objectives_of(view), experiment)
    met = all(v.met for v in verdicts) and all(e.held for e in told.expectations)
    overall: Overall = "met" if met else "missed"
    return told.model_copy(
        update={
            "verdict": overall,
            "broken": None,
            "measurements": measured,
            "verdicts": list(verdicts),
            "raw": Raw.pack(evidence),
        }
    )


def journal_of_recovered(attached: Attached, drill: Drill, experiment: Experiment) -> Journal:
    """Write down a drill that was killed, and what was taken back of it.

    What its clients saw died with it, so that it is broken even if it was judged already.
    """
    own = on_own_clock(drill, drill.began_s)
    if drill.verdict != "broken":
        why = f"judged {drill.verdict}, it ended before its journal was written"
        drill = replace(drill, verdict="broken", why=why)
    run = Run(
        kind="drill",
        scenario=experiment.name,
        stack=attached.seat.topology.stack,
        seed=0,
        speed=attached.seat.clock.speed,
        rate_per_s=0.0,
        clients=0,
        commit=None,
        started_at=datetime.fromtimestamp(drill.began_s, UTC),
        duration_s=max((each.at_s for each in own.events), default=0.0),
        environment={"drill": drill.id} | attached.environment,
    )
    note = "written by the run that took it back: nothing that its clients saw is left"
    return _told(attached, drill, own, experiment, run).model_copy(update={"notes": [note]})


def write(journal: Journal, folder: Path) -> None:
    """Write a drill's journal and its report into a folder."""
    write_journal(journal, folder / "journal.json")
    write_report(journal, folder / "report.html")


def _told(
    attached: Attached, drill: Drill, own: Drill, experiment: Experiment, run: Run
) -> Journal:
    """Tell a drill without a measurement: broken. `own` has its times on the journal's clock."""
    topology = attached.seat.topology
    return Journal(
        run=run,
        verdict="broken",
        broken=drill.why or "it did not end",
        topology_digest=digest(topology),
        topology=json.loads(to_json(topology)),
        objectives=topology.objectives,
        bounds=recovery_bounds(topology.timing),
        phases=_phases(own),
        timeline=list(own.events),
        expectations=[
            Expectation(name=each.name, held=each.held, detail=each.detail)
            for each in drill.expected
        ],
        not_proven=list(attached.not_proven),
        chaos=chaos.journal(attached.ground, experiment, drill),
    )


def _phases(drill: Drill) -> list[Phase]:
    """Give the stretches of a drill whose ends are known."""
    marks = [
        ("steady state before", drill.began_s, drill.onset_s),
        ("the changes stand", drill.onset_s, drill.until_s),
        ("steady state after", drill.until_s, drill.ended_s),
    ]
    return [
        Phase(name=name, from_s=start, until_s=end)
        for name, start, end in marks
        if start is not None and end is not None
    ]
