"""The command `cross-check`: rehearsals given as journals, beside simulations of the same."""

from __future__ import annotations

import json
from dataclasses import asdict
from math import inf
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer

from resilience.command_line import MET, MISSED, USAGE, guarded, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resilience.progress import Progress
    from resilience.simulate.cross_check import Comparison
    from resilience.simulate.figures import Table


def cross_check(
    *,
    journals: Annotated[
        list[Path],
        typer.Argument(
            help="Journals of rehearsals (journal.json), or folders that hold one.",
            exists=True,
        ),
    ],
    seeds: Annotated[
        int, typer.Option(help="How many times each is simulated, with other phases.", min=10)
    ] = 400,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the table as Markdown.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Hold rehearsed recovery times against simulated ones of the same stack and the same losses.

    Each rehearsed time must lie between the shortest and the longest simulated one, give or take
    the bound that is printed. Exits with 1 if one does not.
    """
    compared = guarded(lambda progress: _compare(journals, seeds, progress))
    if as_json:
        typer.echo(json.dumps([_facts(each) for each in compared]))
    else:
        table = comparison_table(compared)
        typer.echo(table.markdown() if markdown else table.text())
    raise typer.Exit(MET if all(each.agrees for each in compared) else MISSED)


def comparison_table(compared: Sequence[Comparison]) -> Table:
    """Give one row for each rehearsal."""
    from resilience.simulate.figures import Table

    return Table(
        head=(
            "scenario",
            "stack",
            "settings",
            "speed",
            "rehearsed s",
            "simulated s: shortest",
            "median",
            "longest",
            "outside by",
            "bound",
            "",
        ),
        rows=tuple(
            (
                each.scenario,
                each.stack,
                each.settings,
                f"{each.speed:g}",
                _seconds(each.rehearsed_s),
                _seconds(each.shortest_s),
                _seconds(each.median_s),
                _seconds(each.longest_s),
                _seconds(each.off_s),
                _seconds(each.bound_s),
                "agrees" if each.agrees else "differs",
            )
            for each in compared
        ),
        left=3,
    )


def _compare(paths: list[Path], seeds: int, progress: Progress) -> list[Comparison]:
    from resilience.journal import JournalError, read_journal
    from resilience.simulate.cross_check import compare

    found: list[Comparison] = []
    for path in paths:
        file = path / "journal.json" if path.is_dir() else path
        progress.step(f"simulate what {file} rehearsed")
        try:
            found.append(compare(read_journal(file), seeds=seeds))
        except JournalError as error:
            say(f"{file}: {error}")
            raise typer.Exit(USAGE) from error
    return found


def _facts(each: Comparison) -> dict[str, object]:
    facts = {**asdict(each), "off_s": each.off_s, "agrees": each.agrees}
    return {key: None if value == inf else value for key, value in facts.items()}


def _seconds(value: float) -> str:
    return "never" if value == inf else f"{value:.1f}"
