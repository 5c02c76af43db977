"""A journal on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from resilience.figures import headline, rows

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from resilience.journal import Journal

MARKS = {True: "[green]met[/green]", False: "[red bold]missed[/red bold]", None: ""}
WIDE = 110
COLOURS = {"met": "green", "missed": "red", "broken": "yellow"}


def show(journal: Journal, console: Console, out: Path) -> None:
    """Print the figures, what did not hold, what is not proven, and where the rest is."""
    run = journal.run
    speed = "in real time" if run.speed == 1 else f"at {run.speed:g} times real time"
    emulated = run.kind != "drill" or run.environment.get("aws") == "emulated"
    where = "emulated AWS" if emulated else "AWS"
    console.print(
        f"\n[bold]{run.scenario}[/bold] of stack [bold]{run.stack}[/bold], {where}, {speed}, "
        f"seed {run.seed}"
    )
    if journal.measurements is not None:
        console.print(_table(journal, with_parts_explained=console.width >= WIDE))
    for expectation in journal.expectations:
        if not expectation.held:
            console.print(f"[red]not held[/red]  {escape(expectation.name)}")
            console.print(f"          {escape(expectation.detail)}", highlight=False)
    for note in journal.notes:
        console.print(f"[yellow]note[/yellow]  {escape(note)}", highlight=False)
    _show_not_proven(journal, console)
    colour = COLOURS[journal.verdict]
    console.print(f"[{colour} bold]{escape(headline(journal))}[/{colour} bold]")
    console.print(f"report   {out / 'report.html'}", highlight=False, soft_wrap=True)
    console.print(f"journal  {out / 'journal.json'}", highlight=False, soft_wrap=True)


def _table(journal: Journal, *, with_parts_explained: bool) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("", "measured", "objective", "", ""):
        table.add_column(column, justify="right" if column == "measured" else "left")
    for row in rows(journal):
        name = f"  [dim]{row.name}[/dim]" if row.part else f"[bold]{row.name}[/bold]"
        measured = f"[dim]{row.measured}[/dim]" if row.part else f"[bold]{row.measured}[/bold]"
        detail = row.detail if with_parts_explained or not row.part else ""
        table.add_row(name, measured, row.objective, MARKS[row.met], f"[dim]{detail}[/dim]")
    return table


def _show_not_proven(journal: Journal, console: Console) -> None:
    if not journal.not_proven:
        return
    console.print(
        f"[dim]not proven here: {len(journal.not_proven)} things are recorded but not emulated, "
        f"or absent (listed in the report), first: {escape(journal.not_proven[0])}[/dim]",
        highlight=False,
    )
