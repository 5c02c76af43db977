"""From what a scene left behind to a journal: marks, measurements, verdicts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from resilience.journal import Journal, Raw, Run
from resilience.measurement import Evidence, Marks, Measurements, measure
from resilience.objectives import judge
from resilience.records import Event
from resilience.rehearsal import alarms
from resilience.topology import digest, to_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resilience.findings import Finding
    from resilience.rehearsal.scenarios import Played
    from resilience.rehearsal.scene import Scene
    from resilience.topology import Topology

CHECK_CHANGED = "health_check.changed"


def broken(run: Run, scene: Scene | None, reason: str) -> Journal:
    """Write down a run that broke: what it saw until then, and no verdict on anything."""
    if scene is None:
        return Journal(run=run, verdict="broken", broken=reason)
    return Journal(
        run=run,
        verdict="broken",
        broken=reason,
        topology_digest=digest(scene.topology),
        topology=json.loads(to_json(scene.topology)),
        objectives=scene.topology.objectives,
        bounds=scene.plan.bounds,
        phases=scene.phases,
        timeline=_ordered((*scene.events, *scene.observer.events)),
        notes=[f"{len(scene.prober.probes)} probes had been answered when the run broke"],
    )


def conclude(
    run: Run,
    scene: Scene,
    played: Played | None,
    *,
    held_at_end: frozenset[int] | None,
    findings: Iterable[Finding],
    notes: tuple[str, ...],
) -> Journal:
    """Measure and judge a run that was played to its end (or never reached steady state)."""
    stage_events = _stage_timeline(scene)
    prefix = f"{scene.topology.project}-{scene.topology.stack}-"
    raised = tuple(alarms.of_run(scene.stage.events(), prefix, scene.clock.at_unix_s))
    timeline = _ordered((*scene.events, *scene.observer.events, *stage_events, *raised))
    evidence = None if played is None else _evidence(scene, played, timeline, held_at_end)
    measured = None if evidence is None else measure(evidence)
    if played is not None and measured is not None:
        _expect_of(scene, played, measured)
    verdicts = (
        ()
        if measured is None
        else judge(
            scene.topology.objectives,
            recovery_time_s=measured.recovery.recovery_time_s,
            data_loss_window_s=None if measured.data_loss is None else measured.data_loss.window_s,
            availability_ratio=measured.availability_ratio,
        )
    )
    met = all(v.met for v in verdicts) and all(e.held for e in scene.expectations)
    return Journal(
        run=run,
        verdict="met" if met and measured is not None else "missed",
        topology_digest=digest(scene.topology),
        topology=json.loads(to_json(scene.topology)),
        objectives=scene.topology.objectives,
        bounds=scene.plan.bounds,
        phases=scene.phases,
        timeline=timeline,
        findings=[str(finding) for finding in findings],
        notes=[*notes, *_notes(scene), *alarms.note(timeline)],
        not_proven=list(scene.stage.not_proven()),
        expectations=scene.expectations,
        measurements=measured,
        verdicts=list(verdicts),
        raw=None if evidence is None else Raw.pack(evidence),
    )


def _evidence(
    scene: Scene, played: Played, timeline: list[Event], held_at_end: frozenset[int] | None
) -> Evidence:
    addresses = scene.observer.book.addresses
    return Evidence(
        probes=tuple(sorted(scene.prober.probes, key=lambda probe: probe.scheduled_s)),
        writes=tuple(scene.writer.writes),
        steady=scene.steady,
        marks=Marks(
            onset_s=played.onset_s,
            until_s=played.until_s,
            detected_s=_first(timeline, "check.unhealthy", played.lost_region, played.onset_s),
            decided_s=_first(timeline, "dns.answer", played.takeover, played.onset_s),
            takeover_addresses=frozenset(addresses.get(played.takeover, ())),
            moved_clients=frozenset(
                client
                for client in range(scene.prober.clients)
                if scene.home_of(client) == played.lost_region
            ),
        ),
        from_s=played.from_s,
        until_s=scene.prober.settled_until_s(),
        lost_region=played.lost_region,
        lost_at_s=played.lost_at_s,
        held_at_takeover=played.held_at_takeover,
        held_at_end=held_at_end,
    )


def _first(timeline: list[Event], kind: str, region: str, onset_s: float) -> float | None:
    return next(
        (e.at_s for e in timeline if e.kind == kind and e.region == region and e.at_s >= onset_s),
        None,
    )


def _expect_of(scene: Scene, played: Played, measured: Measurements) -> None:
    """Hold the figures against what must be so whatever the objectives are."""
    recovery_s = measured.recovery.recovery_time_s
    floor_s = scene.plan.bounds.floor_s
    if played.bounded_by_checks and recovery_s is not None:
        scene.expect(
            "the recovery time is physically possible",
            f"{recovery_s:.1f} s measured, {floor_s:.1f} s is the floor of the health checks",
            held=recovery_s >= floor_s,
        )
    lost = measured.lost_for_good
    scene.expect(
        "no acknowledged write is lost for good",
        "the surviving Region could not be read"
        if lost is None
        else f"{lost.missing} of {lost.acknowledged} are still missing at the end",
        held=lost is not None and lost.missing == 0,
    )


def _stage_timeline(scene: Scene) -> list[Event]:
    """Translate the emulator's own record of health checks into the run's timeline."""
    names = _check_names(scene.topology)
    events: list[Event] = []
    for event in scene.stage.events():
        if event.kind != CHECK_CHANGED or event.facts.get("id") not in names:
            continue
        what, region = names[str(event.facts["id"])]
        healthy = bool(event.facts["healthy"])
        word = "healthy" if healthy else "unhealthy"
        kind = f"check.{word}" if what == "deep" else f"check.{what}.{word}"
        at_s = scene.clock.at_unix_s(event.at_unix_s)
        detail = f"the {what} check of {region} turned {word}"
        events.append(Event(at_s=at_s, kind=kind, detail=detail, region=region))
    return events


def _check_names(topology: Topology) -> dict[str, tuple[str, str]]:
    return {
        check.id: (what, region.region)
        for region in topology.regions
        for what, check in (
            ("deep", region.deep_check),
            *(("evacuation", watch.check) for watch in region.watches),
            ("serving", region.serving_check),
        )
    }


def _notes(scene: Scene) -> list[str]:
    """Say what the figures do not show."""
    last_s = scene.prober.settled_until_s() - scene.plan.steady_s
    recent = [p for p in scene.settled(last_s) if p.good]
    elsewhere = {p.client for p in recent if p.region != scene.home_of(p.client)}
    if not elsewhere:
        return []
    note = (
        f"{len(elsewhere)} clients that keep connections still used another Region at the end: "
        "DNS moves a client only once its connections end"
    )
    return [note]


def _ordered(events: Iterable[Event]) -> list[Event]:
    return sorted(events, key=lambda event: event.at_s)
