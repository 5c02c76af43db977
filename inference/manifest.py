"""The manifest: what a release is, and the digest of every file in it."""

from __future__ import annotations

import hashlib
import json
import platform
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from inference.features import describe_features
from inference.metrics import holdout_metrics
from inference.serving.http import compact

if TYPE_CHECKING:
    from inference.model import Samples, TrainedModel
    from inference.package import Runtime

FORMAT = 1
MAX_ROWS = 1000
MAX_REPLY_BYTES = 900_000  # a Lambda target's reply may have 1 MB, headers included
LONGEST_NUMBER = -1.2345678901234567e-300


def data_digest(*samples: Samples) -> str:
    """SHA-256 over rows and targets, independent of how they are held in memory."""
    digest = hashlib.sha256()
    for one in samples:
        for array in (one.X, one.y):
            text = json.dumps([list(array.shape), np.asarray(array).tolist()])
            digest.update(text.encode())
    return digest.hexdigest()


def row_limit(labels: tuple[str, ...] | None) -> int:
    """How many rows one request may hold, so that the reply stays under 1 MB."""
    longest: dict[str, Any] = {"value": LONGEST_NUMBER}
    if labels is not None:
        longest = {
            "label": max(labels, key=lambda label: len(compact(label))),
            "probabilities": dict.fromkeys(labels, LONGEST_NUMBER),
        }
    return max(1, min(MAX_ROWS, MAX_REPLY_BYTES // (len(compact(longest)) + 1)))


def describe(
    model: TrainedModel, *, runtime: Runtime, reason: str, parity: dict[str, Any], seed: int
) -> dict[str, Any]:
    """The manifest without `files`: everything that is known before they are written."""
    return {
        "format": FORMAT,
        "name": model.name,
        "runtime": runtime,
        "runtime_reason": reason,
        "task": model.task,
        "features": describe_features(model),
        "labels": None if model.labels is None else list(model.labels),
        "limits": {"rows": row_limit(model.labels)},
        "metrics": holdout_metrics(model),
        "parity": parity,
        "training": {
            "rows": len(model.train.y),
            "seed": seed,
            "matrix": model.train.X.dtype.name,
            "data_sha256": data_digest(model.train, model.holdout),
        },
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("scikit-learn", "numpy", "joblib")},
        },
        "files": {},
    }


def manifest_text(facts: dict[str, Any]) -> str:
    """The manifest's bytes: sorted, indented for people, ASCII."""
    return json.dumps(facts, indent=1, sort_keys=True, allow_nan=False) + "\n"
