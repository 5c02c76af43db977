"""Metrics embedded in log lines, by the specification's own example."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from emulator.events import EventLog
from emulator.watch.emf import EmbeddedError, EmbeddedMetrics, extract
from emulator.watch.metrics import MetricId, Metrics

if TYPE_CHECKING:
    from tests.unit.emulator.conftest import HandClock


def line(**more: Any) -> str:
    document = {
        "_aws": {
            "Timestamp": 1574109732004,
            "CloudWatchMetrics": [
                {
                    "Namespace": "lambda-function-metrics",
                    "Dimensions": [["functionVersion"], []],
                    "Metrics": [{"Name": "time", "Unit": "Milliseconds", "StorageResolution": 60}],
                }
            ],
        },
        "functionVersion": "$LATEST",
        "time": 100,
        "requestId": "989ffbf8-9ace-4817-a57c-e4dd734019ee",
    }
    return json.dumps(document | more)


def test_the_specifications_example_gives_its_metric_for_each_set_of_dimensions() -> None:
    one, other = extract(line())
    assert (one.namespace, one.name, one.unit) == (
        "lambda-function-metrics",
        "time",
        "Milliseconds",
    )
    assert (one.dimensions, one.values) == ({"functionVersion": "$LATEST"}, (100.0,))
    assert other.dimensions == {}


def test_an_array_is_many_samples_and_other_lines_are_none() -> None:
    assert next(extract(line(time=[1, 2.5]))).values == (1.0, 2.5)
    for other in ('{"CloudWatchMetrics": 1}', "START RequestId", '{"a": "CloudWatchMetrics"}'):
        assert list(extract(other)) == []


@pytest.mark.parametrize(
    "more", [{"time": "slow"}, {"time": True}, {"functionVersion": 3}, {"time": list(range(101))}]
)
def test_what_breaks_the_format_is_said(more: dict[str, Any]) -> None:
    with pytest.raises(EmbeddedError):
        list(extract(line(**more)))


def test_a_metric_is_put_at_the_time_that_its_writer_states(clock: HandClock) -> None:
    metrics, events = Metrics(clock), EventLog(clock)
    written_s = clock.now_s() - 600
    about = json.loads(line())["_aws"] | {"Timestamp": int(written_s * 1000)}
    EmbeddedMetrics(metrics, events).take("us-east-1", "group", line(_aws=about))
    metric = MetricId.of("lambda-function-metrics", "time", {})
    (start,) = metrics.periods("us-east-1", metric, start_s=0, end_s=1e11, period_s=60)
    assert start == written_s, "the writer lives by the emulated clock"


def test_a_malformed_line_is_an_event_and_no_metric(clock: HandClock) -> None:
    metrics, events = Metrics(clock), EventLog(clock)
    EmbeddedMetrics(metrics, events).take("us-east-1", "group", line(time="slow"))
    assert metrics.ids("us-east-1") == []
    assert [each.kind for each in events.since()] == ["emf.malformed"]
