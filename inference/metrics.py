"""Hold-out metrics: what the manifest says of a model's quality."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn import metrics

if TYPE_CHECKING:
    from inference.model import TrainedModel

BINARY = 2


def holdout_metrics(model: TrainedModel) -> dict[str, float]:
    """Measure a model on its hold-out rows.

    Classification: accuracy, ROC AUC (one against the rest where there are more than
    two classes), log loss and Brier score. Regression: mean absolute error, root mean
    squared error, R squared.
    """
    measured = _classification(model) if model.task == "classification" else _regression(model)
    return {"rows": float(len(model.holdout.y)), **{k: float(v) for k, v in measured.items()}}


def _classification(model: TrainedModel) -> dict[str, float]:
    truth = model.holdout.y
    classes = model.pipeline.classes_
    probabilities = model.pipeline.predict_proba(model.holdout.X)
    binary = len(classes) == BINARY
    return {
        "accuracy": metrics.accuracy_score(truth, model.pipeline.predict(model.holdout.X)),
        "roc_auc": metrics.roc_auc_score(
            truth,
            probabilities[:, 1] if binary else probabilities,
            multi_class="raise" if binary else "ovr",
            labels=None if binary else classes,
        ),
        "log_loss": metrics.log_loss(truth, probabilities, labels=classes),
        "brier": metrics.brier_score_loss(
            truth,
            probabilities[:, 1] if binary else probabilities,
            **({"pos_label": classes[1]} if binary else {"labels": classes}),
        ),
    }


def _regression(model: TrainedModel) -> dict[str, float]:
    truth, predicted = model.holdout.y, model.pipeline.predict(model.holdout.X)
    return {
        "mean_absolute_error": metrics.mean_absolute_error(truth, predicted),
        "root_mean_squared_error": np.sqrt(metrics.mean_squared_error(truth, predicted)),
        "r2": metrics.r2_score(truth, predicted),
    }
