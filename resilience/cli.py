"""The commands: rehearse a stack in an emulated AWS, or keep one running to look at.

Exit codes: 0 objectives met, 1 an objective was missed, 2 bad usage, settings or a refused
deploy, 3 the run itself broke (which is never reported as a pass or a miss).
"""

from __future__ import annotations

import json
import math
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from resilience.rehearsal.options import Options, ScenarioName, default_rate_per_s

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from resilience.journal import Journal
    from resilience.progress import Progress

Result = TypeVar("Result")

MET, MISSED, USAGE, BROKEN = 0, 1, 2, 3
EXIT_CODES = {"met": MET, "missed": MISSED, "broken": BROKEN}

app = typer.Typer(
    help="Prove that a stack recovers, before it has to.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    epilog="Exit codes: 0 objectives met, 1 an objective was missed, 2 bad usage, settings or a "
    "refused deploy, 3 the run itself broke.",
)


def _positive(value: float | None) -> float | None:
    if value is not None and not (value > 0 and math.isfinite(value)):
        raise typer.BadParameter(f"got {value}; expected a number above 0, for example 1 or 10")
    return value


StackOption = Annotated[
    str, typer.Option(help="The stack to deploy: its settings are in Pulumi.<stack>.yaml.")
]
ConfigOption = Annotated[
    Path | None,
    typer.Option(
        help="Settings file to use instead of Pulumi.<stack>.yaml.", exists=True, dir_okay=False
    ),
]
ProjectOption = Annotated[
    Path, typer.Option(help="Project to deploy: the folder with Pulumi.yaml.", file_okay=False)
]
ReleaseOption = Annotated[
    Path | None,
    typer.Option(
        help="Release zip to deploy; without it one is built from the example model.",
        exists=True,
        dir_okay=False,
    ),
]
SpeedOption = Annotated[
    float,
    typer.Option(
        help="How many times faster than real time waits pass (intervals, TTLs, buffers); work "
        "does not run faster, so high speeds make it look slow.",
        callback=_positive,
    ),
]
SeedOption = Annotated[
    int, typer.Option(help="Seed of everything random: checker phases, lags, addresses.", min=0)
]


@app.callback()
def _commands() -> None:
    """Prove that a stack recovers, before it has to."""


