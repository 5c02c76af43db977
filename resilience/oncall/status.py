"""Looks at a stack and shows what it saw: once, or again and again."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.live import Live

from resilience.command_line import BROKEN, MET, MISSED
from resilience.oncall.changes import changes
from resilience.oncall.concerns import Concern, concerns
from resilience.oncall.looking import limits_of, look
from resilience.oncall.options import LEAST_WIDTH
from resilience.oncall.screen import screen
from resilience.oncall.sight import Sight, to_json
from resilience.topology_cache import TopologyCache

if TYPE_CHECKING:
    from resilience.deployed_stack import DeployedStack
    from resilience.oncall.place import Where


def look_and_show(
    deployed: DeployedStack, here: Where, *, every_s: float | None, as_json: bool
) -> int:
    """Look, and show it; with `every_s` until interrupted. Returns the exit code."""
    if every_s is not None:
        return _watched(deployed, here, every_s=every_s, as_json=as_json)
    sight, troubles = look_at(deployed, here)
    show(sight, troubles, as_json=as_json)
    return exit_code(sight, troubles)


def look_at(deployed: DeployedStack, here: Where) -> tuple[Sight, tuple[Concern, ...]]:
    """Look once, and judge it."""
    release = TopologyCache(os.environ).release(deployed.topology.regions[0].function.code_sha256)
    sight = look(deployed, here.outside, release)
    return sight, concerns(sight, limits_of(deployed.topology))


def exit_code(sight: Sight, troubles: tuple[Concern, ...]) -> int:
    """Say how a look ends: well, for a person, or blind."""
    if len(sight.unseen) >= sight.asked:
        return BROKEN
    return MISSED if troubles else MET


def show(
    sight: Sight,
    troubles: tuple[Concern, ...],
    changed: tuple[str, ...] = (),
    *,
    as_json: bool,
) -> None:
    """Print a look on standard output."""
    if as_json:
        typer.echo(json.dumps(to_json(sight, troubles)))
        return
    console = Console(file=sys.stdout, highlight=False)
    if not console.is_terminal:
        console = Console(file=sys.stdout, highlight=False, width=LEAST_WIDTH)
    console.print(screen(sight, troubles, changed))


def _watched(deployed: DeployedStack, here: Where, *, every_s: float, as_json: bool) -> int:
    """Look until interrupted, and end as the last look did; on a terminal, on one screen."""
    sight, troubles = look_at(deployed, here)
    console = Console(file=sys.stdout, highlight=False)
    if as_json or not console.is_terminal:
        return _watched_plainly(deployed, here, sight, troubles, every_s=every_s, as_json=as_json)
    try:
        with Live(screen(sight, troubles), console=console, screen=True) as live:
            while True:
                time.sleep(every_s)
                before, troubles_before = sight, troubles
                sight, troubles = look_at(deployed, here)
                changed = changes(before, sight, troubles_before, troubles)
                live.update(screen(sight, troubles, changed), refresh=True)
    except KeyboardInterrupt:
        return exit_code(sight, troubles)


def _watched_plainly(
    deployed: DeployedStack,
    here: Where,
    sight: Sight,
    troubles: tuple[Concern, ...],
    *,
    every_s: float,
    as_json: bool,
) -> int:
    try:
        show(sight, troubles, as_json=as_json)
        while True:
            time.sleep(every_s)
            before, troubles_before = sight, troubles
            sight, troubles = look_at(deployed, here)
            changed = changes(before, sight, troubles_before, troubles)
            show(sight, troubles, changed, as_json=as_json)
            sys.stdout.flush()
    except KeyboardInterrupt:
        return exit_code(sight, troubles)
