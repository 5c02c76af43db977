"""The options that the commands of the person on call share, each with its help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

LEAST_WIDTH = 110
"""Output that is no terminal is drawn this wide: names and reasons are long."""

StackOption = Annotated[str, typer.Option(help="The deployed stack.")]
OutputsOption = Annotated[
    Path | None,
    typer.Option(
        help="A file with what `pulumi stack output --json` printed. Without it the outputs of "
        "the last reading are taken, or else the Pulumi CLI is asked.",
        envvar="UNDERSTUDY_OUTPUTS",
        exists=True,
        dir_okay=False,
        show_default=False,
    ),
]
SnapshotOption = Annotated[
    Path | None,
    typer.Option(
        help="A topology that `./run simulate --save-snapshot` wrote: nothing else is read then.",
        exists=True,
        dir_okay=False,
        show_default=False,
    ),
]
ProjectOption = Annotated[
    Path, typer.Option(help="Where the Pulumi CLI is asked, if it must be.", file_okay=False)
]
LostOption = Annotated[
    list[str] | None,
    typer.Option(
        help="A Region that is known to be lost: no call leaves for it. May be given again.",
        show_default=False,
    ),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print one JSON object, and nothing else, on stdout.")
]
YesOption = Annotated[bool, typer.Option("--yes", help="Do it without asking.")]
ReasonOption = Annotated[
    str, typer.Option(help="Why: it is kept with what is done.", show_default=False)
]
ByOption = Annotated[
    str | None,
    typer.Option(
        help="Who: as AWS knows the caller, or else $USER, unless given.", show_default=False
    ),
]
OutOption = Annotated[
    Path | None,
    typer.Option(
        help="Folder for the journal; reports/<UTC time>-<command> unless given.",
        file_okay=False,
        show_default=False,
    ),
]
