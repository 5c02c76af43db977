"""Statistics over one period."""

from __future__ import annotations

import pytest

from emulator.watch.metrics import Aggregate
from emulator.watch.statistics import StatisticError, value


def aggregate(*values: float) -> Aggregate:
    found = Aggregate()
    for each in values:
        found.add(each)
    return found


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Sum", 10.0), ("Average", 2.5), ("Minimum", 1.0), ("Maximum", 4.0), ("SampleCount", 4.0)],
)
def test_basic_statistics(name: str, expected: float) -> None:
    assert value(name, aggregate(1, 2, 3, 4)) == expected


def test_a_percentile_is_the_value_that_so_many_samples_do_not_exceed() -> None:
    hundred = aggregate(*range(1, 101))
    assert value("p99", hundred) == 99
    assert value("p50", hundred) == 50
    assert value("p100", hundred) == 100


def test_bare_statistics_have_percentiles_only_if_all_of_one_value() -> None:
    apart, alike = Aggregate(), Aggregate()
    apart.add_statistics(10, 55, 1, 10)
    alike.add_statistics(10, 50, 5, 5)
    assert value("p99", apart) is None
    assert value("p99", alike) == 5


@pytest.mark.parametrize("name", ["tm99", "IQM", "p101", "Median"])
def test_other_statistics_are_refused_by_name(name: str) -> None:
    with pytest.raises(StatisticError, match=name):
        value(name, aggregate(1))
