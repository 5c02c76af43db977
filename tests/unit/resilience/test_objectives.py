"""Verdicts, and the bounds that physics sets."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resilience.objectives import (
    HEALTHY_SHARE_RATIO,
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


@given(timings, st.lists(st.floats(0, 1, exclude_max=True), min_size=16, max_size=16))
def test_no_phases_of_sixteen_checkers_detect_below_the_floor(
    timing: Timing, phases: list[float]
) -> None:
    turned_s = sorted(
        (phase + timing.failure_threshold - 1) * timing.interval_s for phase in phases
    )
    enough = 16 - math.floor(HEALTHY_SHARE_RATIO * 16)
    assert turned_s[enough - 1] >= detection_floor_s(timing)


def test_the_detection_floor_is_reached_when_every_checker_looks_at_once() -> None:
    timing = Timing(interval_s=10, failure_threshold=3, record_ttl_s=10)
    assert detection_floor_s(timing) == 20, "at 0, 10 and 20 s: the third look is the last needed"


def test_the_ceiling_of_staging_is_its_arithmetic() -> None:
    bounds = recovery_bounds(Timing(interval_s=10, failure_threshold=3, record_ttl_s=10))
    assert bounds.ceiling_s == 3 * 10 + 4 + 2 + 10


@given(timings)
def test_the_floor_is_below_the_ceiling(timing: Timing) -> None:
    assert 0 <= detection_floor_s(timing) < recovery_bounds(timing).ceiling_s


def test_settings_that_can_miss_the_rto_are_said_to() -> None:
    fine = Timing(interval_s=10, failure_threshold=3, record_ttl_s=10)
    tight = Timing(interval_s=30, failure_threshold=3, record_ttl_s=10)
    hopeless = Timing(interval_s=30, failure_threshold=10, record_ttl_s=10)
    assert rto_warning(STAGING, fine) is None
    assert "can miss the RTO of 90 s" in (rto_warning(STAGING, tight) or "")
    assert "cannot meet the RTO of 90 s" in (rto_warning(STAGING, hopeless) or "")
    assert "failureThreshold" in (rto_warning(STAGING, hopeless) or ""), "the way out is named"
