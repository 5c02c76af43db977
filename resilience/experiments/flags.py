"""The options of the commands `drill`, `drills` and `verify`, each with its help."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from resilience.command_line import positive

if TYPE_CHECKING:
    from collections.abc import Sequence

ExperimentOption = Annotated[
    str | None,
    typer.Option(help="What to try; --list shows what there is.", show_default=False),
]
OptionsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--option",
        help="A choice of the experiment's, as how=listener, or region=us-west-2; may be repeated.",
        show_default=False,
    ),
]
ExecuteOption = Annotated[
    bool, typer.Option("--execute", help="Do it. Without this, only the plan is shown.")
]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask before anything is changed.")]
RecoverOption = Annotated[
    bool,
    typer.Option(
        "--recover",
        help="Take back what a drill left that ended before its rollback, and drill nothing.",
    ),
]
ListOption = Annotated[bool, typer.Option("--list", help="List the experiments.")]
EmulateOption = Annotated[
    bool,
    typer.Option(
        "--emulate",
        help="Deploy the stack into an emulated AWS first, and drill it there; needs no account.",
    ),
]
AccountOption = Annotated[
    str | None,
    typer.Option(
        help="The account that must be meant; a drill in another one is refused.",
        show_default=False,
    ),
]
WindowsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--window",
        help="When drills may run, in UTC, as 'mon-fri 09:00-16:00'; may be repeated. The stack's "
        "own parameter counts instead where there is one.",
        show_default=False,
    ),
]
BlackoutOption = Annotated[
    list[str] | None,
    typer.Option(
        "--blackout-date",
        help="A date on which none runs, as 2026-12-24; may be repeated.",
        show_default=False,
    ),
]
OutputsOption = Annotated[
    Path | None,
    typer.Option(
        help="A file with what `pulumi stack output --json` printed; without it the Pulumi CLI is "
        "asked.",
        envvar="UNDERSTUDY_OUTPUTS",
        exists=True,
        dir_okay=False,
        show_default=False,
    ),
]
ChaosOption = Annotated[
    Path | None,
    typer.Option(
        "--chaos",
        help="Write the experiment in Chaos Toolkit's format to this file.",
        dir_okay=False,
        show_default=False,
    ),
]
RateOption = Annotated[
    float | None,
    typer.Option(
        help="Probes a second; 10 unless given, fewer in a fast emulator.",
        callback=positive,
        show_default=False,
    ),
]
OutOption = Annotated[
    Path | None,
    typer.Option(
        help="Folder for journal.json and report.html; reports/<UTC time>-drill unless given.",
        file_okay=False,
        show_default=False,
    ),
]
JsonOption = Annotated[
    bool,
    typer.Option("--json", help="Print what became of it, and nothing else, on stdout as JSON."),
]


def pairs(options: Sequence[str] | None) -> dict[str, str]:
    """Read `name=value` options."""
    found: dict[str, str] = {}
    for each in options or ():
        name, equals, value = each.partition("=")
        if not (name and equals and value):
            raise typer.BadParameter(f"got {each!r}; expected name=value", param_hint="--option")
        found[name] = value
    return found
