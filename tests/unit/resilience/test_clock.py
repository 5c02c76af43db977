"""Scenario time runs `speed` times as fast as the wall clock's."""

from __future__ import annotations

import asyncio
import time

import pytest

from resilience.clock import Clock


def test_ten_scenario_seconds_pass_in_one_at_speed_ten() -> None:
    clock, began_s = Clock(50), time.monotonic()
    asyncio.run(clock.sleep_until(10))
    assert clock.now_s() >= 10
    assert time.monotonic() - began_s < 2


def test_an_instant_of_the_wall_clock_is_placed_on_the_scenarios() -> None:
    clock = Clock(10)
    assert clock.at_unix_s(time.time()) == pytest.approx(clock.now_s(), abs=1)
    assert clock.at_unix_s(clock.started_at().timestamp() + 3) == pytest.approx(30)


def test_timeouts_keep_a_floor_of_real_time() -> None:
    assert Clock(1).timeout_s(2) == 2
    assert Clock(100).timeout_s(2) == 1


@pytest.mark.parametrize("speed", [0, -1, float("inf"), float("nan")])
def test_a_speed_that_is_none_is_refused_by_value(speed: float) -> None:
    with pytest.raises(ValueError, match=str(speed)):
        Clock(speed)
