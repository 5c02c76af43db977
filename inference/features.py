"""What the manifest says of each feature: kind, range, bins, categories, what it refuses."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from inference.errors import ModelModuleError
from inference.export.preprocessing import UNKNOWN_TEXT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inference.model import FeatureSpec, TrainedModel

BINS = 10


def describe_features(model: TrainedModel) -> list[dict[str, Any]]:
    """Describe each feature, as the handler's validation and records need it.

    Raises:
        ModelModuleError: a column is not of its kind, or a feature is declared nullable
            that the pipeline cannot take as NaN.
    """
    return [_describe(model, i, spec) for i, spec in enumerate(model.features)]


def _describe(model: TrainedModel, column: int, spec: FeatureSpec) -> dict[str, Any]:
    if spec.nullable and not _takes(model, column, float("nan")):
        message = f"feature {spec.name!r} is declared nullable; the pipeline refuses NaN there"
        raise ModelModuleError(f"{message}: add an imputer, or drop nullable")
    present = _present(model.train.X[:, column])
    if not len(present):
        raise ModelModuleError(f"feature {spec.name!r} has no value in any training row")
    facts: dict[str, Any] = {"name": spec.name, "kind": spec.kind, "nullable": spec.nullable}
    if spec.kind == "number":
        return {**facts, **_number(spec, present)}
    return {**facts, **_category(model, column, spec, present)}


def _present(values: NDArray[Any]) -> list[Any]:
    return [v for v in values.tolist() if not (isinstance(v, float) and np.isnan(v))]


def _number(spec: FeatureSpec, present: list[Any]) -> dict[str, Any]:
    if any(isinstance(v, str) for v in present):
        raise ModelModuleError(f"feature {spec.name!r} holds text; give it kind='category'")
    values = np.asarray(present, dtype=np.float64)
    inner = np.quantile(values, np.linspace(0, 1, BINS + 1)[1:-1])
    return {
        "minimum": float(values.min()),
        "maximum": float(values.max()),
        "bin_edges": [float(edge) for edge in np.unique(inner)],
    }


def _category(
    model: TrainedModel, column: int, spec: FeatureSpec, present: list[Any]
) -> dict[str, Any]:
    text = isinstance(present[0], str)
    if any(isinstance(v, str) != text for v in present):
        raise ModelModuleError(f"feature {spec.name!r} mixes text and numbers")
    categories = sorted({str(v) if text else float(v) for v in present})
    stranger = UNKNOWN_TEXT if text else float(categories[-1]) + 1.0
    unknown = "accepted" if _takes(model, column, stranger) else "refused"
    return {"categories": categories, "unknown": unknown}


def _takes(model: TrainedModel, column: int, value: object) -> bool:
    """Whether the pipeline answers a row with this value: scikit-learn itself is asked."""
    row = model.holdout.X[:1].copy()
    row[0, column] = value
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            model.pipeline.predict(row)
        except ValueError:
            return False
    return True
