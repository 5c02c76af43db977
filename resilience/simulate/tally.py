"""Counts what scenarios gave, class by class: a few numbers each, whatever happened in them.

Exact order statistics by nearest rank, so that each is one scenario's own and has its seed. What
is kept of a scenario is nine numbers, so a million of them fit in a hundred megabytes.
"""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from resilience.measurement import PARTS
from resilience.simulate.record import ClassResult, Curve, Figure, PartShare, Spread

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ALL: Final = "all"
NO_OUTAGE: Final = -1.0
"""Kept in the place of a recovery time where there was no outage."""

PLACES: Final = 3
"""Figures are rounded to milliseconds: finer differences are those of a machine's arithmetic."""

RATIO_PLACES: Final = 6
CURVE_POINTS: Final = 200


@dataclass(frozen=True, slots=True)
class Row:
    """What is kept of one scenario. `recovery_s` is `NO_OUTAGE`, or inf if it never came."""

    place: int
    recovery_s: float
    parts_s: tuple[float, ...]
    loss_s: float
    availability_ratio: float
    events: int
    violated: bool


@dataclass(slots=True)
class _Columns:
    """The rows of one class, as columns; `index` is each scenario's number in the run."""

    index: array[int] = field(default_factory=lambda: array("q"))
    recovery_s: array[float] = field(default_factory=lambda: array("d"))
    loss_s: array[float] = field(default_factory=lambda: array("d"))
    availability: array[float] = field(default_factory=lambda: array("d"))
    parts_s: tuple[array[float], ...] = field(
        default_factory=lambda: tuple(array("d") for _ in PARTS)
    )
    events: int = 0
    violated: int = 0

    def add(self, index: int, row: Row) -> None:
        """Take a row in."""
        self.index.append(index)
        self.recovery_s.append(row.recovery_s)
        self.loss_s.append(row.loss_s)
        self.availability.append(row.availability_ratio)
        for column, part_s in zip(self.parts_s, row.parts_s, strict=True):
            column.append(part_s)
        self.events += row.events
        self.violated += row.violated


