"""Does the exported model answer as scikit-learn does?

It is asked twice. The predictor alone, on preprocessed rows, so that thresholds are hit
exactly; and the whole pipeline, on rows as they come in. Each on the hold-out and
training rows and on rows placed next to every split threshold.

What must hold: scores of trees are equal bit for bit; linear scores agree to 1e-12
(relative above 1); answers that pass through an exponential agree to 1e-12, because
numpy's exponential is not the C library's; labels are equal, always.
"""

from __future__ import annotations

import copy
import warnings
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import is_classifier

from inference.export import Export, export_pipeline, write_export
from inference.export.pipeline import split_pipeline
from inference.serving.evaluate import Model, load_model
from inference.serving.preprocessing import UnanswerableError
from inference.thresholds import near_thresholds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from inference.model import TrainedModel

TOLERANCE = 1e-12
EXACT_LINKS = frozenset({"probabilities", "identity"})


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The outcome of one set of rows.

    Attributes:
        of: `predictor` or `pipeline`.
        rows: rows compared.
        thresholds: splits that these rows were placed next to.
        worst_score_difference, worst_answer_difference: largest difference, relative
            where scikit-learn's number is above 1.
        wrong_labels: rows with another label than scikit-learn's.
    """

    of: str
    rows: int
    thresholds: int
    worst_score_difference: float
    worst_answer_difference: float
    wrong_labels: int


@dataclass(frozen=True, kw_only=True)
class Parity:
    """The report of the parity gate.

    Attributes:
        passed: every comparison held.
        reason: what did not hold, empty if passed.
        score_tolerance, answer_tolerance: 0.0 means equal bit for bit.
    """

    passed: bool
    reason: str
    score_tolerance: float
    answer_tolerance: float
    comparisons: tuple[Comparison, ...]

    def summary(self) -> dict[str, Any]:
        """The report in four numbers, for the manifest."""
        return {
            "rows": sum(c.rows for c in self.comparisons),
            "thresholds": sum(c.thresholds for c in self.comparisons),
            "worst_difference": max(
                (c.worst_answer_difference for c in self.comparisons), default=0.0
            ),
            "score_tolerance": self.score_tolerance,
        }

    def as_dict(self) -> dict[str, Any]:
        """The report as `parity.json` holds it."""
        return asdict(self)


def _single_threaded(pipeline: Any) -> Any:
    """A copy that adds trees up in order: with several jobs scikit-learn does not."""
    alone = copy.deepcopy(pipeline)
    jobs = {name: None for name in alone.get_params(deep=True) if name.endswith("n_jobs")}
    return alone.set_params(**jobs) if jobs else alone


def _reference_scores(predictor: Any, link: str, rows: NDArray[Any]) -> NDArray[Any] | None:
    """scikit-learn's scores; None where it gives none (regressions in log space)."""
    if link == "log":
        return None
    if link == "identity":
        return predictor.predict(rows).reshape(-1, 1)
    if link == "probabilities":
        return predictor.predict_proba(rows)
    return np.asarray(predictor.decision_function(rows)).reshape(len(rows), -1)


def _difference(ours: NDArray[Any], theirs: NDArray[Any]) -> float:
    return float(np.max(np.abs(ours - theirs) / np.maximum(1.0, np.abs(theirs)), initial=0.0))


