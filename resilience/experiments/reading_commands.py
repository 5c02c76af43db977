"""The commands `drills` and `verify`: they read journals, and change nothing."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from resilience.command_line import BROKEN, MET, MISSED, USAGE, say

if TYPE_CHECKING:
    from resilience.experiments.history import History

JournalArgument = Annotated[
    Path, typer.Argument(help="The journal.json of a drill or a rehearsal.", exists=True)
]
SourceOption = Annotated[
    str,
    typer.Option("--from", help="Folder that holds journals, at any depth, or s3://bucket/prefix."),
]
RegionOption = Annotated[
    str, typer.Option(help="Region in which a bucket is asked.", show_default=True)
]
PlotOption = Annotated[
    Path | None,
    typer.Option(
        help="Draw recovery times over time into this SVG file.",
        dir_okay=False,
        show_default=False,
    ),
]
ShownOption = Annotated[
    bool, typer.Option("--json", help="Print the history, and nothing else, on stdout as JSON.")
]
CheckedOption = Annotated[
    bool, typer.Option("--json", help="Print what differs, and nothing else, on stdout as JSON.")
]


def drills(
    *,
    source: SourceOption = "reports",
    region: RegionOption = "us-east-1",
    plot: PlotOption = None,
    as_json: ShownOption = False,
) -> None:
    """List the drills that were run, and how recovery times have gone; read from their journals."""
    from resilience.aws import Aws, AwsError
    from resilience.experiments.history import BUCKET, in_bucket, in_folder
    from resilience.experiments.history_plot import plot_svg
    from resilience.journal import write_atomically

    if source.startswith(BUCKET):
        try:
            history = in_bucket(Aws(os.environ), source, region=region)
        except AwsError as error:
            say(str(error))
            raise typer.Exit(BROKEN) from error
    elif Path(source).is_dir():
        history = in_folder(Path(source))
    else:
        raise typer.BadParameter(
            f"there is no folder {source}; expected one with journals, or s3://bucket/prefix",
            param_hint="--from",
        )
    drawn = None if plot is None else plot_svg(history)
    if plot is not None and drawn is not None:
        write_atomically(plot, drawn)
    for each in history.unread:
        say(f"not read: {each}")
    if as_json:
        typer.echo(json.dumps(history.to_json()))
    else:
        _show(history)


def verify(journal: JournalArgument, *, as_json: CheckedOption = False) -> None:
    """Recompute every figure of a journal from its evidence; exit with 1 if anything differs."""
    from resilience.experiments.verify import differences, verifiable
    from resilience.journal import JournalError, read_journal

    try:
        read = read_journal(journal)
    except (JournalError, ValueError) as error:
        say(str(error))
        raise typer.Exit(USAGE) from error
    found = differences(read)
    if as_json:
        shown = {
            "journal": str(journal),
            "verifiable": verifiable(read),
            "differences": [each.__dict__ for each in found],
        }
        typer.echo(json.dumps(shown))
    elif found:
        say(f"{journal} does not follow from its own evidence:", *(f"  - {e}" for e in found))
    elif verifiable(read):
        say(f"{journal}: every figure follows from its evidence ({read.raw_digest})")
    else:
        say(
            f"{journal} is of a {read.run.kind} and holds no evidence to recompute: it says "
            f"{read.verdict}"
        )
    raise typer.Exit(MISSED if found else MET)


def _show(history: History) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(soft_wrap=True)
    if not history.entries:
        console.print("no drill was run yet")
        return
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("when (UTC)", "experiment", "stack", "verdict", "recovery", "RTO", "good"):
        table.add_column(column, no_wrap=True)
    for each in history.entries:
        table.add_row(
            f"{each.started_at:%Y-%m-%d %H:%M}",
            each.experiment,
            each.stack,
            each.verdict,
            _seconds(each.recovery_time_s),
            _seconds(each.rto_s),
            "" if each.availability_ratio is None else f"{100 * each.availability_ratio:.2f} %",
        )
    console.print(table)
    for each in history.entries:
        if each.missed:
            console.print(f"missed {each.started_at:%Y-%m-%d %H:%M}: {', '.join(each.missed)}")
    for trend in history.trends():
        console.print(
            f"{trend.experiment} of {trend.stack}: {trend.drills} drills, {trend.missed} missed, "
            f"{trend.broken} broken; recovery first {_seconds(trend.first_s)}, median "
            f"{_seconds(trend.median_s)}, worst {_seconds(trend.worst_s)}, last "
            f"{_seconds(trend.last_s)}",
            highlight=False,
        )


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} s"
