"""The example model: is a breast mass benign or malignant?

Data: Breast Cancer Wisconsin (Diagnostic), 569 real patients, bundled with scikit-learn
(https://scikit-learn.org/stable/datasets/toy_dataset.html#breast-cancer-dataset). Ten
measurements of cell nuclei, each as mean, standard error and worst value: 30 features.

This is nothing but a model module: copy it, change it, name yours with `--model`.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from inference.model import FeatureSpec, Samples, TrainedModel

HOLDOUT_RATIO = 0.25
TREES = 200


def _may_be_missing(name: str) -> bool:
    """A standard error needs several nuclei in the picture: it may not exist."""
    return name.endswith(" error")


def _pipeline(names: list[str], seed: int) -> Any:
    """Median imputation where a value may be missing, scaling, a forest of 200 trees."""
    errors = [i for i, name in enumerate(names) if _may_be_missing(name)]
    impute = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    # scikit-learn's annotation knows no estimator for the remainder; its documentation does.
    remainder: Any = StandardScaler()
    prepare = ColumnTransformer([("errors", impute, errors)], remainder=remainder)
    return make_pipeline(
        prepare, RandomForestClassifier(TREES, min_samples_leaf=5, random_state=seed)
    )


def train(seed: int) -> TrainedModel:
    """Fit the example on three quarters of the patients; hold out the rest, stratified.

    Args:
        seed: of the split and of the forest. The same seed gives the same model.
    """
    data = cast("Any", load_breast_cancer())
    names = [str(name) for name in data.feature_names]
    samples: list[Any] = train_test_split(
        data.data.astype(np.float64),
        data.target,
        test_size=HOLDOUT_RATIO,
        stratify=data.target,
        random_state=seed,
    )
    x_train, x_holdout, y_train, y_holdout = samples
    pipeline = _pipeline(names, seed).fit(x_train, y_train)
    return TrainedModel(
        name="breast-cancer",
        pipeline=pipeline,
        features=tuple(FeatureSpec(name=n, nullable=_may_be_missing(n)) for n in names),
        labels=tuple(str(name) for name in data.target_names),
        train=Samples(X=x_train, y=y_train),
        holdout=Samples(X=x_holdout, y=y_holdout),
    )
