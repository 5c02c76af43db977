"""Fitted predictors -> scores and link.

The dtype rule of each tree estimator is in its exporter: histogram gradient boosting
compares in float64, every other tree in float32.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn import ensemble, linear_model, tree
from sklearn.base import is_classifier
from sklearn.dummy import DummyClassifier, DummyRegressor

from inference.errors import ExportError
from inference.export.preprocessing import Flow, export_transformer
from inference.export.trees import flatten, from_histogram_predictor, from_sklearn_tree

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

Spec = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Scored:
    """An exported predictor: its scores, its link, and what must hold of them.

    Attributes:
        exact: scores equal scikit-learn's bit for bit (trees); else to 1e-12 (linear).
        flow: the preprocessing, with the predictor's own appended (histogram boosting).
    """

    flow: Flow
    scores: Spec
    link: Spec
    arrays: dict[str, NDArray[Any]] = field(default_factory=dict[str, "NDArray[Any]"])
    exact: bool = True


def _single_output(estimator: Any, flow: Flow) -> None:
    if getattr(estimator, "n_outputs_", 1) != 1:
        raise ExportError(flow.path, estimator, f"{estimator.n_outputs_} outputs; one is exported")


def _forest(estimator: Any, flow: Flow) -> Scored:
    """Decision trees, random forests, extra trees: the mean of the leaves."""
    _single_output(estimator, flow)
    members = getattr(estimator, "estimators_", [estimator])
    outputs = int(estimator.n_classes_) if is_classifier(estimator) else 1
    trees = [from_sklearn_tree(m.tree_, m.tree_.value[:, 0, :outputs]) for m in members]
    return Scored(
        flow=flow,
        scores={"kind": "forest", "compare": "float32", "outputs": outputs},
        link={"kind": "probabilities" if is_classifier(estimator) else "identity"},
        arrays=flatten(trees),
    )


GRADIENT_BOOSTING_LINKS: dict[str, Spec] = {
    "HalfBinomialLoss": {"kind": "logit", "slope": 1.0, "zero_is_positive": True},
    "ExponentialLoss": {"kind": "logit", "slope": 2.0, "zero_is_positive": True},
    "HalfMultinomialLoss": {"kind": "softmax"},
}


def _gradient_boosting(estimator: Any, flow: Flow) -> Scored:
    """Classic gradient boosting: a constant start, then scaled trees."""
    start = estimator.init_
    constant = isinstance(start, str) or type(start) in {DummyClassifier, DummyRegressor}
    if not constant:
        raise ExportError(flow.path, estimator, f"init={start!r}: only a constant is exported")
    link: Spec = {"kind": "identity"}
    if is_classifier(estimator):
        link = GRADIENT_BOOSTING_LINKS[type(estimator._loss).__name__]  # noqa: SLF001 (no public name)
    # The constant is scikit-learn's own, for any row: no public attribute holds it.
    any_row = np.zeros((1, estimator.n_features_in_))
    baseline = estimator._raw_predict_init(any_row)[0]  # noqa: SLF001
    trees = [
        from_sklearn_tree(m.tree_, estimator.learning_rate * m.tree_.value[:, 0, :1])
        for stage in estimator.estimators_
        for m in stage
    ]
    return Scored(
        flow=flow,
        scores={
            "kind": "boosted",
            "compare": "float32",
            "baseline": [float(v) for v in baseline],
        },
        link=link,
        arrays=flatten(trees),
    )


HISTOGRAM_LINKS: dict[str, Spec] = {
    "LogitLink": {"kind": "logit", "slope": 1.0, "zero_is_positive": False},
    "MultinomialLogit": {"kind": "softmax"},
    "IdentityLink": {"kind": "identity"},
    "LogLink": {"kind": "log"},
}


def _histogram_boosting(estimator: Any, flow: Flow) -> Scored:
    """Histogram gradient boosting; its fitted parts have no public names."""
    link = HISTOGRAM_LINKS.get(type(estimator._loss.link).__name__)  # noqa: SLF001
    if link is None:
        raise ExportError(flow.path, estimator, f"loss={estimator.loss!r} is not exported")
    baseline = np.ravel(estimator._baseline_prediction)  # noqa: SLF001
    trees = [
        from_histogram_predictor(predictor)
        for iteration in estimator._predictors  # noqa: SLF001
        for predictor in iteration
    ]
    return Scored(
        flow=_categories_first(estimator, flow),
        scores={
            "kind": "boosted",
            "compare": "float64",
            "baseline": [0.0 + float(v) for v in baseline],
        },
        link=link,
        arrays=flatten(trees),
    )


def _categories_first(estimator: Any, flow: Flow) -> Flow:
    """With categorical features it puts their ordinal codes before the other columns."""
    inner = estimator._preprocessor  # noqa: SLF001
    if inner is None:
        return flow
    places = inner._transformer_to_input_indices  # noqa: SLF001
    coded, numeric = ([int(i) for i in places[name]] for name in ("encoder", "numerical"))
    encoder = export_transformer(
        inner.named_transformers_["encoder"],
        Flow(path=f"{flow.path}.categorical_features", width=len(coded)),
    )
    branches = [
        {"columns": coded, "steps": list(encoder.steps)},
        {"columns": numeric, "steps": []},
    ]
    return flow.then({"step": "columns", "branches": branches})


def _linear(link: Spec) -> Callable[[Any, Flow], Scored]:
    def export(estimator: Any, flow: Flow) -> Scored:
        coefficients = np.atleast_2d(np.asarray(estimator.coef_, dtype=np.float64))
        outputs = len(coefficients)
        if outputs > 1 and not is_classifier(estimator):
            raise ExportError(flow.path, estimator, f"{outputs} outputs; one is exported")
        intercepts = np.broadcast_to(np.ravel(estimator.intercept_), (outputs,))
        return Scored(
            flow=flow,
            scores={
                "kind": "linear",
                "width": coefficients.shape[1],
                "intercepts": [float(v) for v in intercepts],
            },
            link={"kind": "softmax"} if outputs > 1 else link,
            arrays={"coefficients": coefficients.ravel()},
            exact=False,
        )

    return export


_value = _linear({"kind": "identity"})
_value_in_log = _linear({"kind": "log"})
_class = _linear({"kind": "logit", "slope": 1.0, "zero_is_positive": False})

ESTIMATORS: dict[type, Callable[[Any, Flow], Scored]] = {
    tree.DecisionTreeClassifier: _forest,
    tree.DecisionTreeRegressor: _forest,
    tree.ExtraTreeClassifier: _forest,
    tree.ExtraTreeRegressor: _forest,
    ensemble.RandomForestClassifier: _forest,
    ensemble.RandomForestRegressor: _forest,
    ensemble.ExtraTreesClassifier: _forest,
    ensemble.ExtraTreesRegressor: _forest,
    ensemble.GradientBoostingClassifier: _gradient_boosting,
    ensemble.GradientBoostingRegressor: _gradient_boosting,
    ensemble.HistGradientBoostingClassifier: _histogram_boosting,
    ensemble.HistGradientBoostingRegressor: _histogram_boosting,
    linear_model.LogisticRegression: _class,
    linear_model.LogisticRegressionCV: _class,
    linear_model.LinearRegression: _value,
    linear_model.Ridge: _value,
    linear_model.RidgeCV: _value,
    linear_model.Lasso: _value,
    linear_model.LassoCV: _value,
    linear_model.ElasticNet: _value,
    linear_model.ElasticNetCV: _value,
    linear_model.PoissonRegressor: _value_in_log,
    linear_model.GammaRegressor: _value_in_log,
}


def export_estimator(estimator: Any, flow: Flow) -> Scored:
    """Describe a fitted predictor.

    Raises:
        ExportError: there is no exported form for it, or for one of its parameters.
    """
    export = ESTIMATORS.get(type(estimator))
    if export is None:
        known = ", ".join(sorted(kind.__name__ for kind in ESTIMATORS))
        raise ExportError(flow.path, estimator, f"no exported form; there is one for {known}")
    return export(estimator, flow)
