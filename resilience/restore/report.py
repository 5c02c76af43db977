"""A restore's journal as one self-contained HTML file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from resilience.journal import write_atomically
from resilience.report import fill

if TYPE_CHECKING:
    from resilience.journal import Journal

TEMPLATE = Path(__file__).with_name("report.html.j2")


def render(journal: Journal) -> str:
    """Render a restore's journal; everything that came from outside is escaped.

    Raises:
        ValueError: it is no journal of a restore.
    """
    if journal.restore is None:
        raise ValueError(f"a journal of a {journal.run.kind}: expected one of a restore")
    return fill(
        TEMPLATE,
        journal=journal,
        run=journal.run,
        restore=journal.restore,
        verdict=journal.verdicts[0],
    )


def write_report(journal: Journal, path: Path) -> None:
    """Write the report; a reader never sees half of one."""
    write_atomically(path, render(journal))
