"""Which stack a command is about, and from where it is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from resilience.client_options import server_named
from resilience.command_line import USAGE, say
from resilience.deployed_stack import DeployedStack, StackNotFoundError, Wanted, find
from resilience.oncall.outside import Outside
from resilience.resolver import NoNameServerError, own_name_server

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Where:
    """Which stack, and from where it is looked at, as the options say."""

    wanted: Wanted
    outside: Outside


def where(  # noqa: PLR0913 - one argument an option
    *,
    stack: str,
    outputs: Path | None,
    snapshot: Path | None,
    project: Path,
    lost: tuple[str, ...] = (),
    name_server: str | None,
    https_port: int,
    ca_file: Path | None,
    remembered: bool = False,
    refresh: bool = False,
) -> Where:
    """Put the options together.

    Raises:
        typer.BadParameter: the name server is none.
    """
    try:
        server = server_named(name_server) or own_name_server()
    except NoNameServerError as error:
        raise typer.BadParameter(str(error), param_hint="--name-server") from error
    return Where(
        wanted=Wanted(
            stack=stack,
            outputs=outputs,
            snapshot=snapshot,
            project_dir=project,
            lost=frozenset(lost),
            remembered=remembered,
            refresh=refresh,
        ),
        outside=Outside(name_server=server, https_port=https_port, ca_file=ca_file),
    )


def found(wanted: Wanted) -> DeployedStack:
    """Find the stack, or end with exit code 2 and the reason."""
    try:
        return find(wanted)
    except StackNotFoundError as error:
        say(str(error))
        raise typer.Exit(USAGE) from error
