"""Statistics: exact order statistics, each with the seed of its scenario."""

from __future__ import annotations

import math
from random import Random

import pytest

from resilience.simulate.tally import ALL, NO_OUTAGE, Row, Tally, rank


def row(place: int = 0, recovery_s: float = NO_OUTAGE, **more: float) -> Row:
    return Row(
        place=place,
        recovery_s=recovery_s,
        parts_s=(1.0, 2.0, 3.0, 4.0, 5.0),
        loss_s=more.get("loss_s", 0.0),
        availability_ratio=more.get("availability_ratio", 1.0),
        events=10,
        violated=bool(more.get("violated", False)),
    )


def tally(*classes: str, judged: tuple[str, ...] = ()) -> Tally:
    return Tally(classes, frozenset(judged), lambda index: 5000 + index)


@pytest.mark.parametrize(
    ("share", "count", "place"),
    [(0.5, 1, 0), (0.5, 100, 49), (0.99, 100, 98), (0.99, 101, 99), (1.0, 7, 6), (0.95, 20, 18)],
)
def test_a_percentile_is_the_nearest_rank(share: float, count: int, place: int) -> None:
    assert rank(share, count) == place


def test_each_statistic_is_one_scenarios_own_and_names_its_seed() -> None:
    counted = tally("gone")
    values = list(range(100))
    Random(1).shuffle(values)  # noqa: S311 - orders numbers, guards nothing
    for index, value in enumerate(values):
        counted.add(index, row(recovery_s=float(value)))
    spread = counted.results()[0].recovery
    assert spread is not None
    for figure, value in ((spread.median, 49), (spread.p95, 94), (spread.p99, 98)):
        assert figure.value == value
        assert figure.seed == 5000 + values.index(value)
    assert spread.worst.value == 99


def test_the_lowest_availability_is_the_worst() -> None:
    counted = tally("gone")
    for index in range(100):
        counted.add(index, row(availability_ratio=1 - index / 100))
    availability = counted.results()[0].availability
    assert (availability.worst.value, availability.worst.seed) == (0.01, 5099)
    assert availability.median.value == 0.51


def test_a_recovery_that_never_came_is_the_worst_and_has_no_number() -> None:
    counted = tally("gone")
    for index, recovery_s in enumerate((30.0, math.inf, 40.0)):
        counted.add(index, row(recovery_s=recovery_s))
    result = counted.results()[0]
    assert result.recovery is not None
    assert (result.recovery.worst.value, result.recovery.worst.seed) == (None, 5001)
    assert (result.outages, result.never) == (3, 1)
    assert result.recovery.median.value == 40.0


def test_scenarios_without_an_outage_have_no_part_in_recovery_times() -> None:
    counted = tally("gone")
    counted.add(0, row())
    counted.add(1, row(recovery_s=70.0))
    result = counted.results()[0]
    assert result.recovery is not None
    assert (result.scenarios, result.outages, result.recovery.count) == (2, 1, 1)
    assert result.recovery.median.value == 70.0


def test_all_classes_together_come_last_and_empty_ones_not_at_all() -> None:
    counted = tally("gone", "slow", "cold", judged=("gone",))
    counted.add(0, row(0, 50.0, violated=True))
    counted.add(1, row(1))
    results = counted.results()
    assert [result.name for result in results] == ["gone", "slow", ALL]
    assert [result.judged for result in results] == [True, False, False]
    assert (results[-1].scenarios, results[-1].violated, results[-1].events) == (2, 1, 20)


def test_what_is_judged_is_only_the_judged_classes() -> None:
    counted = tally("gone", "slow", judged=("gone",))
    counted.add(0, row(0, 50.0))
    counted.add(1, row(1, 500.0))
    judged = counted.judged()
    assert judged is not None
    assert judged.recovery is not None
    assert judged.recovery.worst.value == 50.0
    assert tally("slow").judged() is None


def test_parts_are_of_recoveries_that_came() -> None:
    counted = tally("gone")
    counted.add(0, row(recovery_s=15.0))
    counted.add(1, row(recovery_s=math.inf))
    assert [part.median_s for part in counted.results()[0].parts] == [1, 2, 3, 4, 5]


def test_a_curve_reaches_the_last_outage_and_stays_below_one_if_some_never_ended() -> None:
    counted = tally("gone")
    for index in range(1000):
        counted.add(index, row(recovery_s=float(index) if index < 900 else math.inf))
    (curve,) = counted.curves()
    assert curve.ratios == sorted(curve.ratios)
    assert len(curve.seconds) < 400
    assert curve.ratios[-1] == pytest.approx(0.9)


def test_unavailable_time_is_the_mean_over_every_scenario() -> None:
    counted = tally("gone", "slow")
    counted.add(0, row(0, availability_ratio=0.9))
    counted.add(1, row(1))
    assert counted.unavailable_s(3600.0) == pytest.approx(180.0)
