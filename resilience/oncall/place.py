"""Which stack a command is about, and from where it is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import typer

from resilience.command_line import USAGE, say
from resilience.deployed_stack import DeployedStack, StackNotFoundError, Wanted, find
from resilience.oncall.outside import Outside, OutsideError, system_name_server

if TYPE_CHECKING:
    from pathlib import Path

DNS_PORT: Final = 53


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
        server = system_name_server() if name_server is None else _server(name_server)
    except OutsideError as error:
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


def _server(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon:
        return text, DNS_PORT
    if not port.isdecimal() or not host:
        raise typer.BadParameter(
            f"got {text!r}; expected HOST or HOST:PORT, for example 127.0.0.1:5300",
            param_hint="--name-server",
        )
    return host, int(port)
