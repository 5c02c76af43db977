"""The type that a tree compares in is a property of the estimator, and it matters."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sklearn import ensemble, tree

from inference.export import Export, export_pipeline, write_export
from inference.serving.evaluate import load_model
from inference.thresholds import near_thresholds

if TYPE_CHECKING:
    from pathlib import Path

RNG = np.random.default_rng(5)
X = RNG.normal(size=(400, 4))
Y = X[:, 0] * X[:, 1] + X[:, 2] + RNG.normal(scale=0.1, size=400)
RULE = {
    tree.DecisionTreeRegressor(max_depth=6): "float32",
    ensemble.RandomForestRegressor(5, max_depth=6): "float32",
    ensemble.ExtraTreesRegressor(5, max_depth=6): "float32",
    ensemble.GradientBoostingRegressor(n_estimators=5): "float32",
    ensemble.HistGradientBoostingRegressor(max_iter=5): "float64",
}
OTHER = {"float32": "float64", "float64": "float32"}
BY_NAME = pytest.mark.parametrize(
    ("estimator", "compare"), list(RULE.items()), ids=lambda v: v if isinstance(v, str) else ""
)


def answers(export: Export, rows: np.ndarray[Any, Any], directory: Path) -> np.ndarray[Any, Any]:
    write_export(export, directory)
    model = load_model(str(directory))
    return np.array([answer.numbers[0] for answer in model.predict(rows.tolist())])


def rows_on_the_edge(export: Export, directory: Path) -> np.ndarray[Any, Any]:
    write_export(export, directory)
    batches = near_thresholds(export, load_model(str(directory)), X)
    placed = np.concatenate([rows for _, rows in batches])
    # A quarter of a float32 ulp off: float32 rounds it back onto the threshold.
    return np.concatenate([placed, placed + np.abs(placed) * 2.0**-26, np.nextafter(placed, 9e9)])


@BY_NAME
def test_each_estimator_compares_in_its_own_type(
    estimator: Any, compare: str, tmp_path: Path
) -> None:
    export = export_pipeline(estimator.fit(X, Y), 4)
    assert export.scores["compare"] == compare, "the dtype rule of the estimator"
    rows = rows_on_the_edge(export, tmp_path / "rows")
    expected = estimator.predict(rows)
    assert np.array_equal(answers(export, rows, tmp_path / "right"), expected), (
        "in its own type every row must be equal bit for bit"
    )


@BY_NAME
def test_the_other_type_flips_rows(estimator: Any, compare: str, tmp_path: Path) -> None:
    export = export_pipeline(estimator.fit(X, Y), 4)
    wrong = replace(export, scores={**export.scores, "compare": OTHER[compare]})
    rows = rows_on_the_edge(export, tmp_path / "rows")
    flipped = answers(wrong, rows, tmp_path / "wrong") != estimator.predict(rows)
    assert flipped.any(), "if the type did not matter there would be no rule to keep"
