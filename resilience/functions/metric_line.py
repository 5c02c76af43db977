"""Metrics of the stack's own functions: log lines in CloudWatch's embedded metric format.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_UNITS: Final = {"Latency": "Milliseconds", "Age": "Seconds"}


def say(
    kind: str, facts: Mapping[str, Any], metrics: Sequence[str], dimensions: list[list[str]]
) -> None:
    """Write one line, some of whose facts are metrics as well.

    Args:
        kind: Who says it.
        facts: What is said; the Region is added.
        metrics: Which of the facts are metrics; a name's ending says its unit.
        dimensions: Sets of names of facts by which the metrics are told apart.
    """
    directive = {
        "Namespace": os.environ["UNDERSTUDY_METRICS_NAMESPACE"],
        "Dimensions": dimensions,
        "Metrics": [{"Name": name, "Unit": _unit(name)} for name in metrics],
    }
    line = {
        "type": kind,
        "Region": os.environ["AWS_REGION"],
        **facts,
        "_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]},
    }
    print(json.dumps(line, separators=(",", ":")))  # noqa: T201 - a log line


def _unit(name: str) -> str:
    return next((unit for ending, unit in _UNITS.items() if name.endswith(ending)), "Count")
