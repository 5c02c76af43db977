"""A deployed function lives by the emulator's clock, and by its Region's fault of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from emulator.clock import Clock
from emulator.dataplane.worker_clock import WorkerClock

if TYPE_CHECKING:
    from emulator.faults import FaultBoard
    from tests.contract.dataplane.cloud import Cloud
    from tests.contract.dataplane.driver import Lambda

SPEED = 20.0
REGION = "us-east-1"
TELLS = """
    import datetime, threading, time
    from time import monotonic

    def handle(event, context):
        began, worked = monotonic(), time.perf_counter()
        time.sleep(event["sleep"])
        threading.Event().wait(event["wait"])
        return {
            "passed": monotonic() - began,
            "worked": time.perf_counter() - worked,
            "time": time.time(),
            "system": datetime.datetime.now(datetime.timezone.utc).timestamp(),
        }
"""


@pytest.fixture
def clock() -> Clock:
    return Clock(SPEED)


def test_a_functions_waits_and_times_run_at_the_emulators_speed(
    cloud: Cloud, functions: Lambda, clock: Clock
) -> None:
    cloud.function(TELLS, Timeout=60)
    before_s = clock.now_s()
    told = functions.answer({"sleep": 4.0, "wait": 0.0})
    assert before_s < told["time"] < clock.now_s(), "everybody's clock tells the same time"
    assert told["passed"] >= 4.0, "the function waited as long as it meant to"
    assert abs(told["passed"] / told["worked"] - SPEED) < 1, "in a twentieth of the real time"


def test_what_signs_and_judges_certificates_keeps_the_real_time(
    cloud: Cloud, functions: Lambda
) -> None:
    cloud.function(TELLS, Timeout=60)
    told = functions.answer({"sleep": 20.0, "wait": 0.0})
    assert told["time"] - told["system"] > 15, "datetime.now asks the system"


def test_a_regions_clock_is_wrong_while_its_fault_lasts(
    cloud: Cloud, functions: Lambda, clock: Clock, faults: FaultBoard
) -> None:
    cloud.function(TELLS, Timeout=60)

    def error_s() -> float:
        told = functions.answer({"sleep": 0.0, "wait": 0.0})
        return round((told["time"] - clock.now_s()) / 60) * 60.0

    assert error_s() == 0
    fault = faults.lose("clock_skew", REGION, by_s=600.0)
    other = faults.lose("clock_skew", "us-west-2", by_s=-3600.0)
    assert error_s() == 600, "ahead, in the same environment as before, and here alone"
    faults.restore(fault.id)
    faults.restore(other.id)
    assert error_s() == 0


def test_a_wait_with_a_timeout_ends_by_the_emulated_clock(cloud: Cloud, functions: Lambda) -> None:
    cloud.function(TELLS, Timeout=120)
    told = functions.answer({"sleep": 0.0, "wait": 60.0})
    assert told["worked"] < 10, "60 emulated seconds are three real ones"


def test_at_real_time_a_clock_changes_nothing() -> None:
    clock = WorkerClock(Clock().anchor)
    assert clock.real_timeout_s(0.2) == 0.2
    assert clock.real_timeout_s(30) == 30
    fast = WorkerClock(Clock(SPEED).anchor)
    assert (fast.real_timeout_s(0.2), fast.real_timeout_s(3)) == (0.2, 1.0), (
        "work has a real second at any speed, and no more than it asks for"
    )
