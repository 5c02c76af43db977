"""A journal as one self-contained HTML file: no script, no font, no request to anywhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from resilience.figures import headline, rows
from resilience.journal import write_atomically
from resilience.plot import plot_svg

if TYPE_CHECKING:
    from resilience.journal import Journal

TEMPLATE = Path(__file__).with_name("report.html.j2")
STYLE = Path(__file__).with_name("report.css")


def render(journal: Journal) -> str:
    """Render a journal; everything that came from outside is escaped."""
    zero_s = journal.raw.marks.onset_s if journal.raw is not None else 0.0
    recovery = None if journal.measurements is None else journal.measurements.recovery
    return fill(
        TEMPLATE,
        journal=journal,
        run=journal.run,
        headline=headline(journal),
        rows=rows(journal),
        parts=() if recovery is None else recovery.parts,
        recovery_s=None if recovery is None else recovery.recovery_time_s,
        plot=plot_svg(journal),
        zero_s=zero_s,
        command=_command(journal),
    )


def fill(template: Path, **facts: object) -> str:
    """Fill a page's template in, in the one style that all pages have."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    style = Markup(STYLE.read_text())  # noqa: S704 - a file of ours, with nothing filled in
    return environment.from_string(template.read_text()).render(style=style, **facts)


def write_report(journal: Journal, path: Path) -> None:
    """Write the report; a reader never sees half of one."""
    write_atomically(path, render(journal))


def _command(journal: Journal) -> str:
    """Give the command that plays the same again."""
    run = journal.run
    if run.kind == "drill":
        return f"./run drill --stack {run.stack} --experiment {run.scenario} --execute"
    return (
        f"./run rehearse --stack {run.stack} --scenario {run.scenario} --speed {run.speed:g} "
        f"--seed {run.seed} --rate {run.rate_per_s:g}"
    )
