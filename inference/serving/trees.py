"""The walk down a tree: from a row to one leaf per tree.

Layout: the nodes of all trees lie in one sequence, each tree in preorder, so a node's
left child is the next node and only the right child's place is stored. A leaf has no
feature; its place in the leaf values is kept there instead, as `~leaf` (negative).

The comparison is `x <= threshold` goes left. What differs between estimators is the
type that x has when it is compared (thresholds are float64 everywhere):

* decision trees, forests, extra trees and classic gradient boosting round x to float32
  (https://github.com/scikit-learn/scikit-learn/blob/main/sklearn/tree/_tree.pyx,
  `_apply_dense`);
* histogram gradient boosting compares in float64
  (https://github.com/scikit-learn/scikit-learn/blob/main/sklearn/ensemble/_hist_gradient_boosting/_predictor.pyx).

Getting this wrong flips trees on real rows.
"""

from __future__ import annotations

from array import array
from math import isfinite, isnan

from inference.serving.preprocessing import UnanswerableError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Row = list[float]
    Walk = Callable[[Row], list[int]]

CATEGORY_WORD_BITS = 32
CATEGORY_WORDS = 8


def as_float32(row: Row) -> Row:
    """Round each value to float32, as scikit-learn's trees do with their input.

    Raises:
        UnanswerableError: a value is too large for float32 (scikit-learn refuses it too).
    """
    rounded = array("f", row).tolist()
    # The sum is finite unless some value is infinite or missing: one fast test for both.
    if not isfinite(sum(rounded)):
        for column, value in enumerate(rounded):
            if value in (float("inf"), float("-inf")):
                expected = "a value that float32 can hold after preprocessing"
                raise UnanswerableError(expected, column=column)
    return rounded


def as_float64(row: Row) -> Row:
    """Leave the row as it is: Python floats are float64."""
    return row


COMPARE = {"float32": as_float32, "float64": as_float64}


def walker(arrays: dict[str, memoryview], compare: str) -> Walk:
    """Build the walk for an ensemble: row -> leaf number of each tree, in tree order."""
    prepare = COMPARE[compare]
    if "category" in arrays:
        walk = _walk_with_categories(arrays)
        return lambda row: walk(prepare(row))
    complete, missing = _walk_complete(arrays), _walk_with_missing(arrays)

    def walk_either(row: Row) -> list[int]:
        prepared = prepare(row)
        return missing(prepared) if isnan(sum(prepared)) else complete(prepared)

    return walk_either


def _walk_complete(arrays: dict[str, memoryview]) -> Walk:
    roots = arrays["roots"].tolist()
    feature, threshold, right = arrays["feature"], arrays["threshold"], arrays["right"]

    def walk(row: Row) -> list[int]:
        leaves: list[int] = []
        for root in roots:
            node = root
            split = feature[node]
            while split >= 0:
                node = node + 1 if row[split] <= threshold[node] else right[node]
                split = feature[node]
            leaves.append(~split)
        return leaves

    return walk


def _walk_with_missing(arrays: dict[str, memoryview]) -> Walk:
    roots = arrays["roots"].tolist()
    feature, threshold, right = arrays["feature"], arrays["threshold"], arrays["right"]
    missing_left = arrays["missing_left"]

    def walk(row: Row) -> list[int]:
        leaves: list[int] = []
        for root in roots:
            node = root
            split = feature[node]
            while split >= 0:
                x = row[split]
                goes_left = missing_left[node] if isnan(x) else x <= threshold[node]
                node = node + 1 if goes_left else right[node]
                split = feature[node]
            leaves.append(~split)
        return leaves

    return walk


def _walk_with_categories(arrays: dict[str, memoryview]) -> Walk:
    """Histogram boosting with categorical splits: a bit set says which go left."""
    roots = arrays["roots"].tolist()
    feature, threshold, right = arrays["feature"], arrays["threshold"], arrays["right"]
    missing_left, category = arrays["missing_left"], arrays["category"]
    in_left_set = _membership(arrays["bitsets"])

    def walk(row: Row) -> list[int]:
        leaves: list[int] = []
        for root in roots:
            node = root
            split = feature[node]
            while split >= 0:
                x = row[split]
                if isnan(x):
                    goes_left = missing_left[node]
                elif category[node] >= 0:
                    goes_left = in_left_set(category[node], int(x))
                else:
                    goes_left = x <= threshold[node]
                node = node + 1 if goes_left else right[node]
                split = feature[node]
            leaves.append(~split)
        return leaves

    return walk


def _membership(bitsets: memoryview) -> Callable[[int, int], int]:
    def in_set(number: int, code: int) -> int:
        word = bitsets[number * CATEGORY_WORDS + code // CATEGORY_WORD_BITS]
        return word >> (code % CATEGORY_WORD_BITS) & 1

    return in_set
