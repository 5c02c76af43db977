"""Metrics are kept as CloudWatch keeps them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from emulator.faults import FaultBoard
from emulator.watch import metrics as module
from emulator.watch.metrics import EXACT_VALUES, MetricId, Metrics

if TYPE_CHECKING:
    import pytest

    from tests.unit.emulator.conftest import HandClock

REGION = "us-east-1"
ERRORS = MetricId.of("AWS/Lambda", "Errors", {"FunctionName": "predict"})


def put(metrics: Metrics, value: float) -> None:
    metrics.put(REGION, "AWS/Lambda", "Errors", {"FunctionName": "predict"}, value, unit="Count")


def test_values_of_one_minute_become_one_point(clock: HandClock) -> None:
    metrics = Metrics(clock)
    for value in (1.0, 5.0, 3.0):
        put(metrics, value)
        clock.at_s += 10
    found = metrics.periods(REGION, ERRORS, start_s=0, end_s=clock.at_s, period_s=60)
    assert list(found) == [1_800_000_000], "points start where their minute does"
    point = found[1_800_000_000]
    assert (point.count, point.total, point.minimum, point.maximum) == (3, 9, 1, 5)


def test_a_longer_period_merges_minutes_and_is_aligned_with_the_epoch(clock: HandClock) -> None:
    metrics = Metrics(clock)
    for _ in range(4):
        put(metrics, 1.0)
        clock.at_s += 60
    found = metrics.periods(REGION, ERRORS, start_s=0, end_s=clock.at_s, period_s=300)
    assert {at_s % 300 for at_s in found} == {0}
    assert sum(point.count for point in found.values()) == 4


def test_dimensions_make_metrics_of_their_own(clock: HandClock) -> None:
    metrics = Metrics(clock)
    put(metrics, 1.0)
    whole = MetricId.of("AWS/Lambda", "Errors", {})
    assert metrics.periods(REGION, whole, start_s=0, end_s=2e9, period_s=60) == {}, (
        "CloudWatch does not add up over dimensions"
    )
    assert metrics.ids("eu-west-1") == [], "each Region has metrics of its own"


def test_a_lost_region_says_nothing(clock: HandClock) -> None:
    faults = FaultBoard()
    metrics = Metrics(clock, faults)
    fault = faults.lose("region", REGION)
    put(metrics, 1.0)
    assert metrics.ids(REGION) == [], "what a lost Region emits reaches nobody"
    faults.restore(fault.id)
    put(metrics, 1.0)
    assert metrics.ids(REGION) == [ERRORS]


def test_a_point_stays_small_under_any_traffic(clock: HandClock) -> None:
    metrics = Metrics(clock)
    for number in range(50_000):
        put(metrics, 1.0 + number / 50_000)
    point = metrics.periods(REGION, ERRORS, start_s=0, end_s=2e9, period_s=60)[1_800_000_000]
    assert point.count == 50_000
    assert len(point.values) <= EXACT_VALUES + 90, "values beyond are rounded to two digits"
    assert sum(point.values.values()) == 50_000, "and none is forgotten"


def test_old_points_make_room(clock: HandClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "POINTS_KEPT", 3)
    metrics = Metrics(clock)
    for _ in range(5):
        put(metrics, 1.0)
        clock.at_s += 60
    found = metrics.periods(REGION, ERRORS, start_s=0, end_s=2e9, period_s=60)
    assert min(found) == 1_800_000_120, "the oldest went first"
    assert len(found) == 3


def test_threads_lose_no_sample(clock: HandClock) -> None:
    metrics = Metrics(clock)

    def work() -> None:
        for _ in range(2_000):
            put(metrics, 1.0)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(10)
    found = metrics.periods(REGION, ERRORS, start_s=0, end_s=2e9, period_s=60)
    assert found[1_800_000_000].total == 8_000
