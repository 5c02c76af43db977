"""A small, whole journal to write, read and render."""

from __future__ import annotations

from datetime import UTC, datetime

from resilience.journal import Expectation, Journal, Phase, Raw, Run
from resilience.measurement import Evidence, Marks, Steady, measure
from resilience.objectives import Bounds, Objectives, judge
from resilience.records import Connection, Event, Outcome, Probe, Write

OBJECTIVES = Objectives(rto_s=90, rpo_s=300, availability_ratio=0.5)


def evidence(*, outage_s: float = 35.0) -> Evidence:
    """Four probes a second for 120 s; the primary is lost at 20 s."""
    probes: list[Probe] = []
    for tick in range(480):
        at_s = tick / 4
        bad = 20 <= at_s < 20 + outage_s
        moved = at_s >= 20 + outage_s
        probes.append(
            Probe(
                scheduled_s=at_s,
                client=tick % 8,
                connection=Connection.KEPT if tick % 2 else Connection.FRESH,
                outcome=Outcome.TIMEOUT if bad else Outcome.GOOD,
                latency_s=2.0 if bad else 0.0123,
                address="127.42.11.1" if moved else "127.42.10.1",
                region=None if bad else ("us-west-2" if moved else "us-east-1"),
                release=None if bad else "a" * 64,
                status=None if bad else 200,
            )
        )
    writes = tuple(
        Write(number=n, written_s=float(n), region="us-east-1", acknowledged=True)
        for n in range(20)
    )
    return Evidence(
        probes=tuple(probes),
        writes=writes,
        steady=Steady(),
        marks=Marks(
            onset_s=20,
            until_s=90,
            detected_s=49.5,
            decided_s=50.0,
            takeover_addresses=frozenset({"127.42.11.1", "127.42.11.2"}),
        ),
        from_s=0,
        until_s=120,
        lost_region="us-east-1",
        lost_at_s=20,
        held_at_takeover=frozenset(range(17)),
        held_at_end=frozenset(range(20)),
    )


def run(*, scenario: str = "primary-lost") -> Run:
    return Run(
        kind="rehearsal",
        scenario=scenario,
        stack="staging",
        seed=7,
        speed=10,
        rate_per_s=4,
        clients=8,
        commit="0123abc",
        started_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        duration_s=120,
        environment={"python": "3.11.7"},
    )


def journal(*, outage_s: float = 35.0) -> Journal:
    seen = evidence(outage_s=outage_s)
    measured = measure(seen)
    verdicts = judge(
        OBJECTIVES,
        recovery_time_s=measured.recovery.recovery_time_s,
        data_loss_window_s=None if measured.data_loss is None else measured.data_loss.window_s,
        availability_ratio=measured.availability_ratio,
    )
    met = all(verdict.met for verdict in verdicts)
    return Journal(
        run=run(),
        verdict="met" if met else "missed",
        topology_digest="d" * 64,
        objectives=OBJECTIVES,
        bounds=Bounds(floor_s=28.1, ceiling_s=46),
        phases=[
            Phase(name="steady state", from_s=0, until_s=20),
            Phase(name="us-east-1 is lost", from_s=20, until_s=90),
        ],
        timeline=[
            Event(at_s=20, kind="fault.lost", detail="us-east-1 is lost", region="us-east-1")
        ],
        findings=["bucket <b>&amp; is wrong"],
        expectations=[Expectation(name="the latch holds", held=True, detail="no reply")],
        not_proven=["recorded, not emulated: alarms"],
        measurements=measured,
        verdicts=list(verdicts),
        raw=Raw.pack(seen),
    )


def broken() -> Journal:
    return Journal(run=run(), verdict="broken", broken="the emulator's process ended in mid-run")
