"""A small model module for tests: numbers and text, nulls, two rules for strangers."""

from __future__ import annotations

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from inference.model import FeatureSpec, Samples, TrainedModel

FEATURES = (
    FeatureSpec(name="age"),
    FeatureSpec(name="income", nullable=True),
    FeatureSpec(name="city", kind="category"),
    FeatureSpec(name="plan", kind="category"),
)
CITIES = ("Oslo", "Porto", "Riga")
PLANS = ("basic", "plus")


def samples(seed: int, rows: int = 240) -> Samples:
    """Rows whose class depends on all four columns."""
    rng = np.random.default_rng(seed)
    x = np.empty((rows, 4), dtype=object)
    x[:, 0] = rng.normal(40, 12, rows)
    x[:, 1] = rng.lognormal(10, 1, rows)
    x[:, 2] = rng.choice(CITIES, rows)
    x[:, 3] = rng.choice(PLANS, rows)
    score = x[:, 0].astype(float) / 12 + (x[:, 2] == "Riga") * 2 - (x[:, 3] == "plus")
    x[rng.random(rows) < 0.1, 1] = float("nan")
    return Samples(X=x, y=(score + rng.normal(size=rows) > 3.5).astype(int))


def train(seed: int) -> TrainedModel:
    prepare = ColumnTransformer(
        [
            ("number", make_pipeline(SimpleImputer(), StandardScaler()), [0, 1]),
            ("city", OneHotEncoder(), [2]),
            ("plan", OneHotEncoder(handle_unknown="ignore"), [3]),
        ]
    )
    fitted = samples(seed)
    forest = RandomForestClassifier(12, max_depth=5, random_state=seed)
    return TrainedModel(
        name="small",
        pipeline=make_pipeline(prepare, forest).fit(fitted.X, fitted.y),
        features=FEATURES,
        labels=("stays", "leaves"),
        train=fitted,
        holdout=samples(seed + 1, rows=60),
    )