@app.command()
def rehearse(  # noqa: PLR0913 - one argument an option
    *,
    stack: StackOption = "staging",
    config_file: ConfigOption = None,
    project: ProjectOption = Path(),
    release: ReleaseOption = None,
    scenario: Annotated[
        ScenarioName | None,
        typer.Option(
            help="What to lose: the primary (and fail back), the standby, the first two of three "
            "Regions or more, all with the standby back first, or, with latency routing, the "
            "Region nearest to some of the clients. primary-lost or nearest-lost unless given.",
            show_default=False,
        ),
    ] = None,
    speed: SpeedOption = 1.0,
    seed: SeedOption = 0,
    rate: Annotated[
        float | None,
        typer.Option(
            help="Probes a scenario second; 10 unless given, and no more than 20 a real second.",
            callback=_positive,
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for journal.json and report.html; reports/<UTC time>-rehearsal unless "
            "given.",
            file_okay=False,
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[
        bool,
        typer.Option("--json", help="Print the journal's summary, and nothing else, on stdout."),
    ] = False,
) -> None:
    """Deploy a stack into an emulated AWS, serve real traffic, lose a Region, and come back.

    Needs no AWS account and reaches nothing beyond loopback. With the staging stack at real time
    it takes under four minutes. Writes journal.json and report.html, and prints what clients saw.
    """
    from resilience.journal import default_out
    from resilience.rehearsal.run import rehearse as run

    options = Options(
        stack=stack,
        project_dir=_project(project, stack, config_file),
        config_file=config_file,
        release=release,
        scenario=scenario,
        speed=speed,
        seed=seed,
        rate_per_s=default_rate_per_s(speed) if rate is None else rate,
        out=out or default_out("rehearsal"),
    )
    journal = _guarded(lambda progress: run(options, progress))
    _write_and_show(journal, options.out, as_json=as_json)
    raise typer.Exit(EXIT_CODES[journal.verdict])


@app.command()
def emulate(  # noqa: PLR0913 - one argument an option
    *,
    stack: StackOption = "staging",
    config_file: ConfigOption = None,
    project: ProjectOption = Path(),
    release: ReleaseOption = None,
    speed: SpeedOption = 1.0,
    seed: SeedOption = 0,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print where everything is as one JSON object.")
    ] = False,
) -> None:
    """Deploy a stack into an emulated AWS and keep it running for dig, curl and the AWS CLI.

    Prints what to type. Ctrl-C ends it and leaves nothing behind.
    """
    from resilience.emulation import emulate as run

    options = Options(
        stack=stack,
        project_dir=_project(project, stack, config_file),
        config_file=config_file,
        release=release,
        scenario=None,
        speed=speed,
        seed=seed,
        rate_per_s=default_rate_per_s(speed),
        out=Path(),
    )
    ended_by_user = _guarded(lambda progress: run(options, progress, as_json=as_json))
    if not ended_by_user:
        _say("the emulator ended by itself")
    raise typer.Exit(MET if ended_by_user else BROKEN)


@app.command()
def policy(
    *,
    stack: StackOption = "staging",
    config_file: ConfigOption = None,
    project: ProjectOption = Path(),
    release: ReleaseOption = None,
    list_rules: Annotated[
        bool, typer.Option("--list", help="List the rules with their reasons; deploy nothing.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the verdict as one JSON object.")
    ] = False,
) -> None:
    """Hold what a stack deploys against the program's rules, in an emulated AWS.

    Exits with 1 if a rule is broken. A rehearsal holds the stack against the same rules.
    """
    from resilience.program_rules import judge, rules_text

    if list_rules:
        typer.echo(rules_text())
        raise typer.Exit(MET)
    options = Options(
        stack=stack,
        project_dir=_project(project, stack, config_file),
        config_file=config_file,
        release=release,
        scenario=None,
        speed=1.0,
        seed=0,
        rate_per_s=default_rate_per_s(1.0),
        out=Path(),
    )
    verdict = _guarded(lambda progress: judge(options, progress))
    typer.echo(json.dumps(verdict.to_json()) if as_json else verdict.text())
    raise typer.Exit(MISSED if verdict.violations else MET)


def _project(project: Path, stack: str, config_file: Path | None) -> Path:
    """Check that there is a project, and settings for the stack."""
    if not (project / "Pulumi.yaml").is_file():
        raise typer.BadParameter(
            f"{project.resolve()} holds no Pulumi.yaml; expected the project's folder: run this "
            "there, or name it",
            param_hint="--project",
        )
    if config_file is None and not (project / f"Pulumi.{stack}.yaml").is_file():
        known = sorted(path.name.split(".")[1] for path in project.glob("Pulumi.*.yaml"))
        raise typer.BadParameter(
            f"there is no Pulumi.{stack}.yaml; expected one of the stacks "
            f"{', '.join(known) or 'of the project (it has none)'}, or name a settings file with "
            "--config-file",
            param_hint="--stack",
        )
    return project.resolve()


def _guarded(command: Callable[[Progress], Result]) -> Result:
    """Run a command with progress; end with the exit code its errors stand for."""
    from resilience.golden import ReleaseError
    from resilience.progress import Progress
    from resilience.rehearsal.options import ScenarioError
    from resilience.stage import RefusedError, StageGoneError

    # A shell starts background jobs with SIGINT ignored; both signals must end a run, always.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        with Progress() as progress:
            return command(progress)
    except RefusedError as error:
        _say("the deploy was refused:", *(f"  - {problem}" for problem in error.problems))
        raise typer.Exit(USAGE) from error
    except (ReleaseError, ScenarioError) as error:
        _say(str(error))
        raise typer.Exit(USAGE) from error
    except StageGoneError as error:
        _say(f"the emulator did not stay up: {error}")
        raise typer.Exit(BROKEN) from error
    except KeyboardInterrupt as error:
        _say("interrupted")
        raise typer.Exit(BROKEN) from error


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    """Treat SIGTERM as Ctrl-C, which every part already knows how to end by."""
    signal.raise_signal(signal.SIGINT)


def _write_and_show(journal: Journal, out: Path, *, as_json: bool) -> None:
    from rich.console import Console

    from resilience.journal import write_journal
    from resilience.report import write_report
    from resilience.terminal import show

    write_journal(journal, out / "journal.json")
    write_report(journal, out / "report.html")
    if as_json:
        typer.echo(json.dumps({**journal.summary(), "missed": journal.missed(), "out": str(out)}))
    else:
        show(journal, Console(file=sys.stdout), out)


def _say(*lines: str) -> None:
    for line in lines:
        typer.echo(line, err=True)


def main() -> None:
    """Run the command line."""
    app(prog_name="./run")
