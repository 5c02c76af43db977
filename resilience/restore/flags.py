"""The options of the command `restore`, each with its help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from resilience.command_line import positive
from resilience.restore.kinds import Origin, What

StackOption = Annotated[str, typer.Option(help="The deployed stack.")]
OutputsOption = Annotated[
    Path | None,
    typer.Option(
        help="A file with what `pulumi stack output --json` printed; without it they are those of "
        "the last time that the stack was read here, else the Pulumi CLI is asked.",
        exists=True,
        dir_okay=False,
    ),
]
SnapshotOption = Annotated[
    Path | None,
    typer.Option(
        help="A topology that `simulate --save-snapshot` wrote, instead of the outputs.",
        exists=True,
        dir_okay=False,
    ),
]
WhatOption = Annotated[What, typer.Option(help="What is wanted back.")]
FromOption = Annotated[
    Origin,
    typer.Option(
        "--from",
        help="A recovery point of AWS Backup, or a moment: of a bucket by its versions, of the "
        "table by its recovery window.",
    ),
]
AtOption = Annotated[
    str | None,
    typer.Option(
        help="As it was at this time (UTC, 2026-11-28T21:00:00Z): the newest recovery point taken "
        "until then, or this very moment. Name one before things went wrong: what is wrong "
        "replicates.",
        show_default=False,
    ),
]
RegionOption = Annotated[
    str | None,
    typer.Option(help="Restore in this Region; where the newest copy is unless given."),
]
IntoOption = Annotated[
    str | None,
    typer.Option(
        help="The empty bucket, or the table that is not there yet, to restore into; one of its "
        "own unless given.",
        show_default=False,
    ),
]
SwitchOption = Annotated[
    bool,
    typer.Option(
        "--switch",
        help="Bring what is verified back into the live bucket or table of the Region. Deletes "
        "nothing; replication carries it on.",
    ),
]
TrustOption = Annotated[
    bool,
    typer.Option(
        "--trust-restored",
        help="Count as right what nothing proves and, of a table, what the live one disputes or "
        "has written since: you know that the live one is wrong. The report says how much.",
    ),
]
DigestsOption = Annotated[
    Path | None,
    typer.Option(
        help="A file of digests to hold objects against, as `sha256sum` prints them.",
        exists=True,
        dir_okay=False,
    ),
]
WithinOption = Annotated[
    float,
    typer.Option(help="Objective: seconds until it is verified.", callback=positive),
]
ReasonOption = Annotated[
    str, typer.Option(help="Why, for the journal; needed to change anything.", show_default=False)
]
ByOption = Annotated[
    str, typer.Option(help="Who; the caller's ARN unless given.", show_default=False)
]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
ListOption = Annotated[
    bool,
    typer.Option("--list", help="List what there is to restore from, and change nothing."),
]
RehearseOption = Annotated[
    bool,
    typer.Option(
        "--rehearse",
        help="Restore the newest copy in another Region than its own, verify, measure, and leave "
        "nothing behind.",
    ),
]
DiscardOption = Annotated[
    str | None,
    typer.Option(
        help="Delete this place in --region, if a restore made it, and do nothing else.",
        show_default=False,
    ),
]
RestoreOutOption = Annotated[
    Path | None,
    typer.Option(
        help="Folder for journal.json and report.html; reports/<UTC time>-restore unless given.",
        file_okay=False,
        show_default=False,
    ),
]
JsonOption = Annotated[
    bool,
    typer.Option("--json", help="Print the journal's summary, and nothing else, on stdout."),
]
