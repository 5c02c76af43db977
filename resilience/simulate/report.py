"""A simulation's journal as one self-contained HTML file, in the style of a rehearsal's report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from resilience.figures import headline
from resilience.journal import write_atomically
from resilience.report import fill
from resilience.simulate.figures import (
    MARK,
    class_table,
    objective_table,
    part_table,
    price_table,
    what_if_table,
)
from resilience.simulate.plot import plot_svg

if TYPE_CHECKING:
    from resilience.journal import Journal

TEMPLATE = Path(__file__).with_name("report.html.j2")


def render(journal: Journal) -> str:
    """Render a simulation's journal; everything that came from outside is escaped.

    Raises:
        ValueError: it is no journal of a simulation.
    """
    simulation, objectives = journal.simulation, journal.objectives
    if simulation is None or objectives is None:
        raise ValueError(f"a journal of a {journal.run.kind}: expected one of a simulation")
    return fill(
        TEMPLATE,
        journal=journal,
        run=journal.run,
        simulation=simulation,
        mark=MARK,
        headline=headline(journal),
        classes=class_table(simulation),
        objectives=objective_table(journal),
        parts=[
            (result.name, part_table(result))
            for result in simulation.results
            if result.judged and result.parts
        ],
        what_ifs=what_if_table(simulation),
        prices=price_table(simulation),
        plot=plot_svg(simulation, objectives),
    )


def write_report(journal: Journal, path: Path) -> None:
    """Write the report; a reader never sees half of one."""
    write_atomically(path, render(journal))
