"""What every command has: its options, its exit codes, and how its errors end it."""

from __future__ import annotations

import math
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from resilience.progress import Progress

Result = TypeVar("Result")

MET, MISSED, USAGE, BROKEN = 0, 1, 2, 3
EXIT_CODES = {"met": MET, "missed": MISSED, "broken": BROKEN}


def positive(value: float | None) -> float | None:
    """Check an option's value; None is an option that was not given."""
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
        callback=positive,
    ),
]
SeedOption = Annotated[
    int, typer.Option(help="Seed of everything random: checker phases, lags, addresses.", min=0)
]


def project_of(project: Path, stack: str, config_file: Path | None) -> Path:
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


def guarded(command: Callable[[Progress], Result]) -> Result:
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
        say("the deploy was refused:", *(f"  - {problem}" for problem in error.problems))
        raise typer.Exit(USAGE) from error
    except (ReleaseError, ScenarioError) as error:
        say(str(error))
        raise typer.Exit(USAGE) from error
    except StageGoneError as error:
        say(f"the emulator did not stay up: {error}")
        raise typer.Exit(BROKEN) from error
    except KeyboardInterrupt as error:
        say("interrupted")
        raise typer.Exit(BROKEN) from error


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    """Treat SIGTERM as Ctrl-C, which every part already knows how to end by."""
    signal.raise_signal(signal.SIGINT)


def say(*lines: str) -> None:
    """Tell the person, on standard error."""
    for line in lines:
        typer.echo(line, err=True)
