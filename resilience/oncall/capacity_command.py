"""The command `capacity`: what a failover demands of each Region, against what is there."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from resilience.command_line import BROKEN, MET, MISSED
from resilience.oncall.options import (
    LEAST_WIDTH,
    JsonOption,
    LostOption,
    OutputsOption,
    ProjectOption,
    SnapshotOption,
    StackOption,
)

if TYPE_CHECKING:
    from datetime import datetime

    from resilience.oncall.room import Carries, Demand, Room
    from resilience.topology import Region

WITHIN_S: Final = 8.0


def capacity(  # noqa: PLR0913 - one argument an option
    *,
    stack: StackOption = "staging",
    outputs: OutputsOption = None,
    snapshot: SnapshotOption = None,
    project: ProjectOption = Path(),
    lost: LostOption = None,
    demand: Annotated[
        int | None,
        typer.Option(
            help="Environments that the whole load keeps busy; the largest reservation, or what "
            "was busy in all Regions together, unless given.",
            min=1,
            show_default=False,
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Hold each Region's capacity against the whole load, which a failover sends it.

    Shows what is reserved and kept started for the function, and the account's quota with its
    unreserved rest. Makes only reads.
    Exit codes: 0 every Region that answered carries the whole load, 1 one does not, or gave no
    answer, 2 bad usage or no such stack, 3 none gave an answer.
    """
    from resilience.deployed_stack import Wanted
    from resilience.oncall.place import found
    from resilience.oncall.room import (
        busy_together,
        carries,
        demand_of,
        read_busy,
        read_room,
    )
    from resilience.side_by_side import ask

    deployed = found(
        Wanted(
            stack=stack,
            outputs=outputs,
            snapshot=snapshot,
            project_dir=project,
            lost=frozenset(lost or ()),
            remembered=True,
        )
    )
    regions = deployed.topology.regions
    aws = deployed.aws

    def read(region: Region) -> tuple[Room, dict[datetime, int]]:
        return read_room(aws, region), read_busy(aws, region)

    answers = ask({each.region: partial(read, each) for each in regions}, within_s=WITHIN_S)
    found_rooms = [answer.value for answer in answers.values() if answer.value is not None]
    rooms = [room for room, _ in found_rooms]
    busiest = [max(busy.values(), default=None) for _, busy in found_rooms]
    unseen = {name: each.why for name, each in answers.items() if each.why is not None}
    together = busy_together(busy for _, busy in found_rooms)
    needed = demand_of(rooms, stated=demand, busy=together)
    verdicts = tuple(carries(room, needed) for room in rooms)
    if as_json:
        content = {
            "version": 1,
            "demand": asdict(needed),
            "regions": [
                {**asdict(room), "busiest": most, **asdict(verdict)}
                for room, most, verdict in zip(rooms, busiest, verdicts, strict=True)
            ],
            "unseen": unseen,
        }
        typer.echo(json.dumps(content))
    else:
        _show(needed, list(zip(rooms, busiest, verdicts, strict=True)), unseen)
    if not rooms:
        raise typer.Exit(BROKEN)
    well = all(verdict.carries for verdict in verdicts) and not unseen
    raise typer.Exit(MET if well else MISSED)


def _show(
    demand: Demand, rooms: list[tuple[Room, int | None, Carries]], unseen: dict[str, str]
) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(file=sys.stdout, highlight=False, width=LEAST_WIDTH)
    console.print(
        f"a failover demands [bold]{demand.concurrency}[/bold] environments of one Region "
        f"({demand.known_from})"
    )
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("")
    for column in ("reserved", "started", "busy at most", "quota", "unreserved"):
        table.add_column(column, justify="right")
    table.add_column("carries the whole load")
    for room, most, verdict in rooms:
        word = "[green]yes[/green]" if verdict.carries else "[red bold]no[/red bold]"
        table.add_row(
            room.region,
            "none" if room.reserved is None else str(room.reserved),
            str(room.provisioned),
            "no figure" if most is None else str(most),
            str(room.quota),
            str(room.unreserved),
            f"{word}, {escape(verdict.why)}",
        )
    console.print(table)
    for name, why in unseen.items():
        console.print(f"[yellow]not seen[/yellow]  {name}: {escape(why)}")
