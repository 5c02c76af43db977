"""Golden requests: hold-out rows with the answers this release gives to them.

They travel in the release. The deep health check answers them anew, and whoever probes
from outside knows what a right answer is. `response` holds the body of the reply without
its `release`: the manifest pins this file, so this file cannot name the manifest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from inference.model import TrainedModel

SINGLE_ROWS = 8


def golden_requests(model: TrainedModel) -> list[dict[str, Any]]:
    """Requests over the whole range of answers: single rows, several at once, a null.

    Rows alternate between the two forms that the contract takes, objects and arrays.
    """
    rows = _spread(model)
    names = [feature.name for feature in model.features]
    singles: list[dict[str, Any]] = [
        {"rows": [dict(zip(names, row, strict=True)) if number % 2 else row]}
        for number, row in enumerate(rows)
    ]
    requests = [*singles, {"rows": rows}]
    nullable = [i for i, feature in enumerate(model.features) if feature.nullable]
    if nullable:
        with_nulls = [None if i in nullable else value for i, value in enumerate(rows[0])]
        requests.append({"rows": [with_nulls]})
    return requests


def _spread(model: TrainedModel) -> list[list[Any]]:
    """Different hold-out rows, from the lowest answer to the highest."""
    samples = model.holdout.X
    if model.task == "classification":
        answers = model.pipeline.predict_proba(samples)[:, -1]
    else:
        answers = model.pipeline.predict(samples)
    order = np.argsort(answers, kind="stable")
    places = np.unique(np.linspace(0, len(order) - 1, SINGLE_ROWS).round().astype(int))
    return [[_as_json(value) for value in samples[order[place]].tolist()] for place in places]


def _as_json(value: Any) -> Any:
    return None if isinstance(value, float) and np.isnan(value) else value


def golden_file(
    requests: list[dict[str, Any]], predict: Callable[[Any], list[dict[str, Any]]]
) -> dict[str, Any]:
    """The content of `golden.json`."""
    return {
        "golden": [
            {"request": request, "response": {"predictions": predict(request)}}
            for request in requests
        ]
    }
