"""Every supported estimator answers as scikit-learn does, next to every threshold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn import ensemble, linear_model, tree
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

from inference.export import export_pipeline
from inference.model import FeatureSpec, Samples, TrainedModel
from inference.parity import Parity, check_parity

DATA = {"binary": load_breast_cancer, "multiclass": load_iris, "regression": load_diabetes}

CLASSIFIERS = (
    tree.DecisionTreeClassifier(max_depth=5, random_state=0),
    tree.DecisionTreeClassifier(max_leaf_nodes=9, random_state=0),  # best first, not preorder
    tree.ExtraTreeClassifier(max_depth=5, random_state=0),
    ensemble.RandomForestClassifier(9, max_depth=6, random_state=0, n_jobs=2),
    ensemble.ExtraTreesClassifier(7, max_depth=6, random_state=0),
    ensemble.GradientBoostingClassifier(n_estimators=9, random_state=0),
    ensemble.GradientBoostingClassifier(n_estimators=9, init="zero", random_state=0),
    ensemble.HistGradientBoostingClassifier(max_iter=9, random_state=0),
    linear_model.LogisticRegression(max_iter=500),
)
REGRESSORS = (
    tree.DecisionTreeRegressor(max_depth=5, random_state=0),
    tree.ExtraTreeRegressor(max_depth=5, random_state=0),
    ensemble.RandomForestRegressor(9, max_depth=6, random_state=0),
    ensemble.ExtraTreesRegressor(7, max_depth=6, random_state=0),
    ensemble.GradientBoostingRegressor(n_estimators=9, loss="huber", random_state=0),
    ensemble.HistGradientBoostingRegressor(max_iter=9, random_state=0),
    ensemble.HistGradientBoostingRegressor(max_iter=9, loss="poisson", random_state=0),
    linear_model.LinearRegression(),
    linear_model.Ridge(),
    linear_model.RidgeCV(),
    linear_model.Lasso(),
    linear_model.ElasticNet(fit_intercept=False),
    linear_model.PoissonRegressor(max_iter=500),
    linear_model.GammaRegressor(max_iter=500),
)
CASES = [
    *[("binary", e) for e in CLASSIFIERS],
    *[("multiclass", e) for e in CLASSIFIERS],
    ("binary", ensemble.GradientBoostingClassifier(loss="exponential", n_estimators=9)),
    *[("regression", e) for e in REGRESSORS],
]


def trained(data: str, pipeline: Any) -> TrainedModel:
    x, y = DATA[data](return_X_y=True)
    fitted = pipeline.fit(x[::2], y[::2])
    labels = None if data == "regression" else tuple(f"class {c}" for c in fitted.classes_)
    return TrainedModel(
        name=data,
        pipeline=fitted,
        features=tuple(FeatureSpec(name=f"x{i}") for i in range(x.shape[1])),
        labels=labels,
        train=Samples(X=x[::2], y=y[::2]),
        holdout=Samples(X=x[1::2], y=y[1::2]),
    )


def parity_of(model: TrainedModel) -> Parity:
    return check_parity(model, export_pipeline(model.pipeline, len(model.features)))


@pytest.mark.parametrize(
    ("data", "estimator"), CASES, ids=lambda v: v if isinstance(v, str) else type(v).__name__
)
def test_an_exported_estimator_agrees_with_scikit_learn(data: str, estimator: Any) -> None:
    model = trained(data, make_pipeline(StandardScaler(), estimator))
    export = export_pipeline(model.pipeline, len(model.features))
    parity = check_parity(model, export)
    assert parity.passed, f"parity must hold: {parity.reason}"
    assert all(c.rows >= len(model.train.X) for c in parity.comparisons), "real rows are compared"
    if export.scores["kind"] == "linear":
        return
    assert parity.score_tolerance == 0.0, "trees must be equal bit for bit"
    splits = int(np.sum(export.arrays["feature"] >= 0))
    covered = [c.thresholds for c in parity.comparisons]
    assert covered == [splits, splits], "every split must have rows next to its threshold"


@pytest.mark.parametrize("scaler", [MinMaxScaler(), RobustScaler(), MaxAbsScaler()])
def test_thresholds_are_found_again_behind_each_scaler(scaler: Any) -> None:
    model = trained("binary", make_pipeline(scaler, CLASSIFIERS[3]))
    parity = parity_of(model)
    assert parity.passed, f"parity must hold behind {scaler}: {parity.reason}"
    assert parity.comparisons[1].thresholds > 0, "thresholds must be traced back to the input"


def test_an_estimator_without_a_pipeline_is_exported_too() -> None:
    parity = parity_of(trained("multiclass", CLASSIFIERS[3]))
    assert parity.passed, f"parity must hold: {parity.reason}"


def test_categorical_splits_agree_and_leave_the_numeric_ones_covered() -> None:
    model = trained("binary", CLASSIFIERS[3])
    codes = np.random.default_rng(0).integers(0, 9, len(model.train.y) + len(model.holdout.y))
    rows = {"train": model.train.X.copy(), "holdout": model.holdout.X.copy()}
    rows["train"][:, 4] = codes[: len(model.train.y)]
    rows["holdout"][:, 4] = codes[len(model.train.y) :]
    target = (model.train.y + np.isin(rows["train"][:, 4], [2, 3, 7])) % 2
    boosting = ensemble.HistGradientBoostingClassifier(
        max_iter=9, categorical_features=[4], random_state=0
    )
    model = replace(
        model,
        pipeline=boosting.fit(rows["train"], target),
        train=Samples(X=rows["train"], y=target),
        holdout=Samples(X=rows["holdout"], y=model.holdout.y),
    )
    export = export_pipeline(model.pipeline, rows["train"].shape[1])
    numeric = (export.arrays["feature"] >= 0) & (export.arrays["category"] < 0)
    assert numeric.any(), "the model must have both kinds of splits"
    assert (export.arrays["category"] >= 0).any(), "the model must have both kinds of splits"
    parity = check_parity(model, export)
    assert parity.passed, f"parity must hold: {parity.reason}"
    assert parity.comparisons[1].thresholds == numeric.sum(), "numeric splits are all covered"


def test_a_linear_model_that_is_wrong_in_the_tenth_digit_fails() -> None:
    model = trained("binary", make_pipeline(StandardScaler(), CLASSIFIERS[-1]))
    export = export_pipeline(model.pipeline, len(model.features))
    wrong = replace(export, arrays={"coefficients": export.arrays["coefficients"] * (1 + 1e-10)})
    assert not check_parity(model, wrong).passed, "1e-10 is more than the 1e-12 allowed"


def test_a_leaf_that_is_wrong_in_its_last_place_fails() -> None:
    model = trained("binary", make_pipeline(StandardScaler(), CLASSIFIERS[3]))
    export = export_pipeline(model.pipeline, len(model.features))
    values = export.arrays["values"].copy()
    values[values > 0] = np.nextafter(values[values > 0], 2)
    wrong = replace(export, arrays={**export.arrays, "values": values})
    assert not check_parity(model, wrong).passed, "trees must be equal bit for bit"


@pytest.mark.parametrize("estimator", [CLASSIFIERS[0], CLASSIFIERS[7]], ids=["float32", "float64"])
def test_any_threshold_moved_by_one_ulp_is_noticed(estimator: Any) -> None:
    model = trained("binary", make_pipeline(StandardScaler(), estimator))
    export = export_pipeline(model.pipeline, len(model.features))
    dtype = np.dtype(export.scores["compare"]).type
    splits = np.flatnonzero(export.arrays["feature"] >= 0)
    for split in splits[:: max(1, len(splits) // 5)]:
        threshold = export.arrays["threshold"].copy()
        threshold[split] = np.nextafter(dtype(threshold[split]), dtype(np.inf))
        moved = replace(export, arrays={**export.arrays, "threshold": threshold})
        parity = check_parity(model, moved)
        assert not parity.passed, f"split {split} was moved and no row noticed"
