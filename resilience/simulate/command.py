"""The command `simulate`: its options checked, its topology found, its result shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import typer

from resilience.command_line import (
    BROKEN,
    EXIT_CODES,
    MET,
    MISSED,
    USAGE,
    ConfigOption,
    ProjectOption,
    ReleaseOption,
    StackOption,
    guarded,
    say,
)
from resilience.simulate import flags  # noqa: TC001 - typer reads the annotations
from resilience.simulate.asked import Asked
from resilience.simulate.options import SCENARIOS, Options

if TYPE_CHECKING:
    from collections.abc import Callable

    from resilience.journal import Journal
    from resilience.progress import Progress
    from resilience.simulate.play import Plan
    from resilience.simulator import Scenario, SimulatedStack
    from resilience.topology import Topology

Result = TypeVar("Result")


def simulate(  # noqa: PLR0913 - one argument an option
    *,
    stack: StackOption = "staging",
    config_file: ConfigOption = None,
    project: ProjectOption = Path(),
    release: ReleaseOption = None,
    snapshot: flags.SnapshotOption = None,
    deployed: flags.DeployedOption = False,
    outputs: flags.OutputsOption = None,
    fresh: flags.FreshOption = False,
    save_snapshot: flags.SaveOption = None,
    scenarios: flags.ScenariosOption = SCENARIOS,
    seed: flags.RunSeedOption = 1,
    classes: flags.ClassesOption = None,
    duration: flags.DurationOption = None,
    workers: flags.WorkersOption = None,
    what_if: flags.WhatIfOption = True,
    resume: flags.ResumeOption = None,
    replay: flags.ReplayOption = None,
    out: flags.SimulationOutOption = None,
    as_json: flags.JsonOption = False,
) -> None:
    """Play thousands of seeded scenarios of faults on a stack, in virtual time.

    Holds recovery time, data loss window and availability against the stack's objectives, checks
    the rules of failover after every event, and says what each setting would buy and cost. Needs
    no AWS account: without --snapshot or --deployed it deploys the stack into an emulated AWS
    first, and keeps what it read there until the program changes. Exits with 1 if an objective is
    missed or a rule is broken.
    """
    if classes == "list":
        typer.echo(_class_list())
        raise typer.Exit(MET)
    source = Asked(
        stack=stack,
        project=project,
        config_file=config_file,
        release=release,
        snapshot=snapshot,
        deployed=deployed,
        outputs=outputs,
        fresh=fresh,
    ).checked()
    plan = _plan(seed, classes, duration)
    topology = guarded(lambda progress: _told(lambda: source.topology(progress, save_snapshot)))
    options = Options(
        stack=stack,
        project_dir=project.resolve(),
        scenarios=scenarios,
        plan=plan,
        workers=workers or _cores(),
        what_ifs=what_if,
        way=source.way(),
        resume=resume,
    )
    if replay is not None:
        raise typer.Exit(_replay(topology, options, replay, as_json=as_json))
    journal = guarded(lambda progress: _told(lambda: _simulated(topology, options, progress)))
    _write_and_show(journal, out, as_json=as_json)
    raise typer.Exit(EXIT_CODES[journal.verdict])


def _told(command: Callable[[], Result]) -> Result:
    """Run something; end with the exit code that its errors stand for."""
    from resilience.simulate.kept import KeptError
    from resilience.simulate.pool import WorkerGoneError
    from resilience.simulate.source import SourceError

    try:
        return command()
    except (SourceError, KeptError) as error:
        say(str(error))
        raise typer.Exit(USAGE) from error
    except WorkerGoneError as error:
        say(str(error))
        raise typer.Exit(BROKEN) from error


def _class_list() -> str:
    from resilience.simulate.options import JUDGED
    from resilience.simulator import FAULT_CLASSES

    return "\n".join(
        f"{name}  (the objectives are held to it)" if name in JUDGED else name
        for name in FAULT_CLASSES
    )


def _plan(seed: int, classes: str | None, duration_s: float | None) -> Plan:
    from resilience.simulate.play import AND, Plan, is_class
    from resilience.simulator import FAULT_CLASSES

    if classes is None:
        return Plan(seed=seed, duration_s=duration_s)
    asked = [name.strip() for name in classes.split(",") if name.strip()]
    unknown = sorted(name for name in set(asked) if not is_class(name))
    if unknown or not asked:
        raise typer.BadParameter(
            f"no fault class {', '.join(unknown) or repr(classes)}: expected some of "
            f"{', '.join(FAULT_CLASSES)}, or two kinds of fault with {AND} between them",
            param_hint="--classes",
        )
    both = sorted({name for name in asked if AND in name})
    chosen = (*(name for name in FAULT_CLASSES if name in asked), *both)
    return Plan(seed=seed, classes=chosen, duration_s=duration_s)


def _cores() -> int:
    from resilience.simulate.pool import cores

    return cores()


def _simulated(topology: Topology, options: Options, progress: Progress) -> Journal:
    from resilience.simulate.run import simulate_stack

    return simulate_stack(topology, options, progress)


def _replay(topology: Topology, options: Options, asked: str, *, as_json: bool) -> int:
    """Play one scenario and print what came of it; 1 if a rule was broken in it."""
    from resilience.simulate.replay import as_json_text, as_text
    from resilience.simulate.stacks import simulated
    from resilience.simulator.run import simulate as play

    stack = simulated(topology)
    scenario = _scenario(stack, options.plan, asked)
    outcome = play(stack, scenario)
    show = as_json_text if as_json else as_text
    typer.echo(show(scenario, outcome))
    return MISSED if outcome.violations else MET


def _scenario(stack: SimulatedStack, plan: Plan, asked: str) -> Scenario:
    """Read a scenario's text, or draw the one of this run with a seed."""
    from resilience.simulate.play import index_of, scenario_of
    from resilience.simulator import ScenarioError, from_text

    if asked.strip().isdigit():
        index = index_of(plan, int(asked))
        if index is None:
            raise typer.BadParameter(
                f"seed {asked} is not of a run with --seed {plan.seed}: give that run's --seed "
                "and --classes, or the scenario's text",
                param_hint="--replay",
            )
        return scenario_of(stack, plan, index)
    try:
        scenario = from_text(asked)
    except ScenarioError as error:
        raise typer.BadParameter(str(error), param_hint="--replay") from error
    names = {place for each in scenario.faults for place in (each.region,) if place}
    unknown = sorted(names - set(stack.order))
    if unknown:
        raise typer.BadParameter(
            f"stack {stack.name} has no Region {', '.join(unknown)}: expected some of "
            f"{', '.join(stack.order)}",
            param_hint="--replay",
        )
    return scenario


def _write_and_show(journal: Journal, out: Path | None, *, as_json: bool) -> None:
    """Write both files; where they are is on standard error: standard output is reproducible."""
    from resilience.journal import default_out, write_journal
    from resilience.simulate.report import write_report
    from resilience.simulate.terminal import text

    folder = out or default_out("simulation")
    write_journal(journal, folder / "journal.json")
    write_report(journal, folder / "report.html")
    if as_json:
        typer.echo(json.dumps({**journal.summary(), "missed": journal.missed()}))
    else:
        typer.echo(text(journal), nl=False)
    say(f"report   {folder / 'report.html'}", f"journal  {folder / 'journal.json'}")
