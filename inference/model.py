"""A model of one's own: a module with one function, `train(seed) -> TrainedModel`.

`inference.example` is the first such module; any other is named on the command line
(`--model my.module`) and treated no differently.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from sklearn.base import is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from inference.errors import ModelModuleError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Task = Literal["classification", "regression"]


@dataclass(frozen=True, kw_only=True)
class FeatureSpec:
    """One column of the input.

    Attributes:
        name: what a request calls it.
        kind: `number`, or `category` for text or a number that stands for a class.
        nullable: a request may give null, which the pipeline sees as NaN and must take.
    """

    name: str
    kind: Literal["number", "category"] = "number"
    nullable: bool = False


@dataclass(frozen=True, kw_only=True)
class Samples:
    """Rows and their targets.

    Attributes:
        X: float64, or object where some column holds text. Shape (n_samples, n_features).
        y: targets, shape (n_samples,)
    """

    X: NDArray[Any]
    y: NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class TrainedModel:
    """What `train` returns.

    Attributes:
        name: short name of the model, for people.
        pipeline: fitted scikit-learn estimator, fitted on arrays (not on data frames).
        features: one a column, in the columns' order.
        labels: a name for each of the pipeline's `classes_`, in their order; None for a
            regression.
        train: what it was fitted on. Its distribution gives the bins of the prediction
            records, its rows lead the parity check to every split.
        holdout: rows it has not seen: metrics, parity and golden requests.
    """

    name: str
    pipeline: Any
    features: tuple[FeatureSpec, ...]
    labels: tuple[str, ...] | None
    train: Samples
    holdout: Samples

    @property
    def task(self) -> Task:
        """What kind of answer it gives."""
        return "classification" if is_classifier(self.pipeline) else "regression"


def load_model_module(name: str) -> Callable[[int], TrainedModel]:
    """Import a model module and return its `train`, whose result is checked.

    Raises:
        ModelModuleError: there is no such module, or it has no function `train`.
    """
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        message = f"cannot import the model module {name!r}: {error}; is it on the path?"
        raise ModelModuleError(message) from error
    train = getattr(module, "train", None)
    if not callable(train):
        message = f"{name} has no function train(seed) -> TrainedModel; see inference.example"
        raise ModelModuleError(message)

    def checked(seed: int) -> TrainedModel:
        model = train(seed)
        if not isinstance(model, TrainedModel):
            got = type(model).__name__
            raise ModelModuleError(f"{name}.train returned {got}, not inference.model.TrainedModel")
        problems = check_model(model)
        if problems:
            raise ModelModuleError(f"{name}.train: " + "; ".join(problems))
        return model

    return checked


def check_model(model: TrainedModel) -> list[str]:
    """What is wrong with a trained model, in words; empty if nothing is."""
    try:
        check_is_fitted(model.pipeline)
    except (NotFittedError, TypeError) as error:
        return [f"pipeline is not a fitted estimator ({error})"]
    return [*_shape_problems(model), *_label_problems(model), *_pipeline_problems(model)]


def _shape_problems(model: TrainedModel) -> list[str]:
    names = [feature.name for feature in model.features]
    problems: list[str] = []
    if len(set(names)) < len(names) or not all(names):
        problems.append("features need names, each its own")
    for which, samples in (("train", model.train), ("holdout", model.holdout)):
        expected = (len(samples.y), len(names))
        if samples.X.shape != expected or not len(samples.y):
            problems.append(f"{which}.X has shape {samples.X.shape}, expected {expected}")
        if samples.X.dtype not in (np.dtype(np.float64), np.dtype(object)):
            problems.append(f"{which}.X is {samples.X.dtype}, expected float64 or object")
    return problems


def _label_problems(model: TrainedModel) -> list[str]:
    if model.task == "regression":
        return [] if model.labels is None else ["labels are for classifiers; give None"]
    classes = getattr(model.pipeline, "classes_", ())
    labels = model.labels or ()
    if len(set(labels)) != len(classes) or not all(labels):
        return [f"labels {labels!r}: expected {len(classes)} different names, one a class"]
    return []


def _pipeline_problems(model: TrainedModel) -> list[str]:
    problems: list[str] = []
    if model.task == "classification" and not hasattr(model.pipeline, "predict_proba"):
        problems.append("the classifier gives no probabilities (predict_proba)")
    if hasattr(model.pipeline, "feature_names_in_"):
        problems.append("the pipeline was fitted on a data frame; fit it on an array")
    return problems
