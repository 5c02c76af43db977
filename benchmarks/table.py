"""One row of a benchmark, and the table they are printed in."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, kw_only=True)
class Row:
    """One figure beside its target.

    Attributes:
        figure: What was measured, with its unit.
        value: The measurement (a median where there were several runs).
        at_most: The target; None for a figure that is only shown.
        detail: What a ratio was made of.
    """

    figure: str
    value: float
    at_most: float | None = None
    detail: str = ""

    @property
    def met(self) -> bool:
        """Whether the figure is within its target; one without a target always is."""
        return self.at_most is None or self.value <= self.at_most

    def as_dict(self) -> dict[str, str | float | bool | None]:
        """The row as plain values."""
        return {**asdict(self), "met": self.met}


def print_rows(rows: list[Row]) -> None:
    """Print the rows as one table on standard output."""
    table = Table("figure", "measured", "at most", "", "")
    for row in rows:
        target = "" if row.at_most is None else f"{row.at_most:g}"
        verdict = "" if row.at_most is None else ("met" if row.met else "MISSED")
        table.add_row(row.figure, f"{row.value:.4g}", target, verdict, row.detail)
    Console().print(table)
