"""Fitted transformers -> the steps that `inference.serving.preprocessing` carries out.

Each exporter takes the fitted transformer and the flow so far, and returns the flow with
its own step appended. A flow knows whether scikit-learn would hold the values in a
sparse matrix at that point, because scalers multiply by the reciprocal there instead of
dividing, which is not the same number.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
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

if TYPE_CHECKING:
    from collections.abc import Callable

UNKNOWN_TEXT = "\0 a category that no training row has"


@dataclass(frozen=True, kw_only=True)
class Flow:
    """The steps so far, where in the pipeline they stand, and how wide a row is there."""

    path: str
    width: int
    steps: tuple[dict[str, Any], ...] = ()
    sparse: bool = False

    def then(self, step: dict[str, Any], *, width: int | None = None) -> Flow:
        """The flow with one more step."""
        return replace(self, steps=(*self.steps, step), width=width or self.width)


def _floats(values: Any, *, default: float, width: int) -> list[float]:
    return [default] * width if values is None else [float(v) for v in values]


def _require_dense(transformer: Any, flow: Flow) -> None:
    if flow.sparse:
        reason = (
            "scikit-learn passes it a sparse matrix, whose arithmetic is another; set "
            "sparse_output=False on the encoder or sparse_threshold=0 on the ColumnTransformer"
        )
        raise ExportError(flow.path, transformer, reason)


def _scale(center: str, spread: str) -> Callable[[Any, Flow], Flow]:
    def export(scaler: Any, flow: Flow) -> Flow:
        _require_dense(scaler, flow)
        step: dict[str, Any] = {
            "step": "scale",
            "center": _floats(getattr(scaler, center, None), default=0.0, width=flow.width),
            "scale": _floats(getattr(scaler, spread, None), default=1.0, width=flow.width),
        }
        if getattr(scaler, "clip", False):
            step["clip"] = [-1.0, 1.0]
        return flow.then(step)

    return export


def _standard(scaler: Any, flow: Flow) -> Flow:
    # A StandardScaler keeps mean_ and var_ even where it does not use them.
    center = "mean_" if scaler.with_mean else "not_centered"
    return _scale(center, "scale_")(scaler, flow)


def _min_max(scaler: Any, flow: Flow) -> Flow:
    _require_dense(scaler, flow)
    step: dict[str, Any] = {
        "step": "rescale",
        "scale": [float(v) for v in scaler.scale_],
        "offset": [float(v) for v in scaler.min_],
    }
    if scaler.clip:
        step["clip"] = [float(v) for v in scaler.feature_range]
    return flow.then(step)


def _impute(imputer: Any, flow: Flow) -> Flow:
    _require_dense(imputer, flow)
    missing = imputer.missing_values
    if not (isinstance(missing, float) and np.isnan(missing)):
        reason = f"missing_values={missing!r}: only NaN is exported, which a JSON null becomes"
        raise ExportError(flow.path, imputer, reason)
    fill = [_plain(value) for value in imputer.statistics_]
    keep = [i for i, value in enumerate(fill) if value is not None]
    if imputer.keep_empty_features and len(keep) < len(fill):
        raise ExportError(flow.path, imputer, "keep_empty_features with a fill value of NaN")
    indicators = [int(i) for i in imputer.indicator_.features_] if imputer.add_indicator else []
    step = {
        "step": "impute",
        "keep": keep,
        "fill": [fill[i] for i in keep],
        "indicators": indicators,
    }
    return flow.then(step, width=len(keep) + len(indicators))


def _plain(category: Any) -> str | float | None:
    """A category or fill value as JSON holds it; NaN becomes null."""
    if isinstance(category, str):
        return str(category)
    number = float(category)
    return None if np.isnan(number) else number


def _probe(encoder: Any, column: int, category: Any) -> Any:
    """Ask scikit-learn itself how it encodes one category: the encoded row."""
    numeric = all(c.dtype.kind in "iuf" for c in encoder.categories_)
    row = np.array([[c[0] for c in encoder.categories_]], dtype=float if numeric else object)
    row[0, column] = category
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # "unknown categories ... all zeros"
        encoded = encoder.transform(row)
    return (encoded.toarray() if hasattr(encoded, "toarray") else encoded)[0]


def _lookup(encoder: Any, column: int, flow: Flow, code: Callable[[Any], Any]) -> dict[str, Any]:
    """The table of one column: category -> code, by scikit-learn's own answer to each."""
    raw = list(encoder.categories_[column])
    if any(c is None for c in raw):
        reason = f"column {column} has None for a category: use NaN, which a JSON null becomes"
        raise ExportError(flow.path, encoder, reason)
    categories = [_plain(c) for c in raw]
    numbers = [c for c in categories if isinstance(c, float)]
    texts = [c for c in categories if isinstance(c, str)]
    if texts and numbers:
        raise ExportError(flow.path, encoder, f"column {column} mixes text and numbers")
    codes = [code(_probe(encoder, column, category)) for category in raw]
    stranger = UNKNOWN_TEXT if texts else max(numbers, default=0.0) + 1.0
    try:
        unknown = code(_probe(encoder, column, stranger))
    except ValueError:
        unknown = "refused"
    return {"categories": categories, "codes": codes, "unknown": unknown}


