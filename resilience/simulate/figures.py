"""A simulation as tables of words: one wording for the terminal, the report and the docs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from resilience.figures import PART_NAMES, seconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from resilience.journal import Journal
    from resilience.objectives import Verdict
    from resilience.simulate.record import (
        ClassResult,
        Figure,
        Simulation,
        Spread,
        WhatIf,
    )

MARK: Final = "*"


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table of words. `left` columns are aligned left, the others right."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: int = 1

    def text(self) -> str:
        """Write it in columns, the same on every terminal."""
        widths = [max(map(len, column)) for column in zip(self.head, *self.rows, strict=True)]
        return "\n".join(self._line(row, widths) for row in (self.head, *self.rows))

    def markdown(self) -> str:
        """Write it as a Markdown table; a bar inside a cell is escaped."""
        rule = tuple("---" if place < self.left else "---:" for place in range(len(self.head)))
        return "\n".join(
            "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"
            for row in (self.head, rule, *self.rows)
        )

    def _line(self, row: Sequence[str], widths: Sequence[int]) -> str:
        cells = [
            cell.ljust(width) if place < self.left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        return "  ".join(cells).rstrip()


def class_table(simulation: Simulation) -> Table:
    """Give recovery time, data loss window and availability for each fault class."""
    return Table(
        head=(
            "fault class",
            "scenarios",
            "outages",
            "recovery s: median",
            "p95",
            "p99",
            "worst",
            "loss s: p99",
            "worst",
            "available %: median",
            "p99",
            "worst",
            "rules broken",
        ),
        rows=tuple(_class_row(result) for result in simulation.results),
    )


def objective_table(journal: Journal) -> Table:
    """Hold the statistics against the objectives."""
    return Table(
        head=("objective", "measured", "promised", ""),
        rows=tuple(_objective_row(verdict) for verdict in journal.verdicts),
    )


def part_table(result: ClassResult) -> Table:
    """Say where the recovery time goes."""
    return Table(
        head=("part of the recovery time", "median", "p99"),
        rows=tuple(
            (PART_NAMES[part.name], seconds(part.median_s), seconds(part.p99_s))
            for part in result.parts
        ),
    )


def what_if_table(simulation: Simulation) -> Table | None:
    """Say what each setting would buy, and for how much; the one that buys most first."""
    base = simulation.baseline
    if base is None:
        return None
    as_it_is = (
        "as it is",
        "",
        _seconds(base.recovery_median_s),
        _seconds(base.recovery_p99_s),
        "",
        f"{base.unavailable_s:.1f}",
        "",
        "",
        "",
    )
    return Table(
        head=(
            "setting",
            "change",
            "recovery s: median",
            "p99",
            "saved",
            "not served s a scenario",
            "saved",
            "more a month",
            "for",
        ),
        rows=(as_it_is, *(_what_if_row(each) for each in simulation.what_ifs)),
        left=2,
    )


def price_table(simulation: Simulation) -> Table:
    """Give the prices that costs were made from."""
    return Table(
        head=("price", "US$", "a", "read on", "checked", "source"),
        rows=tuple(
            (
                price.what,
                f"{price.usd:.10f}".rstrip("0").rstrip("."),
                price.unit,
                price.read_on,
                price.checked,
                price.source,
            )
            for price in simulation.prices
        ),
        left=6,
    )


def worst_text(result: ClassResult) -> str:
    """Name the seeds of the worst scenarios of a class."""
    recovery = result.recovery
    found = [
        *(() if recovery is None else (("recovery", recovery.worst),)),
        ("data loss window", result.data_loss.worst),
        ("availability", result.availability.worst),
    ]
    return ", ".join(f"{name} in seed {figure.seed}" for name, figure in found)


def never_text(result: ClassResult) -> str:
    """Say how many outages were not over when their scenario ended."""
    return f"{result.never} of {result.outages} outages were not over at the end"


def _class_row(result: ClassResult) -> tuple[str, ...]:
    recovery = result.recovery
    return (
        f"{MARK if result.judged else ' '} {result.name}",
        str(result.scenarios),
        str(result.outages),
        *(("", "", "", "") if recovery is None else _four(recovery)),
        _number(result.data_loss.p99),
        _number(result.data_loss.worst),
        _ratio(result.availability.median),
        _ratio(result.availability.p99),
        _ratio(result.availability.worst),
        str(result.violated),
    )


def _four(spread: Spread) -> Iterable[str]:
    return (_number(each) for each in (spread.median, spread.p95, spread.p99, spread.worst))


def _number(figure: Figure) -> str:
    return _seconds(figure.value)


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.1f}"


def _ratio(figure: Figure) -> str:
    return "" if figure.value is None else f"{100 * figure.value:.2f}"


def _objective_row(verdict: Verdict) -> tuple[str, ...]:
    mark = "met" if verdict.met else "missed"
    if verdict.objective == "availability":
        measured = "not known" if verdict.measured is None else f"{100 * verdict.measured:.2f} %"
        return ("availability", measured, f"at least {100 * verdict.bound:g} %", mark)
    name = {"rto_s": "recovery time", "rpo_s": "data loss window"}[verdict.objective]
    measured = "never" if verdict.measured is None else seconds(verdict.measured)
    short = verdict.objective.removesuffix("_s").upper()
    return (name, measured, f"at most {verdict.bound:g} s ({short})", mark)


def _what_if_row(each: WhatIf) -> tuple[str, ...]:
    return (
        each.setting,
        f"{each.now} -> {each.then}",
        _seconds(each.recovery_median_s),
        _seconds(each.recovery_p99_s),
        "" if each.saves_p99_s is None else f"{each.saves_p99_s:+.1f}",
        f"{each.unavailable_s:.1f}",
        f"{each.saves_unavailable_s:+.1f}",
        "" if each.month_usd is None else f"{each.month_usd:+.2f} US$",
        each.cost_note,
    )
