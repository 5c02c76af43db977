"""The commands: rehearse a stack in an emulated AWS, or keep one running to look at.

Exit codes: 0 objectives met, 1 an objective was missed, 2 bad usage, settings or a refused
deploy, 3 the run itself broke (which is never reported as a pass or a miss).
"""

from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from resilience.command_line import (
    BROKEN,
    EXIT_CODES,
    MET,
    MISSED,
    ConfigOption,
    ProjectOption,
    ReleaseOption,
    SeedOption,
    SpeedOption,
    StackOption,
    guarded,
    positive,
    project_of,
    say,
)
from resilience.experiments.command import drill
from resilience.experiments.reading_commands import drills, verify
from resilience.oncall.capacity_command import capacity
from resilience.oncall.reconcile_command import reconcile
from resilience.oncall.status_command import status
from resilience.oncall.words_command import COMMANDS as WORDS
from resilience.rehearsal.options import Options, ScenarioName, default_rate_per_s
from resilience.restore.command import restore
from resilience.runbooks.command import runbook
from resilience.simulate.command import simulate
from resilience.simulate.cross_check_command import cross_check

if TYPE_CHECKING:
    from resilience.journal import Journal

app = typer.Typer(
    help="Prove that a stack recovers, before it has to.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    epilog="Exit codes: 0 objectives met, 1 an objective was missed, 2 bad usage, settings or a "
    "refused deploy, 3 the run itself broke.",
)


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
            callback=positive,
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
        project_dir=project_of(project, stack, config_file),
        config_file=config_file,
        release=release,
        scenario=scenario,
        speed=speed,
        seed=seed,
        rate_per_s=default_rate_per_s(speed) if rate is None else rate,
        out=out or default_out("rehearsal"),
    )
    journal = guarded(lambda progress: run(options, progress))
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
        project_dir=project_of(project, stack, config_file),
        config_file=config_file,
        release=release,
        scenario=None,
        speed=speed,
        seed=seed,
        rate_per_s=default_rate_per_s(speed),
        out=Path(),
    )
    ended_by_user = guarded(lambda progress: run(options, progress, as_json=as_json))
    if not ended_by_user:
        say("the emulator ended by itself")
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
        project_dir=project_of(project, stack, config_file),
        config_file=config_file,
        release=release,
        scenario=None,
        speed=1.0,
        seed=0,
        rate_per_s=default_rate_per_s(1.0),
        out=Path(),
    )
    verdict = guarded(lambda progress: judge(options, progress))
    typer.echo(json.dumps(verdict.to_json()) if as_json else verdict.text())
    raise typer.Exit(MISSED if verdict.violations else MET)


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


app.command()(simulate)
app.command()(cross_check)
app.command()(status)
for word in WORDS:
    app.command()(word)
app.command()(capacity)
app.command()(reconcile)
app.command()(restore)
app.command()(runbook)
app.command()(drill)
app.command()(drills)
app.command()(verify)


def main() -> None:
    """Run the command line. What nobody foresaw is a broken run, and not a missed objective."""
    try:
        app(prog_name="./run")
    except Exception:  # noqa: BLE001 - whatever it is, exit code 1 would say "missed"
        traceback.print_exc()
        sys.exit(BROKEN)