class Tally:
    """Everything a run gave, in the order of its scenarios.

    Args:
        classes: The fault classes, in the order they are shown.
        judged: Those of them that the objectives are held to.
        seed_of: Gives the seed of the scenario with a number.
    """

    def __init__(
        self, classes: Sequence[str], judged: frozenset[str], seed_of: Callable[[int], int]
    ) -> None:
        self._classes = tuple(classes)
        self._judged = judged
        self._seed_of = seed_of
        self._columns = {name: _Columns() for name in self._classes}

    def add(self, index: int, row: Row) -> None:
        """Take the row of one scenario in."""
        self._columns[self._classes[row.place]].add(index, row)

    def results(self) -> list[ClassResult]:
        """Give each class that had scenarios, and all together last."""
        found = [
            self._result(name, columns, judged=name in self._judged)
            for name, columns in self._columns.items()
            if columns.index
        ]
        return [*found, self._result(ALL, self._joined(self._classes), judged=False)]

    def judged(self) -> ClassResult | None:
        """Give what the objectives are held to; None if no such scenario was played."""
        names = [name for name in self._classes if name in self._judged]
        columns = self._joined(names)
        return self._result("judged", columns, judged=True) if columns.index else None

    def curves(self) -> list[Curve]:
        """Give how the recovery times of each class with outages are spread, for a plot."""
        return [
            _curve(name, recovery_s)
            for name, columns in self._columns.items()
            if (recovery_s := sorted(s for s in columns.recovery_s if s != NO_OUTAGE))
        ]

    def unavailable_s(self, duration_s: float) -> float:
        """Give the mean time without good replies in a scenario."""
        ratios = [ratio for columns in self._columns.values() for ratio in columns.availability]
        lost = math.fsum(1.0 - ratio for ratio in ratios)
        return round(duration_s * lost / len(ratios), PLACES) if ratios else 0.0

    def _joined(self, names: Sequence[str]) -> _Columns:
        joined = _Columns()
        for name in names:
            columns = self._columns[name]
            joined.index.extend(columns.index)
            joined.recovery_s.extend(columns.recovery_s)
            joined.loss_s.extend(columns.loss_s)
            joined.availability.extend(columns.availability)
            for column, more in zip(joined.parts_s, columns.parts_s, strict=True):
                column.extend(more)
            joined.events += columns.events
            joined.violated += columns.violated
        return joined

    def _result(self, name: str, columns: _Columns, *, judged: bool) -> ClassResult:
        outages = [row for row, s in enumerate(columns.recovery_s) if s != NO_OUTAGE]
        every = range(len(columns.index))
        return ClassResult(
            name=name,
            judged=judged,
            scenarios=len(columns.index),
            outages=len(outages),
            never=sum(columns.recovery_s[row] == math.inf for row in outages),
            violated=columns.violated,
            events=columns.events,
            recovery=self._spread(columns, outages, columns.recovery_s, PLACES),
            data_loss=self._certain(columns, every, columns.loss_s, PLACES),
            availability=self._certain(
                columns, every, columns.availability, RATIO_PLACES, low=True
            ),
            parts=_parts(columns, outages),
        )

    def _certain(
        self,
        columns: _Columns,
        rows: Sequence[int],
        values: Sequence[float],
        places: int,
        *,
        low: bool = False,
    ) -> Spread:
        spread = self._spread(columns, rows, values, places, low=low)
        if spread is None:
            raise ValueError("a class without scenarios has no figures")
        return spread

    def _spread(
        self,
        columns: _Columns,
        rows: Sequence[int],
        values: Sequence[float],
        places: int,
        *,
        low: bool = False,
    ) -> Spread | None:
        """Rank rows towards the worst; ties by the scenario's number, so that one is named."""
        if not rows:
            return None
        sign = -1.0 if low else 1.0
        ranked = sorted(rows, key=lambda row: (sign * values[row], -columns.index[row]))

        def figure(share: float) -> Figure:
            row = ranked[rank(share, len(ranked))]
            value = values[row]
            return Figure(
                value=round(value, places) if math.isfinite(value) else None,
                seed=self._seed_of(columns.index[row]),
            )

        return Spread(
            count=len(ranked),
            median=figure(0.5),
            p95=figure(0.95),
            p99=figure(0.99),
            worst=figure(1.0),
        )


def rank(share: float, count: int) -> int:
    """Give the place of a percentile in a sorted list: the nearest rank, 0 to `count` - 1."""
    return max(math.ceil(round(share * count, 9)) - 1, 0)


def _parts(columns: _Columns, outages: Sequence[int]) -> list[PartShare]:
    """Say where the time of the recoveries went; those that never came have no parts."""
    ended = [row for row in outages if columns.recovery_s[row] != math.inf]
    if not ended:
        return []
    shares: list[PartShare] = []
    for name, column in zip(PARTS, columns.parts_s, strict=True):
        ranked = sorted(column[row] for row in ended)
        shares.append(
            PartShare(
                name=name,
                median_s=round(ranked[rank(0.5, len(ranked))], PLACES),
                p99_s=round(ranked[rank(0.99, len(ranked))], PLACES),
            )
        )
    return shares


def _curve(name: str, ranked_s: Sequence[float]) -> Curve:
    """Thin a sorted list out to what a plot shows; what never came stays above the last point."""
    count = len(ranked_s)
    step = max(count // CURVE_POINTS, 1)
    rows = sorted({*range(step - 1, count, step), count - 1})
    kept = [row for row in rows if math.isfinite(ranked_s[row])]
    return Curve(
        name=name,
        seconds=[round(ranked_s[row], PLACES) for row in kept],
        ratios=[round((row + 1) / count, RATIO_PLACES) for row in kept],
    )
