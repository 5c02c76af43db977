"""What a request leaves behind: one structured line, which carries its metrics as well.

The line is in CloudWatch's embedded metric format: written to standard output, it becomes
metrics without a call on the request path, and stays a log line to search by request id.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html

Nothing a caller sent is in it but the request id: routes are named from our own table, problems
by their slug, an unforeseen error by its type and place (its message may quote a value).

| line | when | metrics, all with the dimension `Region` |
| --- | --- | --- |
| `request` | a prediction or a question about the model | Requests, Good, Refused, Failed, Rows, Latency; with an environment's first one ColdStarts and ModelLoad |
| `unready` | a health check was told 503 | Unready |
| `error` | our own code failed | none; its request counts as Failed |

A health check that is answered well leaves no line: sixteen checkers ask several times a second.
"""  # noqa: E501 (a row of the table is one line)

from __future__ import annotations

import sys
from time import perf_counter, time

from inference.serving.http import compact
from inference.serving.records import utc_now

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

NAMESPACE_VARIABLE = "UNDERSTUDY_METRICS_NAMESPACE"

_COUNTS = ("Requests", "Good", "Refused", "Failed", "Rows")
_EACH = [*({"Name": name, "Unit": "Count"} for name in _COUNTS)]
_EACH.append({"Name": "Latency", "Unit": "Milliseconds"})
_FIRST = [
    *_EACH,
    {"Name": "ColdStarts", "Unit": "Count"},
    {"Name": "ModelLoad", "Unit": "Milliseconds"},
]
_UNREADY = [{"Name": "Unready", "Unit": "Count"}]
_REFUSED_FROM, _FAILED_FROM = 400, 500


class Telemetry:
    """Writes the lines of one execution environment."""

    def __init__(self, environ: Mapping[str, str], release: str, load_ms: float) -> None:
        self._namespace = environ.get(NAMESPACE_VARIABLE, "")
        self._common = {"Region": environ.get("AWS_REGION", ""), "release": release}
        self._load_ms = load_ms
        self._first = True

    def answered(
        self, request_id: str, route: str, status: int, *, began_s: float, rows: int, problem: str
    ) -> None:
        """Write the line of one answered request.

        Args:
            request_id: the caller's or Lambda's.
            route: the name of the path in our own table; empty if there is nothing at the path.
            status: HTTP status of the answer.
            began_s: `perf_counter()` when the request came in.
            rows: how many rows were predicted.
            problem: slug of the problem document, if that was the answer.
        """
        facts = {
            "request_id": request_id,
            "route": route,
            "status": status,
            "problem": problem,
            "Requests": 1,
            "Good": int(status < _REFUSED_FROM),
            "Refused": int(_REFUSED_FROM <= status < _FAILED_FROM),
            "Failed": int(status >= _FAILED_FROM),
            "Rows": rows,
            "Latency": round((perf_counter() - began_s) * 1000, 3),
        }
        metrics = _EACH
        if self._first:
            self._first, metrics = False, _FIRST
            facts["ColdStarts"] = 1
            facts["ModelLoad"] = self._load_ms
        self._write("request", "ERROR" if status >= _FAILED_FROM else "INFO", facts, metrics)

    def unready(self, request_id: str, failures: list[dict[str, str]]) -> None:
        """Write why a health check was told 503; the reasons are about the package alone."""
        facts = {"request_id": request_id, "failures": failures, "Unready": 1}
        self._write("unready", "ERROR", facts, _UNREADY)

    def failed(self, request_id: str, error: BaseException) -> None:
        """Write what an unforeseen error was and where, and not what it says."""
        place = error.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        code = None if place is None else place.tb_frame.f_code
        facts = {
            "request_id": request_id,
            "error": type(error).__name__,
            "file": "" if code is None else code.co_filename.rsplit("/", 1)[-1],
            "line": 0 if place is None else place.tb_lineno,
        }
        self._write("error", "ERROR", facts, [])

    def _write(
        self, kind: str, level: str, facts: dict[str, Any], metrics: list[dict[str, str]]
    ) -> None:
        line = {"type": kind, "level": level, "time": utc_now(), **self._common, **facts}
        if metrics and self._namespace:
            directive = {
                "Namespace": self._namespace,
                "Dimensions": [["Region"]],
                "Metrics": metrics,
            }
            line["_aws"] = {"Timestamp": int(time() * 1000), "CloudWatchMetrics": [directive]}
        # One write is one log event.
        sys.stdout.write(compact(line) + "\n")
        sys.stdout.flush()
