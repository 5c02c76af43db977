"""From a preprocessed row to scores: what an estimator adds up.

Sums run in scikit-learn's order, in float64, one addition after the other (never with
`sum()`, which compensates from Python 3.12 on):

* forests and single trees: leaf values added tree by tree, then divided by their number
  (https://github.com/scikit-learn/scikit-learn/blob/main/sklearn/ensemble/_forest.py,
  `_accumulate_prediction`);
* boosting: the baseline, then one leaf a stage, already multiplied by the learning rate
  (https://github.com/scikit-learn/scikit-learn/blob/main/sklearn/ensemble/_gradient_boosting.pyx,
  `predict_stages`);
* linear models: an exactly rounded dot product. BLAS adds in an order of its own, so
  this one agrees with it to about 1e-15 and is the same on every machine.
"""

from __future__ import annotations

from math import fsum
from operator import mul

from inference.serving.preprocessing import UnanswerableError
from inference.serving.trees import walker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Row = list[float]
    Scores = Callable[[Row], list[float]]
    Spec = dict[str, Any]
    Arrays = dict[str, memoryview]


def _added(start: float, values: memoryview, leaves: list[int]) -> float:
    total = start
    for leaf in leaves:
        total += values[leaf]
    return total


def forest(spec: Spec, arrays: Arrays) -> Scores:
    """Mean of the leaf values over the trees, one score an output."""
    walk = walker(arrays, spec["compare"])
    trees = len(arrays["roots"])
    values = arrays["values"]
    leaves_in_all = len(values) // spec["outputs"]
    outputs = [values[k * leaves_in_all : (k + 1) * leaves_in_all] for k in range(spec["outputs"])]

    def scores(row: Row) -> list[float]:
        leaves = walk(row)
        return [_added(0.0, output, leaves) / trees for output in outputs]

    return scores


def boosted(spec: Spec, arrays: Arrays) -> Scores:
    """Baseline plus one leaf value a stage; tree `i` belongs to output `i % outputs`."""
    walk = walker(arrays, spec["compare"])
    values = arrays["values"]
    baseline: list[float] = spec["baseline"]
    outputs = len(baseline)

    def scores(row: Row) -> list[float]:
        leaves = walk(row)
        return [_added(start, values, leaves[k::outputs]) for k, start in enumerate(baseline)]

    return scores


def linear(spec: Spec, arrays: Arrays) -> Scores:
    """Dot product and intercept, one score an output."""
    intercepts: list[float] = spec["intercepts"]
    width = spec["width"]
    coefficients = arrays["coefficients"]
    outputs = [
        (coefficients[k * width : (k + 1) * width].tolist(), intercept)
        for k, intercept in enumerate(intercepts)
    ]

    def scores(row: Row) -> list[float]:
        try:
            return [fsum(map(mul, row, weights)) + start for weights, start in outputs]
        except (OverflowError, ValueError) as error:
            raise UnanswerableError("values whose weighted sum float64 can hold") from error

    return scores


SCORES: dict[str, Callable[[Spec, Arrays], Scores]] = {
    "forest": forest,
    "boosted": boosted,
    "linear": linear,
}
