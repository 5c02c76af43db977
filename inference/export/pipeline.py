"""A fitted pipeline -> its exported form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sklearn.pipeline import Pipeline

from inference.export.estimators import export_estimator
from inference.export.preprocessing import Flow, export_transformer

if TYPE_CHECKING:
    from numpy.typing import NDArray

Spec = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Export:
    """What the two files of an exported model will hold.

    Attributes:
        steps: the preprocessing, step by step.
        scores: how a preprocessed row becomes scores.
        link: how scores become an answer.
        arrays: the numbers, by name.
        exact: scores must equal scikit-learn's bit for bit (trees); else to 1e-12.
    """

    steps: list[Spec]
    scores: Spec
    link: Spec
    arrays: dict[str, NDArray[Any]]
    exact: bool


def split_pipeline(model: Any) -> tuple[list[tuple[str, Any]], Any]:
    """The named transformers of a fitted model, nested pipelines unfolded, and its predictor."""
    if type(model) is not Pipeline:
        return [], model
    *before, (_, last) = model.steps
    inner, predictor = split_pipeline(last)
    return [(name, step) for name, step in before if step not in (None, "passthrough")] + inner, (
        predictor
    )


def export_pipeline(model: Any, n_features: int) -> Export:
    """Describe a fitted pipeline, or a fitted predictor alone.

    Args:
        model: fitted scikit-learn estimator.
        n_features: columns of a row as it comes in.

    Raises:
        ExportError: some part of it has no exported form; names the part and the reason.
    """
    transformers, predictor = split_pipeline(model)
    flow = Flow(path="model", width=n_features)
    for name, step in transformers:
        inner = Flow(path=f"model.{name}", width=flow.width, steps=flow.steps, sparse=flow.sparse)
        flow = export_transformer(step, inner)
    scored = export_estimator(
        predictor,
        Flow(path="model.predictor", width=flow.width, steps=flow.steps, sparse=flow.sparse),
    )
    return Export(
        steps=list(scored.flow.steps),
        scores=scored.scores,
        link=scored.link,
        arrays=scored.arrays,
        exact=scored.exact,
    )
