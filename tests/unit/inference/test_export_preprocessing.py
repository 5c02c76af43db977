"""Each transformer, exported, gives scikit-learn's own output bit for bit."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestRegressor
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import SGDClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
)

from inference.errors import ExportError
from inference.export import export_pipeline
from inference.export.preprocessing import Flow, export_transformer
from inference.serving.preprocessing import UnanswerableError, sequence

RNG = np.random.default_rng(3)
NUMBERS = RNG.normal(5, 3, size=(80, 3))
WITH_MISSING = np.where(RNG.random(NUMBERS.shape) < 0.2, np.nan, NUMBERS)
WITH_MISSING[:, 2] = NUMBERS[:, 2]
NAN = float("nan")
COLOURS = np.array(
    [["red", 1.0], ["blue", 2.0], ["green", 1.0], ["red", 3.0], ["blue", 1.0], ["red", 1.0]],
    dtype=object,
)
MIXED = np.empty((80, 4), dtype=object)
MIXED[:, 0], MIXED[:, 1] = NUMBERS[:, 0], WITH_MISSING[:, 1]
MIXED[:, 2], MIXED[:, 3] = RNG.choice(["a", "b", "c"], 80), RNG.choice([1.0, 2.0], 80)


def ours(transformer: Any, rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    flow = export_transformer(transformer, Flow(path="model", width=rows.shape[1]))
    step = sequence(list(flow.steps))
    return np.array([step(row) for row in rows.tolist()], dtype=float)


def theirs(transformer: Any, rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        out = transformer.transform(rows)
    return np.asarray(out.toarray() if hasattr(out, "toarray") else out, dtype=float)


NUMERIC = (
    StandardScaler(),
    StandardScaler(with_mean=False),
    StandardScaler(with_std=False),
    RobustScaler(),
    RobustScaler(with_centering=False),
    MaxAbsScaler(),
    MaxAbsScaler(clip=True),
    MinMaxScaler(),
    MinMaxScaler(feature_range=(-1, 2), clip=True),
    SimpleImputer(),
    SimpleImputer(strategy="median", add_indicator=True),
    SimpleImputer(strategy="most_frequent"),
    SimpleImputer(strategy="constant", fill_value=-1.0),
    FunctionTransformer(),
)


@pytest.mark.parametrize("transformer", NUMERIC, ids=str)
def test_a_numeric_transformer_is_exported_bit_for_bit(transformer: Any) -> None:
    fitted = transformer.fit(WITH_MISSING)
    unseen = WITH_MISSING * 1.7 - 2
    assert np.array_equal(ours(fitted, unseen), theirs(fitted, unseen), equal_nan=True), (
        "preprocessing must keep scikit-learn's order of arithmetic"
    )


@pytest.mark.parametrize("keep", [False, True])
def test_a_column_without_any_value_is_dropped_or_kept_as_the_imputer_says(*, keep: bool) -> None:
    rows = WITH_MISSING.copy()
    rows[:, 1] = NAN
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        imputer = SimpleImputer(keep_empty_features=keep).fit(rows)
    assert np.array_equal(ours(imputer, rows), theirs(imputer, rows)), "as SimpleImputer does"


ENCODERS = (
    OneHotEncoder(),
    OneHotEncoder(sparse_output=False),
    OneHotEncoder(drop="first"),
    OneHotEncoder(drop="if_binary"),
    OneHotEncoder(min_frequency=2, handle_unknown="infrequent_if_exist"),
    OneHotEncoder(handle_unknown="ignore", drop="first"),
    OneHotEncoder(categories=[["green", "red", "blue", "pink"], [3.0, 2.0, 1.0]]),
    OrdinalEncoder(),
    OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
    OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=NAN),
)


@pytest.mark.parametrize("encoder", ENCODERS, ids=str)
def test_an_encoder_is_exported_with_its_rule_for_strangers(encoder: Any) -> None:
    fitted = encoder.fit(COLOURS)
    assert np.array_equal(ours(fitted, COLOURS), theirs(fitted, COLOURS)), "known categories"
    stranger = np.array([["mauve", 1.0]], dtype=object)
    try:
        expected = theirs(fitted, stranger)
    except ValueError:
        with pytest.raises(UnanswerableError):
            ours(fitted, stranger)
    else:
        assert np.array_equal(ours(fitted, stranger), expected, equal_nan=True), (
            "an unknown category follows the encoder's own rule"
        )


@pytest.mark.parametrize(
    "encoder", [OneHotEncoder(), OrdinalEncoder(), OrdinalEncoder(encoded_missing_value=-5)]
)
def test_a_missing_value_is_a_category_where_the_encoder_has_seen_one(encoder: Any) -> None:
    rows = np.array([["a"], ["b"], [NAN], ["a"]], dtype=object)
    fitted = encoder.fit(rows)
    assert np.array_equal(ours(fitted, rows), theirs(fitted, rows), equal_nan=True), (
        "null reaches the encoder as NaN"
    )


@pytest.mark.parametrize("remainder", ["drop", "passthrough", StandardScaler()])
def test_a_column_transformer_keeps_order_and_remainder(remainder: Any) -> None:
    branches = [
        ("text", OneHotEncoder(), [2, 3]),
        ("number", make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()), [1]),
    ]
    fitted = ColumnTransformer(branches, remainder=remainder, sparse_threshold=0).fit(MIXED)
    assert np.array_equal(ours(fitted, MIXED), theirs(fitted, MIXED)), "columns side by side"


def test_column_transformers_nest() -> None:
    inner = ColumnTransformer([("scale", StandardScaler(), [1])], remainder="passthrough")
    outer = ColumnTransformer([("inner", inner, [2, 0]), ("gone", "drop", [1])])
    fitted = outer.fit(NUMBERS)
    assert np.array_equal(ours(fitted, NUMBERS), theirs(fitted, NUMBERS)), "nested columns"


def refused(model: Any, *words: str) -> None:
    with pytest.raises(ExportError) as caught:
        export_pipeline(model, NUMBERS.shape[1])
    for word in words:
        assert word in str(caught.value), f"the refusal must name {word!r}: {caught.value}"


TARGET = (NUMBERS[:, 0] > 5).astype(int)


def test_an_unknown_transformer_is_refused_by_name_and_place() -> None:
    model = make_pipeline(KNNImputer(), RandomForestRegressor(2)).fit(NUMBERS, TARGET)
    refused(model, "KNNImputer", "model.knnimputer", "SimpleImputer")


def test_an_unknown_predictor_is_refused_by_name() -> None:
    refused(SGDClassifier(loss="log_loss").fit(NUMBERS, TARGET), "SGDClassifier")


def test_a_function_is_refused_because_it_cannot_be_exported() -> None:
    model = make_pipeline(FunctionTransformer(np.abs), RandomForestRegressor(2))
    refused(model.fit(NUMBERS, TARGET), "FunctionTransformer", "func")


def test_a_sentinel_for_missing_values_is_refused() -> None:
    model = make_pipeline(SimpleImputer(missing_values=-1), RandomForestRegressor(2))
    refused(model.fit(NUMBERS, TARGET), "missing_values=-1")


def test_transformer_weights_are_refused() -> None:
    weighted = ColumnTransformer([("s", StandardScaler(), [0])], transformer_weights={"s": 2})
    model = make_pipeline(weighted, RandomForestRegressor(2))
    refused(model.fit(NUMBERS, TARGET), "transformer_weights")


def test_a_scaler_after_a_sparse_matrix_is_refused_with_the_way_out() -> None:
    model = make_pipeline(OneHotEncoder(), StandardScaler(with_mean=False), SGDClassifier())
    refused(model.fit(NUMBERS.round(), TARGET), "StandardScaler", "sparse_output=False")


def test_several_outputs_are_refused() -> None:
    refused(RandomForestRegressor(2).fit(NUMBERS, NUMBERS[:, :2]), "2 outputs")


def test_categorical_splits_of_histogram_boosting_follow_their_bit_sets() -> None:
    rows = np.column_stack([NUMBERS[:, 0], RNG.integers(0, 12, 80), WITH_MISSING[:, 1]])
    target = np.isin(rows[:, 1], [1, 4, 7, 11]).astype(int)
    model = HistGradientBoostingClassifier(
        max_iter=8, min_samples_leaf=2, categorical_features=[1], random_state=0
    ).fit(rows, target)
    export = export_pipeline(model, 3)
    assert "category" in export.arrays, "the model must have categorical splits to test them"
    from inference.serving.evaluate import Model

    arrays = {name: memoryview(array) for name, array in export.arrays.items()}
    loaded = Model({"steps": export.steps, "scores": export.scores, "link": export.link}, arrays)
    strange = rows.copy()
    strange[::3, 1], strange[1::3, 1] = 99, NAN
    for some in (rows, strange):
        got = [loaded.scores(loaded.transform(row))[0] for row in some.tolist()]
        assert np.array_equal(got, model.decision_function(some)), "known, unknown and missing"