class _Tally:
    """Compares batch after batch and keeps the worst."""

    def __init__(self, of: str, estimator: Any, export: Export, model: Model) -> None:
        self.of, self.estimator, self.export, self.model = of, estimator, export, model
        self.rows = self.thresholds = self.wrong_labels = 0
        self.scores = self.answers = 0.0

    def add(self, rows: NDArray[Any], thresholds: int = 0) -> None:
        model, link = self.model, self.export.link["kind"]
        scores = [model.scores(model.transform(row)) for row in rows.tolist()]
        answers = [model.answer(score) for score in scores]
        numbers = np.array([answer.numbers for answer in answers])
        reference = _reference_scores(self.estimator, link, rows)
        if reference is not None:
            self.scores = max(self.scores, _difference(np.array(scores), reference))
        if is_classifier(self.estimator):
            expected = self.estimator.predict_proba(rows)
            labels = self.estimator.classes_[[answer.index for answer in answers]]
            self.wrong_labels += int(np.sum(labels != self.estimator.predict(rows)))
        else:
            expected = self.estimator.predict(rows).reshape(-1, 1)
        self.answers = max(self.answers, _difference(numbers, expected))
        self.rows += len(rows)
        self.thresholds += thresholds

    def comparison(self) -> Comparison:
        return Comparison(
            of=self.of,
            rows=self.rows,
            thresholds=self.thresholds,
            worst_score_difference=self.scores,
            worst_answer_difference=self.answers,
            wrong_labels=self.wrong_labels,
        )


def _compare(of: str, estimator: Any, export: Export, rows: NDArray[Any]) -> Comparison:
    with TemporaryDirectory(prefix="understudy-parity-") as directory:
        write_export(export, Path(directory))
        model = load_model(directory)
        tally = _Tally(of, estimator, export, model)
        tally.add(rows)
        for splits, placed in near_thresholds(export, model, rows):
            tally.add(placed, splits)
        return tally.comparison()


def _comparisons(
    trained: TrainedModel, export: Export, say: Callable[[str], None]
) -> Iterator[Comparison]:
    pipeline = _single_threaded(trained.pipeline)
    rows = np.concatenate([trained.holdout.X, trained.train.X])
    transformers, predictor = split_pipeline(pipeline)
    prepared: Any = rows
    for _, transformer in transformers:
        prepared = transformer.transform(prepared)
    if hasattr(prepared, "toarray"):
        prepared = prepared.toarray()
    prepared = np.asarray(prepared, dtype=np.float64)
    say("parity: the predictor, next to every split threshold")
    # The arrays that will be shipped, behind the steps that belong to the predictor itself.
    own_steps = export_pipeline(predictor, prepared.shape[1]).steps
    yield _compare("predictor", predictor, replace(export, steps=own_steps), prepared)
    say("parity: the whole pipeline")
    yield _compare("pipeline", pipeline, export, rows)


def check_parity(
    trained: TrainedModel, export: Export, *, say: Callable[[str], None] = lambda _: None
) -> Parity:
    """Compare an export with the model it was made from.

    Args:
        trained: the model.
        export: its export.
        say: told what is being done, for whoever waits.
    """
    score_tolerance = 0.0 if export.exact else TOLERANCE
    exact_answers = export.exact and export.link["kind"] in EXACT_LINKS
    answer_tolerance = 0.0 if exact_answers else TOLERANCE
    found: list[Comparison] = []
    reasons: list[str] = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # unknown categories, empty columns
            found.extend(_comparisons(trained, export, say))
    except (UnanswerableError, ValueError, TypeError, IndexError) as error:
        reasons.append(f"scikit-learn answers a row that the export does not: {error!r}")
    for one in found:
        reasons += _failures(one, score_tolerance, answer_tolerance)
    return Parity(
        passed=not reasons,
        reason="; ".join(reasons),
        score_tolerance=score_tolerance,
        answer_tolerance=answer_tolerance,
        comparisons=tuple(found),
    )


def _failures(one: Comparison, scores: float, answers: float) -> list[str]:
    where = f"{one.of}, {one.rows} rows"
    reasons: list[str] = []
    # Written so that a difference of NaN fails as well.
    if not one.worst_score_difference <= scores:
        reasons.append(f"{where}: scores differ by {one.worst_score_difference}, allowed {scores}")
    if not one.worst_answer_difference <= answers:
        reasons.append(
            f"{where}: answers differ by {one.worst_answer_difference}, allowed {answers}"
        )
    if one.wrong_labels:
        reasons.append(f"{where}: {one.wrong_labels} labels differ")
    return reasons
