"""The options of the command `simulate`, each with its help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from resilience.command_line import positive

SnapshotOption = Annotated[
    Path | None,
    typer.Option(
        help="Simulate the topology in this file, which --save-snapshot wrote.",
        exists=True,
        dir_okay=False,
    ),
]
DeployedOption = Annotated[
    bool,
    typer.Option(
        "--deployed",
        help="Simulate the stack that is deployed in AWS: its outputs from the Pulumi CLI (or "
        "--outputs), everything else read through AWS APIs. Reads only.",
    ),
]
OutputsOption = Annotated[
    Path | None,
    typer.Option(
        help="With --deployed: a file with what `pulumi stack output --json` printed.",
        exists=True,
        dir_okay=False,
    ),
]
FreshOption = Annotated[
    bool,
    typer.Option(
        "--fresh", help="Deploy into the emulator again, even if nothing of it has changed."
    ),
]
SaveOption = Annotated[
    Path | None,
    typer.Option(help="Write the topology to this file, for --snapshot.", dir_okay=False),
]
ScenariosOption = Annotated[
    int, typer.Option(help="How many scenarios to play; the classes take turns.", min=1)
]
RunSeedOption = Annotated[
    int, typer.Option(help="Seed of the whole run: the same one gives the same bytes.", min=0)
]
ClassesOption = Annotated[
    str | None,
    typer.Option(
        help="Fault classes to draw from, by comma; all unless given. `list` lists them; "
        "`region-gone+observer-flaky` plays two kinds at once.",
        show_default=False,
    ),
]
DurationOption = Annotated[
    float | None,
    typer.Option(
        help="Seconds that each scenario lasts; an hour unless given. What begins later does not "
        "happen.",
        callback=positive,
        show_default=False,
    ),
]
WorkersOption = Annotated[
    int | None,
    typer.Option(
        help="Processes; one a core unless given. The result is the same for any number.",
        min=1,
        show_default=False,
    ),
]
WhatIfOption = Annotated[
    bool,
    typer.Option(
        "--what-if/--no-what-if", help="Whether to try each setting changed, and price it."
    ),
]
ResumeOption = Annotated[
    Path | None,
    typer.Option(
        help="Keep what is counted in this folder, and go on from it: for runs of hours.",
        file_okay=False,
        show_default=False,
    ),
]
ReplayOption = Annotated[
    str | None,
    typer.Option(
        help="Play one scenario: its text as printed, or the seed of one of this run's.",
        show_default=False,
    ),
]
SimulationOutOption = Annotated[
    Path | None,
    typer.Option(
        help="Folder for journal.json and report.html; reports/<UTC time>-simulation unless given.",
        file_okay=False,
        show_default=False,
    ),
]
JsonOption = Annotated[
    bool,
    typer.Option("--json", help="Print the journal's summary, and nothing else, on stdout."),
]
