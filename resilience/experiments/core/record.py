"""A drill's journal without the packages that write one on a laptop: the same schema, as JSON.

`resilience.journal` reads it, and `./run verify` recomputes it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from resilience.experiments import chaos
from resilience.experiments.core.experiment import View
from resilience.experiments.core.verdict import evidence_of, objectives_of, verdicts_of
from resilience.measurement import measure
from resilience.records import Connection

if TYPE_CHECKING:
    from resilience.experiments.core.experiment import Experiment
    from resilience.experiments.core.ground import Ground
    from resilience.experiments.core.memory import Drill
    from resilience.experiments.core.world import World
    from resilience.measurement import Evidence
    from resilience.records import Probe


def journal_of(
    world: World, ground: Ground, drill: Drill, experiment: Experiment, rate_per_s: float
) -> dict[str, Any]:
    """Write a drill down as a journal: times in seconds since it began."""
    origin_s = drill.began_s
    own = on_own_clock(drill, origin_s)
    probes = tuple(
        replace(each, scheduled_s=round(each.scheduled_s - origin_s, 4))
        for each in world.probes(drill.probes)
    )
    view = View(world=world, ground=ground, drill=own, probes=probes)
    judged = drill.verdict in {"met", "missed"}
    evidence = evidence_of(view) if judged else None
    ended_s = max((each.at_s for each in own.events), default=0.0)
    journal: dict[str, Any] = {
        "version": 1,
        "run": {
            "kind": "drill",
            "scenario": experiment.name,
            "stack": ground.stack,
            "seed": 0,
            "speed": 1.0,
            "rate_per_s": rate_per_s,
            "clients": 1,
            "commit": None,
            "started_at": datetime.fromtimestamp(origin_s, UTC).isoformat(),
            "duration_s": round(ended_s, 3),
            "environment": {"aws": ground.account, "drill": drill.id},
        },
        "verdict": drill.verdict if judged else "broken",
        "broken": None if judged else f"{drill.verdict or 'unfinished'}: {drill.why}",
        "objectives": asdict(objectives_of(view)),
        "timeline": [asdict(each) for each in own.events],
        "expectations": [asdict(each) for each in drill.expected],
        "chaos": chaos.journal(ground, experiment, drill),
    }
    if evidence is None:
        return journal
    measured = measure(evidence)
    verdicts = verdicts_of(measured, objectives_of(view), experiment)
    raw = raw_of(evidence)
    return journal | {
        "measurements": asdict(measured),
        "verdicts": [asdict(each) for each in verdicts],
        "raw": raw,
        "raw_digest": hashlib.sha256(
            json.dumps(raw, sort_keys=True, separators=(",", ":")).encode()
        ).hexdigest(),
    }


def on_own_clock(drill: Drill, origin_s: float) -> Drill:
    """Give a drill's times in seconds since an instant."""

    def own(at_s: float | None) -> float | None:
        return None if at_s is None else round(at_s - origin_s, 4)

    return replace(
        drill,
        began_s=round(drill.began_s - origin_s, 4),
        onset_s=own(drill.onset_s),
        until_s=own(drill.until_s),
        from_s=own(drill.from_s),
        ended_s=own(drill.ended_s),
        events=tuple(replace(e, at_s=round(e.at_s - origin_s, 4)) for e in drill.events),
        writes=tuple(
            replace(each, written_s=round(each.written_s - origin_s, 4)) for each in drill.writes
        ),
    )


def raw_of(evidence: Evidence) -> dict[str, Any]:
    """Write evidence as the journal's schema has it, sets in order."""
    marks: dict[str, Any] = asdict(evidence.marks)
    for name in ("takeover_addresses", "moved_clients"):
        marks[name] = sorted(marks[name])

    def held(numbers: frozenset[int] | None) -> list[int] | None:
        return None if numbers is None else sorted(numbers)

    return {
        "probes": _table(evidence.probes),
        "writes": [asdict(each) for each in evidence.writes],
        "steady": asdict(evidence.steady),
        "marks": marks,
        "from_s": evidence.from_s,
        "until_s": evidence.until_s,
        "lost_region": evidence.lost_region,
        "lost_at_s": evidence.lost_at_s,
        "held_at_takeover": held(evidence.held_at_takeover),
        "held_at_end": held(evidence.held_at_end),
    }


def _table(probes: tuple[Probe, ...]) -> dict[str, Any]:
    """Write probes as columns, each distinct text once; -1 stands for none."""
    numbers: dict[str, int] = {}

    def number(text: str | None) -> int:
        return -1 if text is None else numbers.setdefault(text, len(numbers))

    columns = {
        "scheduled_s": [each.scheduled_s for each in probes],
        "latency_s": [each.latency_s for each in probes],
        "client": [each.client for each in probes],
        "kept": [each.connection is Connection.KEPT for each in probes],
        "outcome": [number(each.outcome.value) for each in probes],
        "address": [number(each.address) for each in probes],
        "region": [number(each.region) for each in probes],
        "release": [number(each.release) for each in probes],
        "status": [-1 if each.status is None else each.status for each in probes],
    }
    return {"texts": list(numbers), **columns}
