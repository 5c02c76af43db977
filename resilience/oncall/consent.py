"""Who asks, and whether they mean it."""

from __future__ import annotations

import getpass
import sys
from typing import TYPE_CHECKING

import typer

from resilience.command_line import USAGE, say

if TYPE_CHECKING:
    from collections.abc import Sequence


def who(by: str | None, caller: str) -> str:
    """Name who asks: as they say, else as AWS knows them, else as this machine does."""
    if by is not None and by.strip():
        return by.strip()
    return caller or getpass.getuser()


def agreed(plan: Sequence[str], *, yes: bool) -> None:
    """Show what will be done, and go on only if that is wanted.

    Raises:
        typer.Exit: with exit code 2, if it is not, or nobody can be asked.
    """
    say(*plan)
    if yes:
        return
    if not sys.stdin.isatty():
        say("nobody can be asked here: give --yes to do it without asking")
        raise typer.Exit(USAGE)
    if not typer.confirm("Do it?", err=True):
        say("nothing was done")
        raise typer.Exit(USAGE)
