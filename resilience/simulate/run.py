"""One simulation from beginning to end: play, count, hold against the objectives, write down."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Final

from resilience.findings import find
from resilience.journal import Expectation, Journal, Run, commit_of
from resilience.objectives import judge, rto_warning
from resilience.simulate.cases import Case, case_of, compared, tried
from resilience.simulate.kept import Kept, key_of
from resilience.simulate.play import Found, play, scenario_of, seed_of
from resilience.simulate.pool import in_order
from resilience.simulate.prices import PRICES
from resilience.simulate.record import Broken, PriceLine, Simulation
from resilience.simulate.stacks import simulated
from resilience.simulate.tally import PLACES, Tally
from resilience.simulator import to_text
from resilience.simulator.run import simulate
from resilience.simulator.scenario import HOUR_S
from resilience.simulator.shrink import shrink
from resilience.topology import digest, to_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from resilience.objectives import Verdict
    from resilience.progress import Progress
    from resilience.simulate.options import Options
    from resilience.simulate.play import Chunk, Done
    from resilience.simulate.record import ClassResult
    from resilience.simulator import Outcome, SimulatedStack
    from resilience.topology import Topology

SHRUNK: Final = 5
"""How many broken rules are shrunk and shown, those that broke most often first."""

_NOTHING_HELD: Final = (
    "no class that the objectives are held to was played: only the rules are judged"
)
_HELD: Final = (
    "the objectives are held to 99 of 100 outages in which a Region gives no right answer at all: "
    "1 of 100 takes longer, loses more or answers less"
)


def simulate_stack(topology: Topology, options: Options, progress: Progress) -> Journal:
    """Simulate a stack and give the journal; the same for any number of workers.

    Raises:
        WorkerGoneError: a worker ended by itself.
        KeptError: the folder to go on from is another run's.
    """
    stack = simulated(topology)
    whole = case_of(stack, options.plan, options.scenarios)
    others = tried(topology, options)
    progress.step(f"{options.scenarios} scenarios of stack {options.stack}")
    broken, found = _play((whole, *others), options, _kept(topology, options), progress)
    if broken:
        progress.step("shrink what broke a rule")
    shown = _shrunk(stack, options, broken, found)
    return _journal(topology, options, whole.tally, shown, others)


def _kept(topology: Topology, options: Options) -> Kept | None:
    if options.resume is None:
        return None
    commit = commit_of(options.project_dir)
    return Kept(options.resume, key_of(commit, digest(topology), options.plan))


def _play(
    cases: Sequence[Case], options: Options, kept: Kept | None, progress: Progress
) -> tuple[dict[str, int], list[Found]]:
    """Play every case on one set of workers; give the rules that the first of them broke."""
    broken: dict[str, int] = {}
    found: list[Found] = []
    total, played, since_s = sum(case.count for case in cases), 0, time.monotonic()
    for case, done in _results(cases, options, kept):
        case.take(done)
        if case is cases[0]:
            for rule, times in done.broken.items():
                broken[rule] = broken.get(rule, 0) + times
            known = {each.violation.rule for each in found}
            found += [each for each in done.found if each.violation.rule not in known]
        played += len(done.rows)
        rate = played / max(time.monotonic() - since_s, 1e-3)
        progress.update(f"{played} of {total} played, {rate:.0f} a second")
    return broken, found


def _results(
    cases: Sequence[Case], options: Options, kept: Kept | None
) -> Iterator[tuple[Case, Done]]:
    """Give what each chunk gave, in order: from what was kept of the first case, or by playing."""
    owned = [(case, chunk) for case in cases for chunk in case.chunks()]

    def is_kept(case: Case, chunk: Chunk) -> bool:
        return kept is not None and case is cases[0] and chunk.first in kept

    tasks = [chunk for case, chunk in owned if not is_kept(case, chunk)]
    results = in_order(play, tasks, workers=options.workers)
    for case, chunk in owned:
        if kept is not None and is_kept(case, chunk):
            yield case, kept.get(chunk.first)
            continue
        done = next(results)
        if kept is not None and case is cases[0]:
            kept.put(done)
        yield case, done


def _shrunk(
    stack: SimulatedStack, options: Options, broken: dict[str, int], found: list[Found]
) -> list[Broken]:
    """Shrink the first scenario that broke each rule; those that broke most often come first."""
    first: dict[str, Found] = {}
    for each in found:
        first.setdefault(each.violation.rule, each)
    rules = sorted(broken, key=lambda rule: (-broken[rule], rule))
    return [_shrink(stack, options, first[rule], broken[rule]) for rule in rules[:SHRUNK]]


def _shrink(stack: SimulatedStack, options: Options, found: Found, times: int) -> Broken:
    rule = found.violation.rule

    def fails(outcome: Outcome) -> bool:
        return any(violation.rule == rule for violation in outcome.violations)

    scenario = shrink(stack, scenario_of(stack, options.plan, found.index), fails=fails)
    seen = next(v for v in simulate(stack, scenario).violations if v.rule == rule)
    return Broken(
        rule=rule,
        scenarios=times,
        first_seed=seed_of(options.plan, found.index),
        at_s=round(seen.at_s, PLACES),
        detail=seen.detail,
        replay=to_text(scenario),
        command=options.command(f"--replay '{to_text(scenario)}'"),
    )


def _journal(
    topology: Topology,
    options: Options,
    tally: Tally,
    broken: list[Broken],
    others: tuple[Case, ...],
) -> Journal:
    judged = tally.judged()
    verdicts = () if judged is None else _verdicts(topology, judged)
    warning = rto_warning(topology.objectives, topology.timing)
    rules = Expectation(
        name="no rule is broken",
        held=not broken,
        detail="; ".join(f"{each.rule} in {each.scenarios} scenarios" for each in broken)
        or f"in {options.scenarios} scenarios",
    )
    found = [str(finding) for finding in find(topology)]
    sound = Expectation(
        name="nothing is wrong before anything is broken",
        held=not found,
        detail="; ".join(found) or "no finding",
    )
    baseline, what_ifs = compared(others)
    held = rules.held and sound.held and all(each.met for each in verdicts)
    return Journal(
        run=_run(options),
        verdict="met" if held else "missed",
        topology_digest=digest(topology),
        topology=json.loads(to_json(topology)),
        objectives=topology.objectives,
        notes=[] if warning is None else [warning],
        findings=found,
        expectations=[sound, rules],
        verdicts=list(verdicts),
        simulation=Simulation(
            scenarios=options.scenarios,
            seed=options.plan.seed,
            classes=list(options.plan.classes),
            duration_s=options.plan.duration_s or HOUR_S,
            held=_NOTHING_HELD if judged is None else _HELD,
            results=tally.results(),
            broken=broken,
            baseline=baseline,
            what_ifs=what_ifs,
            prices=_prices() if what_ifs else [],
            curves=tally.curves(),
            command=options.again(),
        ),
    )


def _verdicts(topology: Topology, judged: ClassResult) -> tuple[Verdict, ...]:
    """Hold the 99th percentiles of the judged classes against the objectives."""
    return judge(
        topology.objectives,
        recovery_time_s=0.0 if judged.recovery is None else judged.recovery.p99.value,
        data_loss_window_s=judged.data_loss.p99.value,
        availability_ratio=judged.availability.p99.value,
    )


def _run(options: Options) -> Run:
    return Run(
        kind="simulation",
        scenario=f"{options.scenarios} scenarios",
        stack=options.stack,
        seed=options.plan.seed,
        speed=0,
        rate_per_s=0,
        clients=0,
        commit=commit_of(options.project_dir),
        started_at=None,
        duration_s=options.plan.duration_s or HOUR_S,
        environment={"aws": "simulated"},
    )


def _prices() -> list[PriceLine]:
    return [
        PriceLine(
            what=price.what,
            usd=price.usd,
            unit=price.unit,
            read_on=price.read_on,
            source=price.source,
            checked=price.checked,
        )
        for price in PRICES
    ]