def _one_hot(encoder: Any, flow: Flow) -> Flow:
    _require_dense(encoder, flow)
    columns: list[dict[str, Any]] = []
    start = 0
    # The width of each column's block has no public name: it depends on drop= and on
    # which categories were grouped as infrequent.
    for i, width in enumerate(encoder._n_features_outs):  # noqa: SLF001
        block = slice(start, start + width)

        def hot(row: Any, block: slice = block) -> int | None:
            found = np.flatnonzero(row[block])
            return int(found[0]) if found.size else None

        columns.append({**_lookup(encoder, i, flow, hot), "width": int(width)})
        start += width
    encoded = flow.then({"step": "one_hot", "columns": columns}, width=start)
    return replace(encoded, sparse=encoder.sparse_output)


def _ordinal(encoder: Any, flow: Flow) -> Flow:
    _require_dense(encoder, flow)
    columns = [
        _lookup(encoder, i, flow, lambda row, i=i: _plain(row[i]))
        for i in range(len(encoder.categories_))
    ]
    return flow.then({"step": "ordinal", "columns": columns})


def _function(transformer: Any, flow: Flow) -> Flow:
    if transformer.func is not None:
        reason = f"func={transformer.func!r}: only the identity (func=None) is exported"
        raise ExportError(flow.path, transformer, reason)
    return flow


def _columns(transformer: Any, flow: Flow) -> Flow:
    _require_dense(transformer, flow)
    if transformer.transformer_weights:
        raise ExportError(flow.path, transformer, "transformer_weights are not exported")
    branches: list[dict[str, Any]] = []
    width = 0
    # Names, masks, slices and callables are resolved to numbers in this mapping alone.
    places = transformer._transformer_to_input_indices  # noqa: SLF001
    for name, branch, _ in transformer.transformers_:
        chosen = [int(i) for i in places[name]]
        if branch == "drop" or not chosen:
            continue
        start = Flow(path=f"{flow.path}.{name}", width=len(chosen))
        end = start if branch == "passthrough" else export_transformer(branch, start)
        branches.append({"columns": chosen, "steps": list(end.steps)})
        width += end.width
    joined = flow.then({"step": "columns", "branches": branches}, width=width)
    return replace(joined, sparse=transformer.sparse_output_)


def _pipeline(pipeline: Any, flow: Flow) -> Flow:
    for name, step in pipeline.steps:
        if step is not None and step != "passthrough":
            inner = replace(flow, path=f"{flow.path}.{name}")
            flow = replace(export_transformer(step, inner), path=flow.path)
    return flow


TRANSFORMERS: dict[type, Callable[[Any, Flow], Flow]] = {
    StandardScaler: _standard,
    RobustScaler: _scale("center_", "scale_"),
    MaxAbsScaler: _scale("not_centered", "scale_"),
    MinMaxScaler: _min_max,
    SimpleImputer: _impute,
    OneHotEncoder: _one_hot,
    OrdinalEncoder: _ordinal,
    FunctionTransformer: _function,
    ColumnTransformer: _columns,
    Pipeline: _pipeline,
}


def export_transformer(transformer: Any, flow: Flow) -> Flow:
    """Append a fitted transformer to the flow.

    Raises:
        ExportError: there is no exported form for it, or for one of its parameters.
    """
    export = TRANSFORMERS.get(type(transformer))
    if export is None:
        known = ", ".join(sorted(kind.__name__ for kind in TRANSFORMERS))
        raise ExportError(flow.path, transformer, f"no exported form; there is one for {known}")
    return export(transformer, flow)
