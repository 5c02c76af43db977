"""The record of a prediction: one line of JSON a row on standard output.

It holds what is needed to see drift and to match an outcome later (request id, row,
release, Region, the bin of each feature in the training distribution, the answer) and
no payload. Log group, subscription and Firehose carry it to the Region's bucket.
"""

from __future__ import annotations

import sys
from bisect import bisect_right
from math import isnan
from time import gmtime, strftime, time

from inference.serving.http import compact

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Bin = Callable[[Any], int | None]

UNKNOWN_CATEGORY = -1


def utc_now() -> str:
    """The time in ISO 8601 with milliseconds, in UTC."""
    now = time()
    return f"{strftime('%Y-%m-%dT%H:%M:%S', gmtime(now))}.{int(now % 1 * 1000):03d}Z"


def _number_bin(edges: list[float]) -> Bin:
    return lambda value: None if isnan(value) else bisect_right(edges, value)


def _category_bin(categories: list[Any]) -> Bin:
    places = {category: place for place, category in enumerate(categories)}

    def place(value: Any) -> int | None:
        if isinstance(value, float) and isnan(value):
            return None
        return places.get(value, UNKNOWN_CATEGORY)

    return place


class Recorder:
    """Writes prediction records for one release in one Region.

    A number's bin is how many of the feature's inner edges are at or below it (so 0 to
    the number of edges), a category's is its place in the manifest or -1 if it is
    unknown there, a missing value's is null.
    """

    def __init__(self, features: list[dict[str, Any]], release: str, region: str) -> None:
        self._release = release
        self._region = region
        self._bins: list[Bin] = [
            _number_bin(f["bin_edges"]) if f["kind"] == "number" else _category_bin(f["categories"])
            for f in features
        ]

    def write(self, request_id: str, rows: list[list[Any]], answers: list[Any]) -> None:
        """Write one line a row, each with one call: one write is one log event in Lambda."""
        now = utc_now()
        for number, (row, answer) in enumerate(zip(rows, answers, strict=True)):
            record = {
                "type": "prediction",
                "request_id": request_id,
                "row": number,
                "time": now,
                "release": self._release,
                "region": self._region,
                "bins": [place(value) for place, value in zip(self._bins, row, strict=True)],
                "answer": answer,
            }
            sys.stdout.write(compact(record) + "\n")
        sys.stdout.flush()
