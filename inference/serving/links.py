"""From scores to an answer: the label and its probabilities, or a value.

The inverse links follow
https://github.com/scikit-learn/scikit-learn/blob/main/sklearn/_loss/link.py. `expit` is
scipy's `1 / (1 + exp(-x))`. The softmax subtracts the largest score first; numpy's own
exponential differs from the C library's by one unit in the last place now and then, so
multiclass boosting agrees with scikit-learn to about 1e-16, with equal raw scores.
"""

from __future__ import annotations

from math import exp, isfinite

from inference.serving.preprocessing import UnanswerableError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Spec = dict[str, Any]


class Answer:
    """What the model says of one row.

    `index` is the place of the predicted class among the labels and `numbers` holds one
    probability a class; for a regression `index` is -1 and `numbers` is the one value.
    """

    __slots__ = ("index", "numbers")

    def __init__(self, index: int, numbers: list[float]) -> None:
        self.index = index
        self.numbers = numbers


def _largest(values: list[float]) -> int:
    """Place of the first of the largest values, as numpy.argmax has it."""
    return values.index(max(values))


def _finite(scores: list[float]) -> list[float]:
    if all(map(isfinite, scores)):
        return scores
    raise UnanswerableError("values for which the model's answer is a finite number")


def expit(x: float) -> float:
    """The logistic function; 0.0 where `exp(-x)` is beyond float64."""
    try:
        return 1.0 / (1.0 + exp(-x))
    except OverflowError:
        return 0.0


def probabilities(_: Spec) -> Callable[[list[float]], Answer]:
    """Scores that are probabilities already: forests and single trees."""
    return lambda scores: Answer(_largest(scores), scores)


def logit(spec: Spec) -> Callable[[list[float]], Answer]:
    """One score, two classes.

    `slope` is 2 for the exponential loss, else 1. At a score of exactly 0 classic
    gradient boosting says the second class (`>= 0`), every other estimator the first.
    """
    slope: float = spec["slope"]
    zero_is_positive: bool = spec["zero_is_positive"]

    def answer(scores: list[float]) -> Answer:
        (score,) = _finite(scores)
        positive = score >= 0 if zero_is_positive else score > 0
        second = expit(slope * score)
        return Answer(int(positive), [1.0 - second, second])

    return answer


def softmax(_: Spec) -> Callable[[list[float]], Answer]:
    """One score a class."""

    def answer(scores: list[float]) -> Answer:
        top = max(_finite(scores))
        powers = [exp(score - top) for score in scores]
        total = 0.0
        for power in powers:
            total += power
        return Answer(_largest(scores), [power / total for power in powers])

    return answer


def identity(_: Spec) -> Callable[[list[float]], Answer]:
    """A regression whose score is its value."""
    return lambda scores: Answer(-1, _finite(scores))


def log(_: Spec) -> Callable[[list[float]], Answer]:
    """A regression in log space: Poisson and gamma losses."""

    def answer(scores: list[float]) -> Answer:
        try:
            return Answer(-1, [exp(score) for score in _finite(scores)])
        except OverflowError as error:
            raise UnanswerableError("values whose prediction float64 can hold") from error

    return answer


LINKS: dict[str, Callable[[Spec], Callable[[list[float]], Answer]]] = {
    "probabilities": probabilities,
    "logit": logit,
    "softmax": softmax,
    "identity": identity,
    "log": log,
}
