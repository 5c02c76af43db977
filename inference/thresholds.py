"""Rows placed next to every split threshold: where a wrong comparison shows.

For each split a training row is taken that reaches it, and the compared feature is set
to the threshold and to one unit in the last place (of the type compared in) on either
side. Behind scalers the value is put back through their inverses, and its own float64
neighbours are added, since rounding on the way there may fall to either side.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from inference.serving.trees import CATEGORY_WORD_BITS, CATEGORY_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from inference.export import Export
    from inference.serving.evaluate import Model

Inverse = Callable[[Any], Any]
SPLITS_A_BATCH = 1000


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where a preprocessed column comes from, and how to get back there."""

    column: int
    inverse: Inverse | None = None

    def back(self, value: Any) -> Any:
        """The input value that the preprocessing takes to about `value`."""
        return value if self.inverse is None else self.inverse(value)

    def through(self, inverse: Inverse) -> Origin:
        """The origin of a column one more step away."""
        return Origin(column=self.column, inverse=lambda value: self.back(inverse(value)))


Origins = list[Origin | None]


def _after_scale(step: dict[str, Any], origins: Origins) -> Origins:
    pairs = zip(origins, step["center"], step["scale"], strict=True)
    return [o and o.through(lambda v, c=c, s=s: v * s + c) for o, c, s in pairs]


def _after_rescale(step: dict[str, Any], origins: Origins) -> Origins:
    triples = zip(origins, step["scale"], step["offset"], strict=True)
    return [o and o.through(lambda v, s=s, b=b: (v - b) / s) for o, s, b in triples]


def _after_impute(step: dict[str, Any], origins: Origins) -> Origins:
    return [origins[i] for i in step["keep"]] + [None] * len(step["indicators"])


def _after_one_hot(step: dict[str, Any], _: Origins) -> Origins:
    return [None] * sum(column["width"] for column in step["columns"])


def _after_ordinal(step: dict[str, Any], _: Origins) -> Origins:
    return [None] * len(step["columns"])


def _after_columns(step: dict[str, Any], origins: Origins) -> Origins:
    joined: Origins = []
    for branch in step["branches"]:
        joined += trace(branch["steps"], [origins[i] for i in branch["columns"]])
    return joined


AFTER: dict[str, Callable[[dict[str, Any], Origins], Origins]] = {
    "scale": _after_scale,
    "rescale": _after_rescale,
    "impute": _after_impute,
    "one_hot": _after_one_hot,
    "ordinal": _after_ordinal,
    "columns": _after_columns,
}


def trace(steps: list[dict[str, Any]], origins: Origins) -> Origins:
    """The origin of each column after `steps`; None where encoding leaves no way back."""
    for step in steps:
        origins = AFTER[step["step"]](step, origins)
    return origins


def rows_that_reach(export: Export, rows: NDArray[np.float64]) -> NDArray[np.int64]:
    """For each node, the number of a row that reaches it; -1 if none does.

    Args:
        export: an exported tree ensemble.
        rows: preprocessed rows, shape (n_rows, n_columns).
    """
    compared = rows.astype(export.scores["compare"])
    feature, threshold = export.arrays["feature"], export.arrays["threshold"]
    right, missing_left = export.arrays["right"], export.arrays["missing_left"]
    reached = np.full(len(feature), -1, dtype=np.int64)
    for root in export.arrays["roots"]:
        numbers = np.arange(len(compared))
        nodes = np.full(len(compared), root)
        while len(numbers):
            reached[nodes] = numbers
            inner = feature[nodes] >= 0
            numbers, nodes = numbers[inner], nodes[inner]
            x = compared[numbers, feature[nodes]]
            below = x <= threshold[nodes]
            if "category" in export.arrays:
                below = np.where(
                    export.arrays["category"][nodes] >= 0, _in_set(export, nodes, x), below
                )
            goes_left = np.where(np.isnan(x), missing_left[nodes] > 0, below)
            nodes = np.where(goes_left, nodes + 1, right[nodes])
    return reached


def _in_set(export: Export, nodes: NDArray[Any], x: NDArray[Any]) -> NDArray[np.bool_]:
    """Whether each value is among the categories that go left (numeric splits: anything)."""
    sets = export.arrays["bitsets"].reshape(-1, CATEGORY_WORDS)
    code = np.nan_to_num(x).astype(np.int64) % (CATEGORY_WORDS * CATEGORY_WORD_BITS)
    words = sets[export.arrays["category"][nodes], code // CATEGORY_WORD_BITS]
    return (words >> (code % CATEGORY_WORD_BITS).astype(np.uint32)) & 1 > 0


def _candidates(threshold: float, compare: str, origin: Origin) -> list[float]:
    dtype = np.dtype(compare).type
    on = dtype(threshold)
    placed = [on, np.nextafter(on, dtype(-np.inf)), np.nextafter(on, dtype(np.inf))]
    values = [float(origin.back(float(v))) for v in placed]
    if origin.inverse is not None:
        values += [np.nextafter(values[0], -np.inf), np.nextafter(values[0], np.inf)]
    return [float(v) for v in values if np.isfinite(v)]


def near_thresholds(
    export: Export, model: Model, rows: NDArray[Any]
) -> Iterator[tuple[int, NDArray[Any]]]:
    """Batches of (number of splits covered, input rows next to their thresholds).

    Splits on encoded columns have no threshold in the input; hold-out rows cover them.
    """
    if "feature" not in export.arrays:
        return
    feature, threshold = export.arrays["feature"], export.arrays["threshold"]
    origins = trace(export.steps, [Origin(column=i) for i in range(rows.shape[1])])
    prepared = np.array([model.transform(row) for row in rows.tolist()], dtype=np.float64)
    reached = rows_that_reach(export, prepared)
    splits = [int(n) for n in np.flatnonzero(feature >= 0) if origins[feature[n]] is not None]
    for start in range(0, len(splits), SPLITS_A_BATCH):
        batch = splits[start : start + SPLITS_A_BATCH]
        placed: list[NDArray[Any]] = []
        for node in batch:
            origin = origins[feature[node]]
            assert origin is not None  # noqa: S101 (chosen above; for the type checker)
            for value in _candidates(threshold[node], export.scores["compare"], origin):
                row = rows[max(int(reached[node]), 0)].copy()
                row[origin.column] = value
                placed.append(row)
        yield len(batch), np.array(placed, dtype=rows.dtype)
