"""Work spread over processes: the same results in the same order for any number of workers."""

from __future__ import annotations

import os
import time
from itertools import islice

import pytest

from resilience.simulate.pool import WorkerGoneError, cores, in_order


def late_if_even(number: int) -> tuple[int, int]:
    time.sleep(0.05 if number % 2 == 0 else 0)
    return number, os.getpid()


def die(_: int) -> None:
    os._exit(9)


def test_results_come_in_the_tasks_order_from_any_number_of_workers() -> None:
    alone = [number for number, _ in in_order(late_if_even, range(7), workers=1)]
    done = list(in_order(late_if_even, range(7), workers=2))
    assert [number for number, _ in done] == alone == list(range(7))
    assert os.getpid() not in {pid for _, pid in done}, "two workers are processes of their own"


def test_a_reader_that_stops_early_leaves_no_process() -> None:
    results = in_order(late_if_even, range(100), workers=2)
    first = list(islice(results, 1))
    results.close()  # type: ignore[attr-defined]
    _, pid = first[0]
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_worker_that_dies_breaks_the_run_and_says_what_to_do() -> None:
    with pytest.raises(WorkerGoneError, match="Fewer workers"):
        list(in_order(die, range(4), workers=2))


def test_there_is_at_least_one_core() -> None:
    assert cores() >= 1
