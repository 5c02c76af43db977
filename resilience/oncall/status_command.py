"""The command `status`: one screen, from one look or redrawn every few seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from resilience import client_options as clients
from resilience.command_line import positive
from resilience.oncall import options as shared  # noqa: TC001 - typer reads the annotations


def status(  # noqa: PLR0913 - one argument an option
    *,
    stack: shared.StackOption = "staging",
    outputs: shared.OutputsOption = None,
    snapshot: shared.SnapshotOption = None,
    project: shared.ProjectOption = Path(),
    lost: shared.LostOption = None,
    name_server: clients.NameServerOption = None,
    https_port: clients.HttpsPortOption = clients.HTTPS_PORT,
    ca_file: clients.CaFileOption = None,
    refresh: Annotated[
        bool,
        typer.Option("--refresh", help="Ask the Pulumi CLI for the outputs, after a deploy."),
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Look again and again, and say what changed.")
    ] = False,
    every: Annotated[
        float, typer.Option(help="With --watch: seconds between looks.", callback=positive)
    ] = 5.0,
    as_json: shared.JsonOption = False,
) -> None:
    """Show who serves, how each side sees each Region, and what needs a person, on one screen.

    Asks everything at once, each with a short deadline, and names what it could not see and why:
    it works while a Region, or Route 53's control plane, is gone. Makes only reads.
    Exit codes: 0 all is well, 1 something needs a person, 2 bad usage or no such stack,
    3 nothing could be seen.
    """
    # Heavy imports: other commands start without them.
    from resilience.oncall.place import found, where
    from resilience.oncall.status import look_and_show

    here = where(
        stack=stack,
        outputs=outputs,
        snapshot=snapshot,
        project=project,
        lost=tuple(lost or ()),
        name_server=name_server,
        https_port=https_port,
        ca_file=ca_file,
        refresh=refresh,
    )
    every_s = every if watch else None
    raise typer.Exit(look_and_show(found(here.wanted), here, every_s=every_s, as_json=as_json))
