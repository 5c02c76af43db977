"""Verdicts, and the bounds that physics sets."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resilience.objectives import (
    Objectives,
    Timing,
    detection_floor_s,
    judge,
    recovery_bounds,
    rto_warning,
)

STAGING = Objectives(rto_s=90, rpo_s=300, availability_ratio=0.5)
timings = st.builds(
    Timing,
    interval_s=st.sampled_from([10.0, 30.0]),
    failure_threshold=st.integers(1, 10),
    record_ttl_s=st.floats(0, 300),
)


def test_a_measurement_on_the_bound_meets_its_objective() -> None:
    verdicts = judge(STAGING, recovery_time_s=90, data_loss_window_s=300, availability_ratio=0.5)
    assert all(verdict.met for verdict in verdicts), "an objective is met at its bound"


@pytest.mark.parametrize(
    ("missed", "recovery", "loss", "availability"),
    [
        ("rto_s", 90.1, 0.0, 1.0),
        ("rpo_s", 1.0, 300.1, 1.0),
        ("availability", 1.0, 0.0, 0.49),
        ("rto_s", None, 0.0, 1.0),
        ("rpo_s", 1.0, None, 1.0),
        ("availability", 1.0, 0.0, None),
    ],
)
def test_each_objective_is_missed_by_its_own_measurement(
    missed: str, recovery: float | None, loss: float | None, availability: float | None
) -> None:
    verdicts = judge(
        STAGING,
        recovery_time_s=recovery,
        data_loss_window_s=loss,
        availability_ratio=availability,
    )
    assert [verdict.objective for verdict in verdicts if not verdict.met] == [missed]


def test_the_detection_floor_is_the_fourteenth_of_sixteen_checkers() -> None:
    timing = Timing(interval_s=10, failure_threshold=3, record_ttl_s=10)
    assert detection_floor_s(timing) == pytest.approx(28.125)
    by_hand = sorted(phase * 10 / 16 + 20 for phase in range(16))
    turned_when_unhealthy = math.ceil(0.82 * 16)
    assert detection_floor_s(timing) == by_hand[turned_when_unhealthy - 1]


def test_the_ceiling_of_staging_is_its_arithmetic() -> None:
    bounds = recovery_bounds(Timing(interval_s=10, failure_threshold=3, record_ttl_s=10))
    assert bounds.ceiling_s == 3 * 10 + 4 + 2 + 10


@given(timings, st.integers(1, 100))
def test_the_floor_is_below_the_ceiling(timing: Timing, checkers: int) -> None:
    floor_s = detection_floor_s(timing, checkers=checkers)
    assert 0 <= floor_s <= recovery_bounds(timing).ceiling_s


def test_settings_that_can_miss_the_rto_are_said_to() -> None:
    fine = Timing(interval_s=10, failure_threshold=3, record_ttl_s=10)
    tight = Timing(interval_s=30, failure_threshold=3, record_ttl_s=10)
    hopeless = Timing(interval_s=30, failure_threshold=10, record_ttl_s=10)
    assert rto_warning(STAGING, fine) is None
    assert "can miss the RTO of 90 s" in (rto_warning(STAGING, tight) or "")
    assert "cannot meet the RTO of 90 s" in (rto_warning(STAGING, hopeless) or "")
    assert "failureThreshold" in (rto_warning(STAGING, hopeless) or ""), "the way out is named"
