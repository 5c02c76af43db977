"""The simulator reads no clock, network, file or shared chance; the same bytes everywhere."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from topologies import topology

import resilience.simulator
from resilience.simulator import draw, stack_of
from resilience.simulator.run import simulate

if TYPE_CHECKING:
    from types import ModuleType

POISONED: dict[ModuleType, tuple[str, ...]] = {
    time: ("time", "time_ns", "monotonic", "perf_counter", "sleep"),
    random: ("random", "randint", "randrange", "choice", "choices", "uniform", "gauss", "sample"),
    socket: ("socket", "create_connection", "getaddrinfo"),
    os: ("urandom", "getenv", "getpid"),
}

REPLAY = """
import sys
sys.path[:0] = [{tests!r}]
from topologies import topology
from resilience.simulator import draw, stack_of
from resilience.simulator.run import simulate
stack = stack_of(topology(3))
for seed in range({seeds}):
    print(repr(simulate(stack, draw(stack, seed))))
"""


def poison(patch: pytest.MonkeyPatch) -> None:
    for module, names in POISONED.items():
        for name in names:

            def touched(*_: object, called: str = f"{module.__name__}.{name}") -> object:
                raise AssertionError(f"the simulator touched {called}")

            patch.setattr(module, name, touched)


def test_it_runs_with_the_world_outside_poisoned(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        poison(patch)
        stack = stack_of(topology(2))
        outcomes = [simulate(stack, draw(stack, seed)) for seed in range(10)]
    assert len(outcomes) == 10


def test_the_poison_works(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        poison(patch)
        with pytest.raises(AssertionError, match=r"random\.random"):
            random.random()  # noqa: S311 - it is poisoned


def test_a_seed_gives_the_same_bytes_whatever_the_order_of_hashes() -> None:
    tests = str(Path(__file__).parents[1] / "resilience")
    script = REPLAY.format(tests=tests, seeds=6)
    root = Path(resilience.simulator.__file__).parents[2]
    printed = {
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=root,
            env={**os.environ, "PYTHONHASHSEED": order, "PYTHONPATH": str(root)},
            check=True,
            capture_output=True,
            timeout=60,
        ).stdout
        for order in ("0", "1")
    }
    assert len(printed) == 1
    assert printed.pop().count(b"Outcome(") == 6
