"""A simulation as text on standard output: the same bytes for the same seed, on any terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resilience.figures import headline
from resilience.simulate.figures import (
    MARK,
    class_table,
    never_text,
    objective_table,
    part_table,
    what_if_table,
    worst_text,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resilience.journal import Journal
    from resilience.simulate.record import Broken, Simulation


def text(journal: Journal) -> str:
    """Write a simulation's journal as text.

    Raises:
        ValueError: it is no journal of a simulation.
    """
    if journal.simulation is None:
        raise ValueError(f"a journal of a {journal.run.kind}: expected one of a simulation")
    return "\n".join(_lines(journal, journal.simulation)) + "\n"


def _lines(journal: Journal, simulation: Simulation) -> Iterator[str]:
    run = journal.run
    yield (
        f"stack {run.stack}: {simulation.scenarios} scenarios of {simulation.duration_s:g} s, "
        f"seed {simulation.seed}"
    )
    yield f"commit {run.commit or 'not known'}, topology {(journal.topology_digest or '')[:12]}"
    yield ""
    yield class_table(simulation).text()
    yield f"{MARK} {simulation.held}"
    every = simulation.results[-1]
    if every.never:
        yield f"  {never_text(every)}"
    yield f"  worst of all: {worst_text(every)}"
    if journal.verdicts:
        yield ""
        yield objective_table(journal).text()
    for result in simulation.results:
        if result.judged and result.parts:
            yield ""
            yield f"{result.name}:"
            yield part_table(result).text()
    what_ifs = what_if_table(simulation)
    if what_ifs is not None and simulation.baseline is not None:
        yield ""
        yield f"one setting changed, on the first {simulation.baseline.scenarios} scenarios:"
        yield what_ifs.text()
    for broken in simulation.broken:
        yield ""
        yield from _broken_lines(broken)
    for finding in journal.findings:
        yield f"wrong before anything is broken: {finding}"
    for note in journal.notes:
        yield f"note: {note}"
    yield ""
    yield headline(journal)


def _broken_lines(broken: Broken) -> Iterator[str]:
    yield (
        f"rule broken in {broken.scenarios} scenarios, first in seed {broken.first_seed}: "
        f"{broken.rule}"
    )
    yield f"  at {broken.at_s:.1f} s: {broken.detail}"
    yield f"  again: {broken.command}"
