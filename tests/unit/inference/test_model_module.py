"""What a model module must be, and what is said when it is not."""

from __future__ import annotations

import sys
from dataclasses import replace
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sklearn.linear_model import RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from inference.errors import ModelModuleError
from inference.features import describe_features
from inference.metrics import holdout_metrics
from inference.model import FeatureSpec, Samples, TrainedModel, load_model_module
from tests.unit.inference import small_model

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(scope="module")
def model() -> TrainedModel:
    return small_model.train(0)


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], str]:
    """Make a module whose `train` returns something."""

    def make(result: Any) -> str:
        made = ModuleType("made_up_model")
        made.train = lambda _seed: result  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "made_up_model", made)
        return "made_up_model"

    return make


def test_the_example_is_a_model_module_like_any_other() -> None:
    model = load_model_module("inference.example")(0)
    assert len(model.train.y) + len(model.holdout.y) == 569, "all patients are used"
    share = [samples.y.mean() for samples in (model.train, model.holdout)]
    assert abs(share[0] - share[1]) < 0.01, "the hold-out is stratified"
    assert holdout_metrics(model)["roc_auc"] > 0.95, "and it is a model worth serving"


def test_a_module_that_does_not_exist_is_named() -> None:
    with pytest.raises(ModelModuleError, match=r"no\.such\.module"):
        load_model_module("no.such.module")


def test_a_module_without_train_is_told_what_it_needs() -> None:
    with pytest.raises(ModelModuleError, match=r"json has no function train\(seed\)"):
        load_model_module("json")


def test_a_train_that_returns_something_else_is_refused(module: Callable[[Any], str]) -> None:
    with pytest.raises(ModelModuleError, match="returned dict, not"):
        load_model_module(module({}))(0)


def test_each_thing_that_is_wrong_with_a_model_is_named(
    model: TrainedModel, module: Callable[[Any], str]
) -> None:
    unfitted = make_pipeline(StandardScaler(), RidgeClassifier())
    numbers = model.train.X[:, :1].astype(float)
    short = Samples(X=model.train.X[:, :3], y=model.train.y)
    text = Samples(X=model.train.X.astype(str), y=model.train.y)
    twice = (model.features[0], model.features[0], *model.features[2:])
    no_probabilities = replace(
        model,
        pipeline=RidgeClassifier().fit(numbers, model.train.y),
        features=model.features[:1],
        train=Samples(X=numbers, y=model.train.y),
        holdout=Samples(X=numbers, y=model.train.y),
    )
    wrong = {
        "not a fitted estimator": replace(model, pipeline=unfitted),
        "train.X has shape": replace(model, train=short),
        "expected float64 or object": replace(model, holdout=text),
        "features need names": replace(model, features=twice),
        "expected 2 different names": replace(model, labels=("yes", "yes")),
        "no probabilities": no_probabilities,
    }
    for words, broken in wrong.items():
        with pytest.raises(ModelModuleError, match=words):
            load_model_module(module(broken))(0)


def test_the_manifest_knows_kind_range_bins_categories_and_rules(model: TrainedModel) -> None:
    age, income, city, plan = describe_features(model)
    assert age["minimum"] < age["bin_edges"][0] < age["bin_edges"][-1] < age["maximum"]
    assert len(age["bin_edges"]) == 9, "deciles of the training distribution"
    assert (age["nullable"], income["nullable"]) == (False, True)
    assert city["categories"] == ["Oslo", "Porto", "Riga"]
    assert (city["unknown"], plan["unknown"]) == ("refused", "accepted"), (
        "the encoder's own rule, as scikit-learn itself answers"
    )


def test_nullable_is_refused_where_the_pipeline_cannot_take_it() -> None:
    rows = np.array([[1.0], [2.0], [3.0], [4.0]])
    from sklearn.linear_model import LinearRegression

    samples = Samples(X=rows, y=rows[:, 0])
    model = TrainedModel(
        name="line",
        pipeline=LinearRegression().fit(rows, rows[:, 0]),
        features=(FeatureSpec(name="x", nullable=True),),
        labels=None,
        train=samples,
        holdout=samples,
    )
    with pytest.raises(ModelModuleError, match="'x' is declared nullable"):
        describe_features(model)


def test_text_declared_as_a_number_is_refused(model: TrainedModel) -> None:
    features = (*model.features[:2], FeatureSpec(name="city"), model.features[3])
    with pytest.raises(ModelModuleError, match="'city' holds text"):
        describe_features(replace(model, features=features))


def test_a_regression_is_measured_as_one() -> None:
    from sklearn.datasets import load_diabetes
    from sklearn.linear_model import Ridge

    x, y = load_diabetes(return_X_y=True)
    samples = Samples(X=x, y=y)
    model = TrainedModel(
        name="diabetes",
        pipeline=Ridge().fit(x, y),
        features=tuple(FeatureSpec(name=f"x{i}") for i in range(10)),
        labels=None,
        train=samples,
        holdout=samples,
    )
    measured = holdout_metrics(model)
    assert set(measured) == {"rows", "mean_absolute_error", "root_mean_squared_error", "r2"}
