"""The command `reconcile`: what a lost Region acknowledged and another lacks, and its replay."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from resilience import client_options as clients
from resilience.oncall import options as shared  # noqa: TC001 - typer reads the annotations


def reconcile(  # noqa: PLR0913 - one argument an option
    region: Annotated[
        str | None,
        typer.Argument(help="The Region that was lost; the only one evacuated unless given."),
    ] = None,
    *,
    into: Annotated[
        str | None,
        typer.Option(
            help="The Region that took over; the next by preference unless given.",
            show_default=False,
        ),
    ] = None,
    reason: Annotated[
        str,
        typer.Option(help="Why it is replayed: kept in the journal. Not needed with --list."),
    ] = "",
    by: shared.ByOption = None,
    only_list: Annotated[
        bool, typer.Option("--list", help="List what is lacking, and replay nothing.")
    ] = False,
    checkpoint: Annotated[
        Path | None,
        typer.Option(
            help="Where it is kept what was copied; a file of the two Regions under reports/ "
            "unless given.",
            dir_okay=False,
            show_default=False,
        ),
    ] = None,
    stack: shared.StackOption = "staging",
    outputs: shared.OutputsOption = None,
    snapshot: shared.SnapshotOption = None,
    project: shared.ProjectOption = Path(),
    lost: shared.LostOption = None,
    name_server: clients.NameServerOption = None,
    https_port: clients.HttpsPortOption = clients.HTTPS_PORT,
    ca_file: clients.CaFileOption = None,
    yes: shared.YesOption = False,
    as_json: shared.JsonOption = False,
    out: shared.OutOption = None,
) -> None:
    """List what a lost Region acknowledged and another one lacks, and replay it once it is back.

    Compares versions of the prediction buckets, and items of the table. While the Region is gone
    it says so, and what S3 said of it last. A replay copies only where nothing newer is, verifies
    every copy by its digest, and goes on from its checkpoint when it is typed again.
    Exit codes: 0 nothing is lacking (any more), 1 something is, or the Region is gone, 2 bad usage
    or not agreed to, 3 the replay was interrupted.
    """
    from resilience.oncall.place import found, where
    from resilience.oncall.reconciling import Asked
    from resilience.oncall.reconciling import reconcile as run

    here = where(
        stack=stack,
        outputs=outputs,
        snapshot=snapshot,
        project=project,
        lost=tuple(lost or ()),
        name_server=name_server,
        https_port=https_port,
        ca_file=ca_file,
        remembered=True,
    )
    asked = Asked(
        source=region or "",
        into=into or "",
        reason=reason,
        by=by,
        only_list=only_list,
        yes=yes,
        as_json=as_json,
        checkpoint=checkpoint,
        out=out,
    )
    raise typer.Exit(run(asked, found(here.wanted), here.outside))
